/// Measurements as tags: the names are those of the shipped vocabulary's measured tags.
///
/// Confidences grow from 0.5, where a measurement just reaches its bound, towards 1.
package struct MeasuredTags: Sendable {
    package private(set) var tags: [(name: String, confidence: Float)] = []

    package init(_ measured: PictureMeasurements) {
        orientation(measured.aspect)
        colours(measured)
        light(measured)
        if measured.plainBorder > 0.85 { add("plain background", 0.5 + (measured.plainBorder - 0.85) / 0.3) }
        if measured.fineDetail < 0.16 { add("blurry", 0.5 + (0.16 - measured.fineDetail) * 4) }
    }

    private mutating func add(_ name: String, _ confidence: Float) {
        tags.append((name, min(max(confidence, 0), 0.99)))
    }

    private mutating func orientation(_ aspect: Double) {
        let ratio = max(aspect, 1 / aspect)
        if ratio > 2 {
            add("panoramic format", 0.95)
        } else if ratio < 1.06 {
            add("square format", 0.95)
        } else {
            add(aspect > 1 ? "landscape orientation" : "portrait orientation", 0.95)
        }
    }

    private mutating func colours(_ measured: PictureMeasurements) {
        if measured.meanChroma < 0.006, measured.strongChroma < 0.012 {
            return add("black and white", 0.98)
        }
        let isOneHue = measured.hueAgreement > 0.985 && (45...105).contains(measured.hue)
        if isOneHue, (0.015...0.1).contains(measured.meanChroma), measured.lightnessDeviation > 0.08 {
            return add("sepia", 0.6 + (measured.hueAgreement - 0.985) * 20)
        }
        for (name, share) in measured.colours.prefix(4) {
            let isGrey = ["black", "white", "grey"].contains(name)
            let bound: Float = isGrey ? 0.35 : 0.15
            if share >= bound { add(name + " tones", 0.5 + (share - bound)) }
        }
        if measured.meanChroma < 0.035 {
            add("muted colours", 0.5 + (0.035 - measured.meanChroma) * 12)
        } else if measured.meanChroma > 0.105 || measured.strongChroma > 0.2 {
            add("vibrant colours", 0.5 + max(measured.meanChroma - 0.105, (measured.strongChroma - 0.2) / 2) * 6)
        } else if measured.meanLightness > 0.78, measured.strongChroma < 0.12, measured.meanChroma > 0.04 {
            add("pastel colours", 0.5 + (measured.meanLightness - 0.78) * 2)
        }
        let shown = measured.colours.filter { $0.share > 0.08 && !["black", "white", "grey", "beige", "brown"].contains($0.name) }
        if shown.count >= 4, measured.meanChroma > 0.07 { add("colourful", 0.5 + Float(shown.count - 4) * 0.15) }
        if measured.meanChroma > 0.04 {
            if measured.warmShare > 0.85 { add("warm colours", 0.5 + (measured.warmShare - 0.85) * 2) }
            if measured.warmShare < 0.15 { add("cool colours", 0.5 + (0.15 - measured.warmShare) * 2) }
        }
    }

    private mutating func light(_ measured: PictureMeasurements) {
        let mean = measured.meanLightness
        if mean < 0.4 { add("dark", 0.5 + (0.4 - mean) * 2.5) }
        if mean > 0.76 { add("bright", 0.5 + (mean - 0.76) * 2.5) }
        let spread = measured.lightnessDeviation
        if spread > 0.27 { add("high contrast", 0.5 + (spread - 0.27) * 5) }
        if spread < 0.1 { add("low contrast", 0.5 + (0.1 - spread) * 5) }
        if measured.shareOfDark > 0.6, measured.shareOfBright < 0.1 { add("low key", 0.5 + (measured.shareOfDark - 0.6)) }
        if measured.shareOfBright > 0.6, measured.shareOfDark < 0.05 { add("high key", 0.5 + (measured.shareOfBright - 0.6)) }
    }
}
