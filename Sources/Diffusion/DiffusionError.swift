import Foundation

/// What can go wrong between a model's folder and a picture; every case carries the value that offended.
package enum DiffusionError: Error, Equatable, CustomStringConvertible {
    /// A file that a model's folder must hold cannot be read.
    case unreadable(file: String, reason: String)
    /// A configuration file lacks a key that has no default, or holds a value of the wrong kind.
    case malformedConfiguration(file: String, key: String, reason: String)
    /// A configuration asks for something that this engine does not do.
    case unsupported(file: String, key: String, value: String, supported: String)
    /// A number of steps that the schedule cannot give.
    case steps(requested: Int, minimum: Int, maximum: Int)
    /// So many steps that their schedule leads beyond the training's last, or two of them to one place.
    case crowdedSteps(requested: Int, trained: Int)
    /// Training steps told one by one that lie beyond the training.
    case timesteps([Int], trained: Int)
    /// A sampler that the tool whose conventions are asked for does not have, or has in a form that is not reproduced.
    case samplerOfProfile(sampler: String, profile: String, reproduced: [String])
    /// A sampler or a profile that walks along training steps, for a model without them.
    case needsTrainingSteps(what: String, instead: [String])
    /// A strength so small that the profile's own arithmetic leaves no step to run.
    case strengthLeavesNoStep(strength: Double, steps: Int)
    /// A working size that the model cannot take.
    case size(width: Int, height: Int, multiple: Int)
    /// Repainting and image-to-image need a picture.
    case missingSource(mode: String)
    /// Repainting needs a mask.
    case missingMask
    /// The mask is not the picture's size.
    case maskSize(mask: String, picture: String)
    /// Nothing is white in the mask, so there is nothing to repaint.
    case emptyMask
    /// The text tower's width is not the one that the model was trained with.
    case textWidth(found: Int, expected: Int)
    /// The model is told the text as a whole beside its tokens, and was not.
    case missingPooledText(expected: Int)
    /// What a ControlNet adds does not fit the network.
    case extras(found: Int, expected: Int)
    /// A single file that is no whole model.
    case notACheckpoint(file: String, reason: String)
    /// A part that was given to a model and is not what it wants.
    case unfitPart(file: String, reason: String)
    /// A prompt calls a LoRA that is nowhere, or that was not loaded.
    case unknownAdaptation(name: String, known: [String])
    /// A tiny autoencoder that is nowhere.
    case noTinyAutoencoder(name: String, known: [String])
    /// A tag in the prompt that is not understood.
    case unreadableTag(tag: String, reason: String)
    /// A stretch of the prompt that counts so much that nothing else does.
    case promptWeight(text: String, weight: Float)
    /// A prompt composed of more parts than are run together.
    case promptParts(found: Int, limit: Int)
    /// Parts whose weights come to nothing, where they are divided by their sum.
    case partsWithoutWeight
    /// A layer of the text encoder that it does not have.
    case clipSkip(requested: Int, maximum: Int)
    /// The text encoders of a model cut the prompt into different numbers of pieces.
    case unevenPrompt
    /// A file that should hold a trained embedding holds something else.
    case notAnEmbedding(file: String, reason: String)
    /// A trained embedding of another family than the model.
    case embeddingWidth(name: String, found: [Int], expected: [Int])
    /// The result holds a value that is no number: a broken checkpoint, or one that needs another precision.
    case notFinite(stage: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .malformedConfiguration(let file, let key, let reason): "\(file): key \"\(key)\": \(reason)"
        case .unsupported(let file, let key, let value, let supported):
            "\(file): key \"\(key)\" is \(value), which is not supported; supported: \(supported)"
        case .steps(let requested, let minimum, let maximum):
            "\(requested) steps were asked for; the sampler gives \(minimum) to \(maximum)"
        case .crowdedSteps(let requested, let trained):
            "\(requested) steps do not fit between the \(trained) that the model was trained with, spaced as its scheduler has them; take fewer"
        case .timesteps(let told, let trained):
            "the steps cannot lie at \(told.map(String.init).joined(separator: ",")): the model was trained with those from 0 to \(trained - 1)"
        case .samplerOfProfile(let sampler, let profile, let reproduced):
            "the sampler \(sampler) is not reproduced under the profile \(profile); take one of \(reproduced.joined(separator: ", "))"
        case .needsTrainingSteps(let what, let instead):
            "\(what) walks along training steps, which this model has none of (EDM); take one of \(instead.joined(separator: ", "))"
        case .strengthLeavesNoStep(let strength, let steps):
            "strength \(strength) of \(steps) steps rounds to no step under this profile; take more steps, more strength or the profile redraw"
        case .size(let width, let height, let multiple):
            "the size \(width)x\(height) does not suit the model; both sides must be positive multiples of \(multiple)"
        case .extras(let found, let expected):
            "\(found) residuals were given to a network with \(expected) skips; take a ControlNet that was made for this model"
        case .missingSource(let mode): "\(mode) needs a picture to start from; give one, or paint from the prompt alone"
        case .missingMask: "repainting needs a mask; give one of the picture's size, white where it is to be repainted"
        case .maskSize(let mask, let picture): "the mask is \(mask), the picture is \(picture); give a mask of the picture's size"
        case .emptyMask: "the mask has no white pixel, so nothing would be repainted; paint one, or invert the mask"
        case .textWidth(let found, let expected):
            "the text tower gives states of width \(found), the model wants \(expected); use the text tower the model was trained with"
        case .missingPooledText(let expected):
            "the model wants the whole text as one embedding of width \(expected) beside its tokens; use the text encoders the model came with"
        case .notACheckpoint(let file, let reason): "\(file) is no model that can be run: \(reason)"
        case .unfitPart(let file, let reason): "\(file) does not fit the model: \(reason)"
        case .unknownAdaptation(let name, let known):
            "the prompt calls the LoRA \(name), which is not there; "
                + (known.isEmpty ? "put its file into a folder loras beside the model" : "there are: \(known.joined(separator: ", "))")
        case .noTinyAutoencoder(let name, let known):
            "there is no tiny autoencoder \(name); give its file or folder, or put it into a folder vae_approx beside the model"
                + (known.isEmpty ? "" : " (there: \(known.joined(separator: ", ")))")
        case .unreadableTag(let tag, let reason): "the prompt's tag \(tag) is not understood: \(reason); mend it or take it out"
        case .promptWeight(let text, let weight):
            "the prompt's \"\(text)\" has a weight of \(weight) by the brackets around it; up to 1000 is taken, and 0.5 to 1.5 is usual"
        case .promptParts(let found, let limit):
            "the prompt has \(found) parts joined by AND; up to \(limit) are taken, each of which costs a pass of the model in every step"
        case .partsWithoutWeight: "the weights of the prompt's parts joined by AND add up to 0, which without guidance makes no picture"
        case .clipSkip(let requested, let maximum): "clip skip is \(requested); this model's text encoder allows 1 to \(maximum)"
        case .unevenPrompt: "the model's two text encoders cut the prompt into different numbers of pieces; place a BREAK, or shorten it"
        case .notAnEmbedding(let file, let reason): "\(file) is no textual inversion that can be read: \(reason)"
        case .embeddingWidth(let name, let found, let expected):
            "the embedding \(name) has vectors of width \(found.map(String.init).joined(separator: " and ")), the model's text encoders want "
                + "\(expected.map(String.init).joined(separator: " and ")); it was trained for another family"
        case .notFinite(let stage): "\(stage) gave values that are no numbers; check the checkpoint with `redraw models check`"
        }
    }
}
