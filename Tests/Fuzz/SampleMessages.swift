import Foundation
import Pixels
import TestSupport

/// What pages and clients ask, and what servers that speak `/sdapi/v1`, and hubs, answer.
enum SampleMessages {
    /// `txt2img-refused.http` is an answer for `txt2img`.
    static func name(of sample: URL) -> String {
        String(sample.deletingPathExtension().lastPathComponent.prefix { $0 != "_" })
    }

    /// A small picture as a PNG, and a mask of its size.
    static func picture() throws -> (picture: [UInt8], mask: [UInt8]) {
        let picture = Image(width: 64, height: 48, filledWith: [200, 100, 50])
        let mask = (0..<64 * 48).map { (16..<48).contains($0 % 64) && (12..<36).contains($0 / 64) ? UInt8(255) : 0 }
        return (try ImageFile.encodePNG(picture), try ImageFile.encodePNG(Image(width: 64, height: 48, channels: 1, bytes: mask)))
    }

    /// A folder of data with the vocabularies and the models' manifests alone.
    static func installation(_ made: URL) throws -> URL {
        let (folder, files) = (made.appendingPathComponent("data"), FileManager.default)
        guard !files.fileExists(atPath: folder.path) else { return folder }
        let models = folder.appendingPathComponent("Models")
        try files.createDirectory(at: models, withIntermediateDirectories: true)
        for (link, place) in [("Vocab", "Vocab"), ("Page", "Sources/StudioWeb/Page")] {
            try files.createSymbolicLink(
                at: folder.appendingPathComponent(link), withDestinationURL: checkout.appendingPathComponent(place))
        }
        for name in try files.contentsOfDirectory(atPath: checkout.appendingPathComponent("Models").path) {
            let manifest = checkout.appendingPathComponent("Models/\(name)/manifest.json")
            guard files.fileExists(atPath: manifest.path) else { continue }
            try files.createDirectory(at: models.appendingPathComponent(name), withIntermediateDirectories: true)
            try files.copyItem(at: manifest, to: models.appendingPathComponent("\(name)/manifest.json"))
        }
        return folder
    }

    // MARK: Requests

    /// The method and the address on a line, the body behind it. Pictures 1 to 3 have an analysis, 4 has a file.
    static func requests(_ made: URL) throws -> [URL] {
        let (picture, mask) = try picture()
        let (sent, masked) = (Data(picture).base64EncodedString(), Data(mask).base64EncodedString())
        var messages = texts(sent, masked).mapValues { Array($0.utf8) }
        messages["picture.png"] = Array("POST /api/v1/pictures\n".utf8) + picture
        messages["mask.png"] = Array("POST /api/v1/masks\n".utf8) + mask
        return try WrittenSamples.write(messages, "requests", made)
    }

    private static func texts(_ picture: String, _ mask: String) -> [String: String] {
        [
            "plan.json": """
            POST /api/v1/plan
            {"mode": "paint", "prompt": "a (cat:1.2), [dog:fox:0.5] {red|blue}", "negative": "blurry", "steps": 20, "guidance": 7.5,
             "seed": 18446744073709551615, "size": "512x384", "sampler": "dpmpp-2m-karras", "count": 4, "model": "redraw-small", "drafts": 2}
            """,
            "repaint.json": """
            POST /api/v1/plan
            {"picture": 4, "mask": "MASK", "prompt": "a hat", "strength": 0.9, "grow": 12, "feather": 8, "fill": "noise", "area": "masked",
             "padding": 32, "invert": false, "variationSeed": 3, "variationStrength": 0.25, "clipSkip": 2}
            """,
            "job.json": #"POST /api/v1/jobs\#n{"picture": 4, "prompt": "a cat", "strengths": [0.2, 0.4, 0.6], "size": "512x384"}"#,
            "sheet.json": """
            POST /api/v1/sheets
            {"wish": {"picture": 4, "prompt": "a cup", "seed": 7}, "x": "strength", "columns": [0.3, 0.7, "0.9"], "y": "steps", "rows": [2, 3]}
            """,
            "infotext.json":
                #"POST /api/v1/infotext\#n{"text": "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"}"#,
            "preset.json": #"PUT /api/v1/presets/ink%20drawing?replace=true\#n{"wish": {"prompt": "ink", "steps": 30, "guidance": 6}}"#,
            "decisions.json": """
            POST /api/v1/pictures/1/decisions
            {"changes": [{"action": "approve", "tag": "cat"}, {"action": "weigh", "tag": "sofa", "weight": 1.3},
             {"action": "add", "tag": "red", "facet": "colour"}, {"action": "edit", "tag": "photo", "text": "a photo"}]}
            """,
            "above.json": #"POST /api/v1/pictures/2/decisions\#n{"approveAbove": 0.75}"#,
            "prompt.json": #"PUT /api/v1/pictures/3/prompt\#n{"positive": "a cat, red", "negative": "blurry"}"#,
            "analyze.json": #"POST /api/v1/pictures/4/analyze\#n{"vocabulary": "redraw"}"#,
            "enlarge.json": #"POST /api/v1/pictures/4/enlarge\#n{"left": 40, "bottom": 16}"#,
            "move.json": #"POST /api/v1/jobs/1/move\#n{"before": 2}"#,
            "mark.json": #"PATCH /api/v1/generations/1\#n{"stars": 4, "kept": true}"#,
            "list.json": "GET /api/v1/pictures?query=cat%20sofa&state=approved&order=newest&tag=red&stars=3&offset=0&limit=20\n",
            "history.json": "GET /api/v1/history?picture=1&limit=20\n",
            "compose.json": "GET /api/v1/pictures/1/compose?model=sdxl\n",
            "txt2img.json": """
            POST /sdapi/v1/txt2img
            {"prompt": "a cat <lora:a:1>", "negative_prompt": "", "seed": 7, "subseed": -1, "subseed_strength": 0.2, "sampler_name": "DPM++ 2M",
             "scheduler": "Karras", "steps": 20, "cfg_scale": 7.5, "width": 512, "height": 512, "batch_size": 2, "n_iter": 2, "styles": [],
             "override_settings": {"sd_model_checkpoint": "sdxl", "CLIP_stop_at_last_layers": 2}, "alwayson_scripts": {}, "eta": null}
            """,
            "img2img.json": """
            POST /sdapi/v1/img2img
            {"init_images": ["\(picture)"], "mask": "data:image/png;base64,\(mask)", "prompt": "a hat", "denoising_strength": 0.6, "seed": -1,
             "mask_blur": 4, "inpainting_fill": 1, "inpaint_full_res": true, "inpaint_full_res_padding": 32, "inpainting_mask_invert": 0,
             "resize_mode": 1, "include_init_images": false, "send_images": true}
            """,
            "png-info.json": #"POST /sdapi/v1/png-info\#n{"image": "data:image/png;base64,\#(picture)"}"#,
            "options.json": #"POST /sdapi/v1/options\#n{"sd_model_checkpoint": "sdxl", "CLIP_stop_at_last_layers": 1}"#,
        ]
    }

