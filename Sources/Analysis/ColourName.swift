/// The basic colour terms of English, and beige: what people call the colour of a thing.
enum ColourName: String, CaseIterable, Sendable {
    case black, white, grey, red, orange, yellow, green, blue, purple, pink, brown, beige
}

extension OKLab {
    /// What people call the colour.
    ///
    /// Bounds were drawn by hand to agree with the 505 colours of the xkcd colour survey (Munroe 2010) whose names end in such a term, of
    /// which they meet 438; where a thing's grey becomes white or black was measured on photographs, whose white things lie in the shade.
    var called: ColourName {
        let (lightness, chroma, hue) = (lightness, chroma, hue)
        if lightness < 0.2 || lightness < 0.27 && chroma < 0.06 || lightness < 0.36 && chroma < 0.03 { return .black }
        if chroma < (lightness > 0.66 ? 0.04 : 0.035) { return lightness > 0.66 ? .white : .grey }
        switch hue {
        case ..<12, 345...: return lightness < 0.6 && chroma > 0.1 ? .red : .pink
        case ..<40:
            guard chroma >= 0.09 else { return lightness > 0.7 ? (hue < 28 ? .pink : .beige) : .brown }
            if lightness > 0.68 || lightness > 0.6 && chroma < 0.14 { return .pink }
            return hue > 33 && chroma < 0.13 && lightness < 0.6 ? .brown : .red
        case ..<75:
            if chroma > 0.13 && lightness > 0.56 { return .orange }
            return lightness > 0.7 && chroma < 0.1 ? .beige : .brown
        case ..<118:
            if hue > 100 && lightness < 0.68 && chroma > 0.05 { return .green }
            if chroma >= 0.1 && lightness > 0.62 { return .yellow }
            return lightness > 0.68 && chroma < 0.1 ? .beige : .brown
        case ..<185: return .green
        case ..<288: return .blue
        default: return lightness > 0.62 && hue > 315 ? .pink : .purple
        }
    }
}
