import Checkpoints
import Diffusion
import Foundation

/// LoRAs as a text of settings names them by hash, which stays what it is however a file is called.
///
/// Sources: the web UI's `Lora hashes: "one: 0a1b…, two: 2c3d…"`, collections' `Hashes: {"lora:one": "0A1B…"}`, and Additional Networks'
/// `AddNet Model 1: one(0a1b…)` with `AddNet Weight A 1` (UNet) and `B` (text encoder).
struct HashedAdapters {
    /// In lower case, by the name that the text has.
    private(set) var hashes: [String: String] = [:]
    /// Tags for those that are not called in the prompt.
    private(set) var tags: [String] = []
    /// Settings that were read here.
    private(set) var heeded: Set<String> = []

    /// Digits from which on two files are hardly of one hash.
    private static let fewestDigits = 8

    init(_ settings: [String: String]) {
        for entry in (settings["Lora hashes"] ?? "").split(separator: ",") {
            guard let colon = entry.lastIndex(of: ":") else { continue }
            take(entry[..<colon], hash: entry[entry.index(after: colon)...])
        }
        if let told = settings["Hashes"], let all = try? JSONDecoder().decode([String: String].self, from: Data(told.utf8)) {
            heeded.insert("Hashes")
            for (name, hash) in all where name.lowercased().hasPrefix("lora:") { take(name.dropFirst("lora:".count), hash: hash[...]) }
        }
        for number in 1...Self.mostNetworks { takeNetwork(number, settings) }
    }

    private static let mostNetworks = 5

    private mutating func take(_ name: Substring, hash: Substring) {
        let hash = hash.trimmingCharacters(in: .whitespaces).lowercased()
        guard hash.count >= Self.fewestDigits, hash.allSatisfy(\.isHexDigit) else { return }
        hashes[name.trimmingCharacters(in: .whitespaces)] = hash
    }

    private mutating func takeNetwork(_ number: Int, _ settings: [String: String]) {
        guard let told = settings["AddNet Model \(number)"], let open = told.lastIndex(of: "("), told.hasSuffix(")") else { return }
        let name = told[..<open].trimmingCharacters(in: .whitespaces)
        take(name[...], hash: told[told.index(after: open)...].dropLast())
        func weight(_ part: String) -> String {
            settings["AddNet Weight \(part) \(number)"].flatMap { Double($0) == nil ? nil : $0 } ?? "1"
        }
        tags.append("<lora:\(name):\(weight("B")):\(weight("A"))>")
        heeded.formUnion(["AddNet Enabled"] + ["Module", "Model", "Weight A", "Weight B"].map { "AddNet \($0) \(number)" })
    }

    /// Whether a file's digests, or what trainers wrote into it, are what a text says.
    static func agree(_ hash: String, with digests: [String?]) -> Bool {
        digests.contains { digest in
            guard let digest = digest?.lowercased(), digest.count >= fewestDigits else { return false }
            return digest.hasPrefix(hash) || hash.hasPrefix(digest)
        }
    }
}

extension Studio {
    /// A prompt with the names that its LoRAs have here, where the text it is from knows them by hash.
    ///
    /// - Parameter model: beside which LoRAs are looked for, too.
    /// - Returns: the prompt, and what is told of it.
    func calledAsHere(_ prompt: String, _ adapters: HashedAdapters, model: String?) -> (prompt: String, notes: [String]) {
        let tags = PromptTags(prompt).adaptations
        guard !tags.isEmpty, !adapters.hashes.isEmpty else { return (prompt, []) }
        let place = model.flatMap { try? premises.generator($0).place }
        let folders = (place.map { [$0, $0.deletingLastPathComponent()] } ?? []) + [installation.personalModels]
        let there = Set(CalledFiles.loras(in: folders))
        var known: KnownAdapters?
        var (names, notes) = ([String: String](), [String]())
        var seen: Set<String> = []
        for tag in tags where seen.insert(tag.name).inserted {
            guard let hash = adapters.hashes[tag.name], !there.contains(tag.name),
                CalledFiles.lora(named: tag.name, in: folders) == nil
            else { continue }
            var files = known ?? KnownAdapters(CalledFiles.loraFiles(in: folders), DigestCache(folder: installation.cache))
            if let found = files.name(ofHash: hash) {
                names[tag.name] = found
                notes.append("the LoRA \(tag.name) is called \(found) here; it was found by its hash")
            } else {
                notes.append("the LoRA \(tag.name) is not here, neither by its name nor by its hash \(hash)")
            }
            known = files
        }
        if let unread = known?.unread, unread > 0 {
            notes.append("\(unread) of your LoRAs are too large together to be looked at at once; asked again, more will be")
        }
        return (names.isEmpty ? prompt : PromptTags.renamed(prompt, names), notes)
    }
}

/// A person's LoRAs by what trainers wrote into them and by their digests, each looked at once.
private struct KnownAdapters {
    /// Bytes that are read for digests which were never made, at one text.
    private static let mostRead = 4 << 30

    private let files: [(name: String, url: URL)]
    private let cache: DigestCache
    /// Of each file.
    private var hashes: [[String?]]
    /// Files without digests that were made before, as numbers, the next one last.
    private var waiting: [Int] = []
    private var left = Self.mostRead
    /// How many files were not looked at.
    private(set) var unread = 0

    init(_ files: [(name: String, url: URL)], _ cache: DigestCache) {
        (self.files, self.cache) = (files, cache)
        hashes = files.map { file in
            guard let metadata = try? SafetensorsFile(file.url).metadata else { return [] }
            return [metadata["sshs_model_hash"], metadata["sshs_legacy_hash"]]
        }
        for (number, kept) in cache.kept(of: files.map(\.url)).enumerated() {
            if let kept { take(kept, of: number) } else { waiting.append(number) }
        }
        waiting.reverse()
    }

    private mutating func take(_ digests: IdentityReport.Digests, of number: Int) {
        hashes[number] += [digests.sha256, digests.short, digests.autoV3]
    }

    mutating func name(ofHash hash: String) -> String? {
        if let number = hashes.firstIndex(where: { HashedAdapters.agree(hash, with: $0) }) { return files[number].name }
        while let number = waiting.last {
            left -= (try? files[number].url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
            guard left >= 0 else {
                unread = waiting.count
                return nil
            }
            waiting.removeLast()
            guard let digests = cache.digests(of: files[number].url) else { continue }
            take(digests, of: number)
            if HashedAdapters.agree(hash, with: hashes[number]) { return files[number].name }
        }
        return nil
    }
}
