/// What a person set for good, and which presets there are.
package struct SettingsReport: Encodable, Sendable {
    /// A setting's value and who set it.
    package struct Entry: Encodable, Sendable {
        package let value: String
        /// The variable's name, or the file and its line.
        package let source: String
    }

    /// The configuration file, whether it is there or not.
    package let path: String
    /// By the settings' names; those of which nobody says anything are left out.
    package let settings: [String: Entry]
    /// The file's, then the library's.
    package let presets: [NamedPreset]
}

extension Studio {
    package func settingsReport() throws -> SettingsReport {
        let held = Setting.all.filter { $0.use != .presets }.compactMap { setting in
            settings.held(setting.name).map { (setting.name, SettingsReport.Entry(value: $0.value.text, source: $0.source)) }
        }
        return SettingsReport(path: settings.path, settings: Dictionary(uniqueKeysWithValues: held), presets: try allPresets())
    }
}
