import Foundation
import Hummingbird
import Studio

/// What a body of `txt2img` or `img2img` asks for: a wish of the library's, the pictures that came with it, and what of the body was not heeded.
///
/// Fields that are missing are as the command line has them. A field that would change the picture and cannot be granted is refused by its name;
/// one that only tunes it, or that nobody knows, is told in `info`.
struct PictureOrder {
    /// Of one batch.
    var wish = LibraryWish()
    /// Batches that are asked for, one after the other.
    var batches = 1
    /// Base64.
    var picture: String?
    var mask: String?
    var sendsPictures = true
    var returnsSource = false
    /// Fields that were not heeded, each with the reason.
    var unheeded: [String: String] = [:]
    /// For the whole server, where the client said that its settings are to stay.
    var lastingModel: String?

    init(_ body: [String: JSONValue], redraws: Bool, settings: WebUISettings.Values, studio: Studio) throws {
        var fields = FieldReader(body)
        var wish = GenerationWish()
        wish.mode = redraws ? nil : "paint"
        wish.prompt = try fields.text("prompt")
        wish.negative = try fields.text("negative_prompt")
        (wish.steps, wish.guidance) = (try fields.whole("steps"), try fields.number("cfg_scale"))
        wish.seed = try fields.seed("seed")
        (wish.variationSeed, wish.variationStrength) = (try fields.seed("subseed"), try Self.mixing(&fields))
        wish.size = try Self.size(&fields)
        let (batch, repeats) = (try fields.whole("batch_size"), try fields.whole("n_iter"))
        if batch != nil || repeats != nil {
            for (name, value) in [("batch_size", batch), ("n_iter", repeats)] where !(1...100).contains(value ?? 1) {
                throw FieldReader.wrong(name, "from 1 to 100")
            }
            (wish.count, batches) = (batch ?? 1, repeats ?? 1)
        }
        let (name, older, schedule) = (try fields.text("sampler_name"), fields.take("sampler_index"), try fields.text("scheduler"))
        var sampler = name
        if sampler == nil, case .text(let named)? = older { sampler = named }
        if let sampler {
            wish.sampler = try studio.sampler(called: sampler, schedule: schedule)
        } else if let schedule, schedule.lowercased() != "automatic" {
            throw Refusal(.unprocessableContent, "the scheduler \(schedule) needs a sampler_name beside it", field: "scheduler")
        }
        (wish.model, wish.clipSkip) = (settings.model, settings.clipSkip)
        try takeSettings(&fields, &wish)
        if redraws { try redraw(&fields, &wish) }
        sendsPictures = try fields.flag("send_images") ?? true
        self.wish.settings = wish
        try refuse(&fields, redraws: redraws)
        tune(&fields, sampler: wish.sampler)
        for name in fields.names {
            guard let value = fields.take(name), !value.isOff else { continue }
            unheeded[name] = "it is not known here"
        }
    }

    /// The wish of a batch: the seeds of all of them go on from the one that was given.
    func wish(ofBatch number: Int) -> LibraryWish {
        var wish = wish
        // Of a variation the other seeds go on.
        if wish.settings.variationStrength != nil {
            wish.settings.variationSeed = wish.settings.variationSeed.map { $0 &+ UInt64(number) }
            return wish
        }
        wish.settings.seed = wish.settings.seed.map { $0 &+ UInt64(number * (wish.settings.count ?? 1)) }
        return wish
    }

    /// How far a seed goes toward the other; nil: not at all. Less than none is what a client's form has where nothing was filled in.
    private static func mixing(_ fields: inout FieldReader) throws -> Double? {
        try fields.number("subseed_strength").flatMap { $0 > 0 ? $0 : nil }
    }

    private static func size(_ fields: inout FieldReader) throws -> String? {
        let (width, height) = (try fields.whole("width"), try fields.whole("height"))
        guard let width, let height else {
            guard width == nil, height == nil else {
                throw Refusal(
                    .unprocessableContent, "only one side of the size was given; give both or none",
                    field: width == nil ? "width" : "height")
            }
            return nil
        }
        return "\(width)x\(height)"
    }

    private mutating func takeSettings(_ fields: inout FieldReader, _ wish: inout GenerationWish) throws {
        var settings = FieldReader(try fields.object("override_settings"))
        let restores = try fields.flag("override_settings_restore_afterwards") ?? true
        if let model = try settings.text("sd_model_checkpoint"), !model.isEmpty {
            wish.model = WebUISettings.name(ofModelTitled: model)
            if !restores { lastingModel = wish.model }
        }
        if let skip = try settings.whole("CLIP_stop_at_last_layers") { wish.clipSkip = skip }
        for name in settings.names {
            guard let value = settings.take(name), !value.isOff, value != .text("Automatic") else { continue }
            unheeded["override_settings.\(name)"] = "there is no such setting here"
        }
    }

