import Diffusion
import Engines
import Foundation
import Pixels
import Screening

/// A preset of the person's own, taken as a style.
struct NamedStyle: Sendable {
    let style: StyleSheet.Style
    /// All else that it says.
    let settings: GenerationWish

    init(_ preset: PresetReport) {
        var settings = preset.wish.settings
        style = .init(name: preset.name, prompt: settings.prompt ?? "", negative: settings.negative ?? "")
        (settings.prompt, settings.negative, settings.styles) = (nil, nil, nil)
        self.settings = settings
    }
}

extension Studio {
    /// The presets that are meant, in that order.
    ///
    /// - Throws: ``StudioError/noSuchPreset(_:)``.
    func styles(_ names: [String]) throws -> [NamedStyle] {
        guard !names.isEmpty else { return [] }
        let known = try presets()
        return try names.map { name in
            guard let preset = known.named(name) else { throw StudioError.noSuchPreset(name, known: known.map(\.name), isStyle: true) }
            return NamedStyle(try preset.readable())
        }
    }

    /// The person's presets as styles: those that say something of the prompts.
    ///
    /// - Parameter onDamage: told of each that cannot be read, with the remedy; it is passed over.
    package func styles(onDamage: (String) throws -> Void) throws -> StyleSheet {
        StyleSheet(
            try presets().compactMap { preset in
                do {
                    let style = NamedStyle(try preset.readable()).style
                    return style.prompt.isEmpty && style.negative.isEmpty ? nil : style
                } catch {
                    try onDamage("\(error)")
                    return nil
                }
            })
    }

    /// The same, whole.
    ///
    /// - Throws: ``StudioError/damagedPreset(_:reason:)`` for the first that cannot be read.
    package func styles() throws -> StyleSheet {
        StyleSheet(
            try presets().map { NamedStyle(try $0.readable()).style }.filter { !$0.prompt.isEmpty || !$0.negative.isEmpty })
    }

    /// Takes a table of styles in, each as a preset.
    ///
    /// - Parameter replacing: whether one takes the place of another of that name.
    /// - Throws: ``TransferError`` where the file is none that can be read.
    package func importStyles(from file: URL, replacing: Bool) throws -> StylesReport {
        let sheet: StyleSheet
        do {
            guard let text = String(validating: try FileBytes.read(file), as: UTF8.self) else {
                throw TransferError.notAnExport(path: file.path, reason: "it is no text in UTF-8")
            }
            sheet = try StyleSheet(text)
        } catch let problem as StyleSheet.Problem {
            throw TransferError.notAnExport(path: file.path, reason: "\(problem)")
        } catch let error as ImageError {
            throw ImageError.inFile(path: file.path, error)
        }
        let known = try presets()
        var (added, replaced, kept) = ([String](), [String](), [String]())
        for style in sheet.styles {
            let standing = known.named(style.name).map(NamedStyle.init)
            if standing?.style.prompt == style.prompt, standing?.style.negative == style.negative { continue }
            guard replacing || standing == nil else {
                kept.append(style.name)
                continue
            }
            var wish = LibraryWish()
            // What a preset says besides its words stays.
            if let standing { wish.settings = standing.settings }
            wish.settings.prompt = style.prompt.isEmpty ? nil : style.prompt
            wish.settings.negative = style.negative.isEmpty ? nil : style.negative
            try keep(preset: style.name, wish, replacing: true)
            if standing == nil { added.append(style.name) } else { replaced.append(style.name) }
        }
        return StylesReport(added: added, replaced: replaced, kept: kept)
    }

    /// Writes the person's styles as a table that the web UI reads, whole or not at all.
    ///
    /// - Returns: how many there are.
    package func exportStyles(to file: URL, overwriting: Bool) throws -> Int {
        let sheet = try styles()
        do {
            try FileBytes.write(Array(sheet.text.utf8), to: file, replacing: overwriting)
        } catch {
            throw error.cause == .exists
                ? TransferError.exists(path: file.path) : TransferError.unwritable(path: file.path, reason: error.cause.description)
        }
        return sheet.styles.count
    }

    /// As ``order(_:)``, with an order for each picture where every seed says other words.
    package func orders(_ wish: GenerationWish) async throws -> [GenerationOrder] {
        let first = try await order(wish)
        guard first.request.count > 1, first.request.wording?.isChosen == true else { return [first] }
        var orders: [GenerationOrder] = []
        for number in 0..<first.request.count {
            var single = wish
            single.count = 1
            single.seed = first.seed &+ UInt64(number * first.request.drafts)
            // A seed that is given tries no drafts by itself; those that were to be tried are.
            if first.request.drafts > 1 { single.drafts = first.request.drafts }
            if number > 0 {
                if case .file(let file) = first.place { single.output = file.numbered(number + 1).path }
                single.preview = first.preview?.numbered(number + 1).path
                single.latent = first.latent?.numbered(number + 1).path
            }
            orders.append(try await order(single))
        }
        return orders
    }
}

extension GenerationWish {
    /// Takes over what another wish says and this one does not.
    mutating func fill(from other: GenerationWish) {
        func object(_ wish: GenerationWish) -> [String: Any] {
            let data = try? WishCoding.encoder().encode(wish)
            return data.flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] } ?? [:]
        }
        var other = other
        // How an empty negative prompt is read is said with it.
        if negative != nil { other.readsEmptyNegative = nil }
        // The keys are those of the wish itself: no field that comes later is forgotten.
        let merged = object(other).merging(object(self)) { _, own in own }
        guard let data = try? JSONSerialization.data(withJSONObject: merged),
            var filled = try? WishCoding.decoder().decode(GenerationWish.self, from: data)
        else { preconditionFailure("a wish is JSON") }
        (filled.seed, self) = (seed ?? other.seed, filled)
    }
}

extension GenerationRequest {
    /// What a person should know of the words that are used.
    var wordingNotes: [String] {
        guard let wording else { return [] }
        var notes: [String] = []
        if !wording.styles.isEmpty {
            notes.append("\(wording.styles.count == 1 ? "style" : "styles"): \(wording.styles.joined(separator: ", "))")
        }
        notes.append("the prompt is now: \(prompt)")
        if negative != wording.negative { notes.append("the negative prompt is now: \(negative)") }
        return notes
    }
}
