/// Looks for prompts in the texts that a picture's file carries, and in the text file beside it.
package enum RecoveredPrompts {
    /// Everything that is found, the most telling first: a tool's record of how it made the picture before a mere caption.
    ///
    /// - Parameters:
    ///   - texts: as Pixels reads them: PNG's entries by keyword; `UserComment`, `ImageDescription`, `Software` and the like of EXIF.
    ///   - isPNG: how the places are called.
    ///   - sidecar: name and content of the text file beside the picture.
    package static func find(in texts: [String: String], isPNG: Bool, sidecar: (name: String, text: String)? = nil) -> [RecoveredPrompt] {
        var found: [RecoveredPrompt] = []
        let texts = Texts(texts, isPNG: isPNG)
        for read in [redraw, infoText, invokeAI, novelAI, drawThings, graph, entries] as [(Texts) -> RecoveredPrompt?] {
            if let prompt = read(texts), prompt.saysSomething, !found.contains(where: { $0.positive == prompt.positive }) {
                found.append(prompt)
            }
        }
        if let sidecar, let prompt = caption(sidecar.text, place: sidecar.name), prompt.saysSomething { found.append(prompt) }
        return found
    }

    /// Longest caption that is kept, in bytes.
    package static let longestCaption = 64 << 10

    /// What tools name a packet of XMP among a file's texts.
    package static let xmpKey = "XML:com.adobe.xmp"
    /// What a text out of the pixels' lowest bits is handed over as: the settings of one tool in the web UI's writing, or of NovelAI in JSON.
    package static let stealthKey = "lowest bits of the pixels"

    struct Texts {
        private var texts: [String: String]
        private let isPNG: Bool
        /// Where texts stand that are not in an entry of their own name.
        private var places: [String: String] = [:]

        init(_ texts: [String: String], isPNG: Bool) {
            (self.texts, self.isPNG) = (texts, isPNG)
            if let packet = texts[xmpKey].map({ XMPPacket($0) }) { take(packet) }
            if let hidden = texts[stealthKey] { take(hidden: hidden) }
        }

        /// An entry. Of several that a PNG has under one keyword, the first that has the marks of a prompt.
        subscript(key: String) -> String? {
            let all = [texts[key]] + (2..<10).map { texts["\(key) (\($0))"] }
            let found = all.compactMap { $0 }
            guard found.count > 1 else { return found.first }
            return found.first { InfoText($0).isUnmistakable || LenientJSON($0.trimmedOfBlanks)?.members.isEmpty == false } ?? found[0]
        }

        func place(_ key: String) -> String {
            if let place = places[key] { return place }
            if isPNG, key != "UserComment" { return "PNG entry \"\(key)\"" }
            return key == "UserComment" ? "EXIF comment" : key == "Comment" ? "JPEG comment" : "EXIF entry \"\(key)\""
        }

        /// Properties of XMP under the names of the entries that other files have for them; where a file has both, its own entry counts.
        private mutating func take(_ packet: XMPPacket) {
            for (property, key) in [
                ("UserComment", "UserComment"), ("description", "ImageDescription"), ("parameters", "parameters"), ("prompt", "prompt"),
                ("workflow", "workflow"), ("invokeai_metadata", "invokeai_metadata"),
            ] {
                guard texts[key] == nil, let found = packet[local: property] else { continue }
                texts[key] = found.text
                places[key] = "XMP \"\(found.name)\""
            }
        }

        private mutating func take(hidden: String) {
            let place = "the \(stealthKey)"
            guard let json = LenientJSON(hidden), !json.members.isEmpty else {
                if texts["parameters"] == nil { (texts["parameters"], places["parameters"]) = (hidden, place) }
                return
            }
            for (key, value) in json.members where texts[key] == nil {
                guard let text = value.string else { continue }
                (texts[key], places[key]) = (text, place)
            }
        }
    }

    /// Redraw's own request beside the text that other tools read.
    private static func redraw(_ texts: Texts) -> RecoveredPrompt? {
        guard let json = texts["redraw"].flatMap({ LenientJSON($0) }), let positive = json["prompt"]?.string else { return nil }
        var prompt = RecoveredPrompt(
            tool: .redraw, place: texts.place("redraw"), positive: positive, negative: json["negative"]?.string ?? "")
        prompt.model = json["model"]?.string
        prompt.take(width: json["width"]?.integer, height: json["height"]?.integer)
        (prompt.seed, prompt.steps) = (json["seed"]?.unsigned, json["steps"]?.integer)
        (prompt.sampler, prompt.guidance) = (json["sampler"]?.string, json["guidance"]?.double)
        if json["mode"]?.string != "paint" { prompt.strength = json["strength"]?.double }
        for key in ["mode", "profile"] { prompt.settings[key] = json[key]?.plain }
        return prompt
    }

    private static func infoText(_ texts: Texts) -> RecoveredPrompt? {
        if let text = texts["parameters"] {
            // Other tools use the same keyword for JSON.
            if let json = LenientJSON(text), !json.members.isEmpty { return object(json, place: texts.place("parameters")) }
            return tool(of: InfoText(text)).map { InfoText(text).prompt(tool: $0, place: texts.place("parameters")) }
        }
        for key in ["UserComment", "ImageDescription", "Comment"] {
            guard let text = texts[key] else { continue }
            // A camera's comment is no prompt: here the marks must be plain.
            let info = InfoText(text)
            if info.isUnmistakable, let tool = tool(of: info) { return info.prompt(tool: tool, place: texts.place(key)) }
            if key == "UserComment", let json = LenientJSON(text), let prompt = object(json, place: texts.place(key)) { return prompt }
        }
        return nil
    }

    private static func tool(of info: InfoText) -> RecoveredPrompt.Tool? {
        let version = info.settings.last { $0.key == "Version" }?.value
        return version == "Redraw" ? .redraw : .a1111
    }

    /// JSON with a prompt in it: Fooocus, SwarmUI, and whoever writes alike.
    private static func object(_ json: LenientJSON, place: String) -> RecoveredPrompt? {
        let swarm = json["sui_image_params"]
        let body = swarm ?? json
        guard let positive = body["prompt"]?.string else { return nil }
        let negative = body["negative_prompt"]?.string ?? body["negativeprompt"]?.string ?? ""
        let isFooocus = body["metadata_scheme"]?.string == "fooocus" || body["base_model"] != nil
        var prompt = RecoveredPrompt(
            tool: swarm != nil ? .swarmui : isFooocus ? .fooocus : .text, place: place, positive: positive, negative: negative)
        prompt.model = RecoveredPrompt.modelName(body["model"]?.string ?? body["base_model"]?.string)
        prompt.seed = body["seed"]?.unsigned
        prompt.steps = body["steps"]?.integer
        prompt.sampler = body["sampler"]?.string
        prompt.guidance = body["cfgscale"]?.double ?? body["guidance_scale"]?.double ?? body["cfg_scale"]?.double
        prompt.take(width: body["width"]?.integer, height: body["height"]?.integer)
        if prompt.width == nil, let text = body["resolution"]?.string {
            // "(1024, 1024)"
            let sides = text.split { !$0.isNumber }.compactMap { Int($0) }
            if sides.count == 2 { prompt.take(width: sides[0], height: sides[1]) }
        }
        let known: Set = [
            "prompt", "negative_prompt", "negativeprompt", "model", "base_model", "seed", "steps", "sampler", "cfgscale", "guidance_scale",
            "cfg_scale", "width", "height", "resolution",
        ]
        for (key, value) in body.members where !known.contains(key) { prompt.settings[key] = value.plain }
        return prompt
    }

    private static func drawThings(_ texts: Texts) -> RecoveredPrompt? {
        texts["UserComment"].flatMap { LenientJSON($0) }.flatMap { SmallTools.drawThings($0, place: texts.place("UserComment")) }
    }

    private static func invokeAI(_ texts: Texts) -> RecoveredPrompt? {
        if let line = texts["Dream"], let prompt = SmallTools.dream(line, place: texts.place("Dream")) { return prompt }
        for key in ["invokeai_metadata", "sd-metadata"] {
            guard let json = texts[key].flatMap({ LenientJSON($0) }) else { continue }
            let body = json["image"] ?? json
            let positive = body["positive_prompt"]?.string ?? body["prompt"]?.string ?? body["prompt"]?[0]?["prompt"]?.string ?? ""
            var prompt = RecoveredPrompt(
                tool: .invokeai, place: texts.place(key), positive: positive, negative: body["negative_prompt"]?.string ?? "")
            let model = json["model"] ?? json["model_weights"]
            prompt.model = RecoveredPrompt.modelName(model?["name"]?.string ?? model?["model_name"]?.string ?? model?.string)
            (prompt.seed, prompt.steps) = (body["seed"]?.unsigned, body["steps"]?.integer)
            prompt.sampler = body["scheduler"]?.string ?? body["sampler"]?.string
            (prompt.guidance, prompt.strength) = (body["cfg_scale"]?.double, body["strength"]?.double)
            prompt.take(width: body["width"]?.integer, height: body["height"]?.integer)
            return prompt
        }
        return nil
    }

    private static func novelAI(_ texts: Texts) -> RecoveredPrompt? {
        guard texts["Software"] == "NovelAI", let json = texts["Comment"].flatMap({ LenientJSON($0) }) else { return nil }
        var positive = texts["Description"] ?? json["prompt"]?.string ?? ""
        var negative = json["uc"]?.string ?? ""
        if let caption = json["v4_prompt"]?["caption"] { positive = described(caption) ?? positive }
        if let caption = json["v4_negative_prompt"]?["caption"] { negative = described(caption) ?? negative }
        var prompt = RecoveredPrompt(tool: .novelai, place: texts.place("Comment"), positive: positive, negative: negative)
        prompt.model = texts["Source"]
        (prompt.seed, prompt.steps) = (json["seed"]?.unsigned, json["steps"]?.integer)
        (prompt.sampler, prompt.guidance) = (json["sampler"]?.string, json["scale"]?.double)
        if json["request_type"]?.string == "Img2ImgRequest" { prompt.strength = json["strength"]?.double }
        prompt.take(width: json["width"]?.integer, height: json["height"]?.integer)
        return prompt
    }

    /// The scene, then its characters, as the fourth version keeps them apart.
    private static func described(_ caption: LenientJSON) -> String? {
        let characters = caption["char_captions"]?.elements.compactMap { $0["char_caption"]?.string } ?? []
        let parts = ([caption["base_caption"]?.string].compactMap { $0 } + characters).filter { !$0.isEmpty }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// ComfyUI's graph: the one it ran, else the one it drew. Into WebP it writes them as the camera's maker and model.
    private static func graph(_ texts: Texts) -> RecoveredPrompt? {
        for name in ["prompt", "workflow"] {
            var candidates = [(name, texts[name])]
            for key in ["Make", "Model", "ImageDescription"] {
                guard let text = texts[key], text.lowercased().hasPrefix(name + ":") else { continue }
                candidates.append((key, String(text.dropFirst(name.count + 1))))
            }
            for (key, text) in candidates {
                guard let text, let json = LenientJSON(text.trimmedOfBlanks), let graph = NodeGraph(json) else { continue }
                if let prompt = GraphPrompt(graph).prompt(place: texts.place(key)) { return prompt }
            }
        }
        return nil
    }

    /// Separate entries that say what they are, as Easy Diffusion writes them.
    private static func entries(_ texts: Texts) -> RecoveredPrompt? {
        guard let positive = texts["prompt"], LenientJSON(positive)?.members.isEmpty ?? true,
            texts["seed"] != nil || texts["negative_prompt"] != nil
        else { return nil }
        var prompt = RecoveredPrompt(
            tool: .text, place: texts.place("prompt"), positive: positive, negative: texts["negative_prompt"] ?? "")
        prompt.model = RecoveredPrompt.modelName(texts["use_stable_diffusion_model"] ?? texts["model"])
        prompt.seed = texts["seed"].flatMap { UInt64($0) }
        prompt.steps = (texts["num_inference_steps"] ?? texts["steps"]).flatMap { Int($0) }
        prompt.guidance = (texts["guidance_scale"] ?? texts["cfg_scale"]).flatMap { Double($0) }
        prompt.sampler = texts["sampler_name"] ?? texts["sampler"]
        prompt.take(width: texts["width"].flatMap { Int($0) }, height: texts["height"].flatMap { Int($0) })
        return prompt
    }

    /// A file beside the picture: a prompt with settings, or a caption as it stands.
    private static func caption(_ text: String, place: String) -> RecoveredPrompt? {
        guard text.utf8.count <= longestCaption else { return nil }
        let info = InfoText(text)
        if info.isUnmistakable, let tool = tool(of: info) { return info.prompt(tool: tool, place: place) }
        return RecoveredPrompt(tool: .text, place: place, positive: text)
    }
}