    private mutating func redraw(_ fields: inout FieldReader, _ wish: inout GenerationWish) throws {
        let pictures = try fields.pictures("init_images")
        guard let first = pictures.first else {
            throw Refusal(.unprocessableContent, "init_images holds no picture; send one in base64", field: "init_images")
        }
        picture = first
        if pictures.count > 1 {
            throw Refusal(.unprocessableContent, "init_images holds \(pictures.count) pictures; send one a request", field: "init_images")
        }
        let masks = try fields.pictures("mask")
        guard masks.count < 2 else { throw Refusal(.unprocessableContent, "mask holds \(masks.count) pictures; send one", field: "mask") }
        mask = masks.first
        wish.strength = try fields.number("denoising_strength")
        returnsSource = try fields.flag("include_init_images") ?? false
        wish.resize = try Self.choice(&fields, "resize_mode", ["stretch", "crop", "fill"], refused: [3: "enlarging latents"])
        let fill = try Self.choice(&fields, "inpainting_fill", ["blur", "original", "noise", "empty"])
        let (isMasked, padding) = (try fields.flag("inpaint_full_res"), try fields.whole("inpaint_full_res_padding"))
        let invert = try fields.flag("inpainting_mask_invert")
        let feather = try Self.feather(&fields)
        // Without a mask these fields mean nothing, and clients that fill in every field send them all the same.
        guard mask != nil else { return }
        (wish.fill, wish.padding, wish.invert, wish.feather) = (fill, padding, invert, feather)
        wish.area = isMasked.map { $0 ? "masked" : "whole" }
        // What is repainted keeps the picture's own size and proportions.
        wish.resize = nil
    }

    private static func feather(_ fields: inout FieldReader) throws -> Int? {
        let (both, x, y) = (try fields.number("mask_blur"), try fields.number("mask_blur_x"), try fields.number("mask_blur_y"))
        if let x, let y, x != y {
            throw Refusal(
                .unprocessableContent, "mask_blur_x and mask_blur_y differ, and a mask is blurred evenly here", field: "mask_blur_x")
        }
        guard let width = x ?? y ?? both else { return nil }
        guard let whole = Int(exactly: width.rounded()) else { throw FieldReader.wrong("mask_blur", "a number of pixels") }
        return whole
    }

    /// A field that holds the number of a choice.
    private static func choice(
        _ fields: inout FieldReader, _ name: String, _ choices: [String], refused: [Int: String] = [:]
    ) throws -> String? {
        guard let number = try fields.whole(name) else { return nil }
        if let what = refused[number] {
            throw Refusal(.unprocessableContent, "\(name) \(number) (\(what)) is not done here; use 0 to \(choices.count - 1)", field: name)
        }
        guard choices.indices.contains(number) else { throw FieldReader.wrong(name, "from 0 to \(choices.count - 1)") }
        return choices[number]
    }

    /// What would give another picture than the one that comes is not passed over.
    private mutating func refuse(_ fields: inout FieldReader, redraws: Bool) throws {
        let reasons = [
            "enable_hr": "a second pass at a larger size is not made; ask for the size you want",
            "restore_faces": "faces are not restored here", "tiling": "pictures that tile are not made here",
            "script_name": "there are no scripts here", "alwayson_scripts": "there are no extensions here",
            "controlnet_units": "there are no ControlNets here", "styles": "there are no styles here; write them into the prompt",
            "seed_resize_from_w": "seeds of other sizes are not made here",
            "seed_resize_from_h": "seeds of other sizes are not made here", "refiner_checkpoint": "refiners are not run here",
            "disable_extra_networks": "LoRAs in the prompt are always heeded; leave them out of it",
            "infotext": "send the fields it is made of", "firstphase_width": "a second pass is not made here",
            "firstphase_height": "a second pass is not made here",
        ]
        for (name, reason) in reasons.sorted(by: { $0.key < $1.key }) {
            guard let value = fields.take(name), !value.isOff else { continue }
            if ["seed_resize_from_w", "seed_resize_from_h"].contains(name), case .number(let number) = value, number < 0 {
                continue
            }
            throw Refusal(.unprocessableContent, "\(name) is not possible here: \(reason)", field: name)
        }
    }

    /// What only tunes the picture is told of, where it is not at the value that is meant here anyway. Fields that mean something only beside
    /// one that was refused, or that say what to keep on the server, mean nothing here.
    private mutating func tune(_ fields: inout FieldReader, sampler: String?) {
        let without = [
            "hr_scale", "hr_upscaler", "hr_second_pass_steps", "hr_resize_x", "hr_resize_y", "hr_checkpoint_name", "hr_sampler_name",
            "hr_scheduler", "hr_prompt", "hr_negative_prompt", "hr_additional_modules", "hr_cfg", "script_args",
            "refiner_switch_at", "image_cfg_scale", "do_not_save_samples", "do_not_save_grid", "save_images", "force_task_id",
            "denoising_strength",
            "resize_mode", "mask", "mask_blur", "mask_blur_x", "mask_blur_y", "inpainting_fill", "inpaint_full_res",
            "inpaint_full_res_padding", "inpainting_mask_invert", "include_init_images", "initial_noise_multiplier", "mask_round",
        ]
        let usual: [String: [Double]] = [
            "eta": [sampler == "ddim" ? 0 : 1], "s_churn": [0], "s_tmin": [0], "s_tmax": [0], "s_noise": [1], "s_min_uncond": [0],
            "initial_noise_multiplier": [1, 0], "distilled_cfg_scale": [3.5],
        ]
        for (name, values) in usual.sorted(by: { $0.key < $1.key }) {
            guard let value = fields.take(name) else { continue }
            if let number = value.double, !values.contains(number) { unheeded[name] = "the sampler's own value is used" }
        }
        for name in without { _ = fields.take(name) }
    }
}
