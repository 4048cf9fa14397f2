import Diffusion

/// A sampler as other tools list it: what they call it, apart from the noise levels it is run with.
package struct SamplerChoice: Sendable, Equatable {
    /// "DPM++ 2M".
    package let title: String
    /// What wishes call it, with its usual noise levels.
    package let name: String
    /// With those of Karras; nil where it has none.
    package let karras: String?
}

extension Studio {
    /// Every sampler once, whatever its noise levels.
    package static var samplerChoices: [SamplerChoice] {
        SamplerName.allCases.filter { !$0.title.hasSuffix(karrasEnding) }.map { sampler in
            let karras = SamplerName.allCases.first { $0.title == sampler.title + karrasEnding }
            return SamplerChoice(title: sampler.title, name: sampler.rawValue, karras: karras?.rawValue)
        }
    }

    private static let karrasEnding = " Karras"

    /// Kinds of noise levels that other tools may ask for: these are told apart.
    package static let schedules = ["Automatic", "Uniform", "Karras"]

    /// Redraw's name of a sampler that is called by it or as the web UI calls it, "DPM++ 2M Karras". What is no sampler's name comes back as it
    /// is, for the rules to refuse.
    package static func samplerName(_ name: String) -> String { called(name)?.rawValue ?? name }

    private static func called(_ name: String) -> SamplerName? {
        let wanted = plain(name)
        return SamplerName.allCases.first { [plain($0.title), plain($0.rawValue), "k" + plain($0.title)].contains(wanted) }
    }

    private static func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "+" } }

    /// The sampler that another tool's words mean, for a wish.
    ///
    /// - Parameters:
    ///   - name: "DPM++ 2M Karras", "DPM++ 2M" or a name of Redraw's own.
    ///   - schedule: the noise levels, where the tool tells them apart; nil and "automatic" mean what the web UI means with them.
    /// - Throws: `OrderError.unknown`, naming what there is.
    package func sampler(called name: String, schedule: String?) throws(OrderError) -> String {
        guard let found = Self.called(name) else { throw .unknown(what: "sampler", value: name, known: SamplerName.allCases.map(\.title)) }
        switch Self.plain(schedule ?? "automatic") {
        case "automatic":
            // Named alone, these two have had Karras' noise levels since the web UI lists the levels apart.
            if let schedule, !schedule.isEmpty, [.dpmpp2M, .dpmpp2MSDE].contains(found) {
                return SamplerName.allCases.first { $0.title == found.title + Self.karrasEnding }?.rawValue ?? found.rawValue
            }
            return found.rawValue
        case "uniform", "normal": return found.rawValue
        case "karras":
            if found.title.hasSuffix(Self.karrasEnding) { return found.rawValue }
            guard let karras = SamplerName.allCases.first(where: { $0.title == found.title + Self.karrasEnding }) else {
                throw .unknown(
                    what: "sampler", value: "\(name) with Karras' noise levels",
                    known: SamplerName.allCases.filter { $0.title.hasSuffix(Self.karrasEnding) }.map(\.title))
            }
            return karras.rawValue
        default: throw .unknown(what: "scheduler", value: schedule ?? "", known: Self.schedules)
        }
    }
}