    // MARK: Answers

    private static func http(_ body: String, _ status: String = "200 OK", _ fields: String = "") -> [UInt8] {
        Array("HTTP/1.1 \(status)\r\n\(fields)Connection: close\r\n\r\n\(body)".utf8)
    }

    private static let models = #"""
        [{"title": "first-model.safetensors [12345678]", "model_name": "first-model", "hash": "12345678",
          "sha256": "\#(String(repeating: "ab", count: 32))", "filename": "/models/first", "config": null},
         {"title": "xl.safetensors", "model_name": null}]
        """#
    private static let samplers =
        #"[{"name": "Euler", "aliases": ["k_euler"], "options": {}}, {"name": "DPM++ 2M", "aliases": ["k_dpmpp_2m"]}]"#
    private static let schedulers =
        #"[{"name": "automatic", "label": "Automatic"}, {"name": "karras", "label": "Karras", "aliases": null}]"#
    private static let options = #"{"sd_model_checkpoint": "first-model.safetensors [12345678]", "CLIP_stop_at_last_layers": 1}"#
    private static let rest = #"{"progress": 0.0, "eta_relative": 0.0, "state": {"job_count": 0}, "current_image": null}"#
    private static let pictures: String = {
        let made = (try? picture().picture) ?? []
        let info = #"{\"seed\": 770, \"all_seeds\": [770], \"infotexts\": [\"a hat\"]}"#
        return #"{"images": ["\#(Data(made).base64EncodedString())"], "parameters": {}, "info": "\#(info)"}"#
    }()

    /// What a sound server answers.
    static let sound = [
        "sd-models": http(models), "samplers": http(samplers), "schedulers": http(schedulers), "options": http(options),
        "progress": http(rest), "txt2img": http(pictures), "interrupt": http("{}"),
    ]

    static func answers(_ made: URL) throws -> [URL] {
        var messages: [String: [UInt8]] = [:]
        for (name, bytes) in sound where name != "interrupt" { messages[name + ".http"] = bytes }
        messages["txt2img_refused.http"] = http(
            #"{"detail": [{"loc": ["body", "steps", 0], "msg": "value is not a valid integer", "type": "type_error"}]}"#,
            "422 Unprocessable Entity")
        messages["txt2img_failed.http"] = http(
            #"{"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory\nTried to allocate"}"#,
            "500 Internal Server Error")
        messages["sd-models_elsewhere.http"] = http(
            "", "302 Found", "Location: https://name:word@gpu.example/sdapi/v1/sd-models?token=x\r\n")
        messages["options_page.http"] = http("<html><body>Log in</body></html>")
        messages["samplers_object.http"] = http(#"{"error": {"message": "not so"}}"#, "400 Bad Request")
        return try WrittenSamples.write(messages, "answers", made)
    }

    static func downloads(_ made: URL) throws -> [URL] {
        let file = String(repeating: "0123456789", count: 40)
        return try WrittenSamples.write(
            [
                "whole.http": http(file, "200 OK", "Content-Length: 400\r\nETag: \"mark\"\r\nAccept-Ranges: bytes\r\n"),
                "rest.http": http(
                    file, "206 Partial Content", "Content-Length: 400\r\nContent-Range: bytes 5-404/405\r\nETag: \"mark\"\r\n"),
                "plain.http": http(file),
                "busy.http": http("{}", "429 Too Many Requests", "Retry-After: 31536000\r\n"),
                "other.http": http("", "416 Range Not Satisfiable", "Content-Range: bytes */12\r\n"),
                "gone.http": http(#"{"error": "Entry not found"}"#, "404 Not Found"),
            ], "downloads", made)
    }
}
