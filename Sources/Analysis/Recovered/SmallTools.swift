/// Ways of writing that single tools have: InvokeAI's command line, Draw Things.
enum SmallTools {
    /// InvokeAI's first releases: `"a cat [ugly, blurry]" -s 50 -S 3629 -W 512 -H 512 -C 7.5 -A k_lms`; what stands in square brackets is
    /// the negative prompt.
    static func dream(_ text: String, place: String) -> RecoveredPrompt? {
        var rest = text.drop { $0.isWhitespace }
        guard rest.first == "\"" else { return nil }
        rest = rest.dropFirst()
        // The quotation mark behind which options follow, or nothing.
        guard let end = rest.ranges(of: "\" -").last?.lowerBound ?? rest.lastIndex(of: "\"") else { return nil }
        var (positive, negative): (String, [String]) = ("", [])
        var prompt = rest[..<end]
        while let open = prompt.firstIndex(of: "["), let close = prompt[open...].firstIndex(of: "]") {
            positive += prompt[..<open]
            negative.append(prompt[prompt.index(after: open)..<close].trimmedOfBlanks)
            prompt = prompt[prompt.index(after: close)...]
        }
        positive += prompt
        var recovered = RecoveredPrompt(
            tool: .invokeai, place: place, positive: positive, negative: negative.joined(separator: ", "))
        var (width, height): (Int?, Int?)
        let words = rest[end...].dropFirst().split(separator: " ").map(String.init)
        for (option, value) in zip(words, words.dropFirst()) {
            switch option {
            case "-s": recovered.steps = Int(value)
            case "-S": recovered.seed = UInt64(value)
            case "-W": width = Int(value)
            case "-H": height = Int(value)
            case "-C": recovered.guidance = Double(value).flatMap { $0.isFinite ? $0 : nil }
            case "-A": recovered.sampler = value
            case "-f": recovered.strength = Double(value).flatMap { $0.isFinite ? $0 : nil }
            default: break
            }
        }
        recovered.take(width: width, height: height)
        return recovered
    }

    /// `{"c": prompt, "uc": negative prompt, "seed", "steps", "scale", "sampler", "size": "512x512", "model", "strength"}`
    static func drawThings(_ json: LenientJSON, place: String) -> RecoveredPrompt? {
        guard let positive = json["c"]?.string, json["uc"] != nil || json["sampler"] != nil else { return nil }
        var recovered = RecoveredPrompt(tool: .drawThings, place: place, positive: positive, negative: json["uc"]?.string ?? "")
        recovered.model = RecoveredPrompt.modelName(json["model"]?.string)
        (recovered.seed, recovered.steps) = (json["seed"]?.unsigned, json["steps"]?.integer)
        (recovered.sampler, recovered.guidance) = (json["sampler"]?.string, json["scale"]?.double)
        if let strength = json["strength"]?.double, strength < 1 { recovered.strength = strength }
        let sides = (json["size"]?.string ?? "").split(separator: "x").map { Int($0) }
        if sides.count == 2 { recovered.take(width: sides[0], height: sides[1]) }
        let known: Set = ["c", "uc", "model", "seed", "steps", "sampler", "scale", "size", "strength"]
        for (key, value) in json.members where !known.contains(key) { recovered.settings[key] = value.plain }
        return recovered
    }
}
