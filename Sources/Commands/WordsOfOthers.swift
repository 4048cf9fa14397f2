/// What A1111, ComfyUI and diffusers call what has another name here: whoever comes from there is told this one.
enum WordsOfOthers {
    /// What does here what a command, a mode or an address of an API does there.
    static let commands = [
        "img2img": "generate", "image2image": "generate", "i2i": "generate",
        "txt2img": "paint", "text2img": "paint", "text2image": "paint", "t2i": "paint",
        "inpaint": "repaint", "inpainting": "repaint",
        "interrogate": "analyze", "tagger": "analyze", "caption": "captions",
        "xyz": "sheet", "grid": "sheet", "pnginfo": "info", "png-info": "info", "webui": "serve",
    ]

    /// The option that says the same here, with its value where it is written otherwise.
    private static let options = [
        "denoise": "strength", "denoising": "strength", "denoising-strength": "strength",
        "cfg": "guidance", "cfg-scale": "guidance", "guidance-scale": "guidance",
        "negative-prompt": "negative",
        "width": "size WxH", "height": "size WxH",
        "batch-size": "count", "batch-count": "count", "n-iter": "count",
        "sampler-name": "sampler", "sampling-method": "sampler", "scheduler": "sampler",
        "sampling-steps": "steps", "num-inference-steps": "steps",
        "subseed": "variation-seed", "subseed-strength": "variation-strength",
        "mask-blur": "feather", "masked-content": "fill", "inpainting-fill": "fill",
        "only-masked": "area masked", "inpaint-full-res": "area masked", "inpaint-full-res-padding": "padding",
        "inpainting-mask-invert": "invert",
        "ckpt": "model", "checkpoint": "model", "resize-mode": "resize", "output-dir": "output",
    ]

    /// - Parameters:
    ///   - name: an option as it is called elsewhere, without its hyphens in front.
    ///   - known: the options that the command has.
    /// - Returns: such as `--size WxH`; nil where the command has nothing of the kind.
    static func option(for name: String, among known: [String]) -> String? {
        guard let own = options[name.lowercased().replacing("_", with: "-")], known.contains(String(own.prefix { $0 != " " }))
        else { return nil }
        return "--" + own
    }
}
