/// What A1111, ComfyUI and diffusers call what has another name here: whoever comes from there is told this one.
package enum WordsOfOthers {
    /// What does here what a command, a mode or an address of an API does there.
    package static let commands = [
        "img2img": "generate", "image2image": "generate", "i2i": "generate",
        "txt2img": "paint", "text2img": "paint", "text2image": "paint", "t2i": "paint",
        "inpaint": "repaint", "inpainting": "repaint",
        "interrogate": "analyze", "tagger": "analyze", "caption": "captions",
        "xyz": "sheet", "grid": "sheet", "pnginfo": "info", "png-info": "info", "webui": "serve",
    ]

    /// The setting that says the same here, with its value where it is written otherwise.
    private static let settings = [
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
    package static func option(for name: String, among known: [String]) -> String? {
        guard let own = byLetters[letters(name)], known.contains(String(own.prefix { $0 != " " })) else { return nil }
        return "--" + own
    }

    /// - Parameters:
    ///   - name: a setting as it is called elsewhere, however it is written.
    ///   - known: the settings that it may be.
    /// - Returns: the known one that it is, by that name or by its own; nil where it is none.
    static func setting(for name: some StringProtocol, among known: [String]) -> String? {
        let typed = letters(name)
        // One whose values are written otherwise is not the same.
        let own = byLetters[typed].flatMap { $0.contains(" ") ? nil : letters($0) }
        return known.first { letters($0) == typed } ?? known.first { letters($0) == own }
    }

    private static let byLetters = Dictionary(uniqueKeysWithValues: settings.map { (letters($0.key), $0.value) })

    private static func letters(_ name: some StringProtocol) -> String { name.lowercased().filter(\.isLetter) }
}
