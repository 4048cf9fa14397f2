import Foundation

/// Random numbers equal to those of `torch.Generator(device="cpu")`, bit for bit, so that a seed gives here the noise it gives there.
///
/// Reproduces ATen's `CPUGeneratorImpl` (Mersenne Twister MT19937, Matsumoto and Nishimura 1998) and `normal_fill` in its AVX2 form: an
/// x86 CPU with AVX-512 or one without AVX2 makes torch itself differ from this in the last bit of some values.
package struct TorchRandom: Sendable {
    private var twister: MersenneTwister
    /// The second value of a Box-Muller pair drawn one by one; it waits for the next such draw, whatever is drawn between.
    private var waiting: Double?

    /// - Parameter seed: as given to `manual_seed`; only the low 32 bits count, in torch as here.
    package init(seed: UInt64) {
        twister = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
    }

    /// The next 32 random bits.
    package mutating func next() -> UInt32 {
        twister.next()
    }

    /// What `torch.rand(count)` gives: values in [0, 1) with 24 bits each.
    package mutating func uniforms(_ count: Int) -> [Float] {
        (0..<count).map { _ in uniform() }
    }

    /// What `torch.randn(count)` gives: values of mean 0 and deviation 1, in the order of the flattened tensor.
    package mutating func normals(_ count: Int) -> [Float] {
        guard count >= 16 else { return (0..<count).map { _ in Float(normal()) } }
        var values = uniforms(count)
        for start in stride(from: 0, through: count - 16, by: 16) {
            Self.transform(&values, from: start)
        }
        if count % 16 != 0 {
            // torch draws the last 16 values anew rather than treat a rest.
            for i in (count - 16)..<count { values[i] = uniform() }
            Self.transform(&values, from: count - 16)
        }
        return values
    }

    private mutating func uniform() -> Float {
        Float(next() & 0xFF_FFFF) * 0x1p-24
    }

    private mutating func uniformDouble() -> Double {
        let high = UInt64(next())
        let bits = high << 32 | UInt64(next())
        return Double(bits & (1 << 53 - 1)) * 0x1p-53
    }

    /// Box-Muller in double precision, one value at a time, as torch does below 16 values.
    private mutating func normal() -> Double {
        if let value = waiting {
            waiting = nil
            return value
        }
        let first = uniformDouble()
        let second = uniformDouble()
        let radius = (-2 * log1p(-second)).squareRoot()
        let angle = 2 * Double.pi * first
        waiting = radius * sin(angle)
        return radius * cos(angle)
    }

    /// 2 pi rounded to nearest; Swift's `Float.pi` is rounded towards zero.
    private static let fullTurn: Float = 6.283185307179586

    /// Box-Muller over 16 uniforms: the first eight with the last eight.
    private static func transform(_ values: inout [Float], from start: Int) {
        for i in start..<(start + 8) {
            let radius = (-2 * VectorMathematics.logarithm(1 - values[i])).squareRoot()
            let (sine, cosine) = VectorMathematics.sineAndCosine(Self.fullTurn * values[i + 8])
            values[i] = radius * cosine
            values[i + 8] = radius * sine
        }
    }
}

/// MT19937, 32 bits.
private struct MersenneTwister: Sendable {
    private static let count = 624
    private static let offset = 397
    private var state: [UInt32]
    private var position = MersenneTwister.count

    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.count)
        for i in 1..<Self.count {
            let last = state[i - 1]
            state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i))
        }
    }

    mutating func next() -> UInt32 {
        if position == Self.count { renew() }
        var y = state[position]
        position += 1
        y ^= y >> 11
        y ^= y << 7 & 0x9D2C_5680
        y ^= y << 15 & 0xEFC6_0000
        return y ^ y >> 18
    }

    private mutating func renew() {
        let count = Self.count
        for i in 0..<count {
            let mixed = state[i] & 0x8000_0000 | state[(i + 1) % count] & 0x7FFF_FFFF
            state[i] = state[(i + Self.offset) % count] ^ mixed >> 1 ^ (mixed & 1) &* 0x9908_B0DF
        }
        position = 0
    }
}

/// The single-precision approximations that torch's AVX2 code takes its logarithm, sine and cosine from.
///
/// The Cephes polynomials (Moshier) as arranged for vectors, with every product that feeds a sum fused into it the way the reference's
/// compiler does: another grouping changes the last bit.
private enum VectorMathematics {
    /// The natural logarithm of a positive, normal number.
    static func logarithm(_ value: Float) -> Float {
        let bits = max(value, .leastNormalMagnitude).bitPattern
        var exponent = Float(Int32(bits >> 23) - 0x7F) + 1
        var x = Float(bitPattern: bits & 0x807F_FFFF | Float(0.5).bitPattern)
        if x < 0.707106781186547524 {
            exponent -= 1
            x = x - 1 + x
        } else {
            x -= 1
        }
        let square = x * x
        var y: Float = 7.0376836292E-2
        for coefficient: Float in [
            -1.1514610310E-1, 1.1676998740E-1, -1.2420140846E-1, 1.4249322787E-1, -1.6668057665E-1, 2.0000714765E-1, -2.4999993993E-1,
            3.3333331174E-1,
        ] {
            y = coefficient.addingProduct(y, x)
        }
        y *= x
        y = (exponent * -2.12194440e-4).addingProduct(y, square)
        y = y.addingProduct(square, -0.5)
        return (x + y).addingProduct(exponent, 0.693359375)
    }

    /// Sine and cosine of a finite angle in radians.
    static func sineAndCosine(_ angle: Float) -> (sine: Float, cosine: Float) {
        var x = abs(angle)
        let octant = (Int32(x * 1.27323954473516) + 1) & ~1
        let y = Float(octant)
        x = x.addingProduct(y, -0.78515625)
        x = x.addingProduct(y, -2.4187564849853515625e-4)
        x = x.addingProduct(y, -3.77489497744594108e-8)
        let z = x * x

        var even: Float = 2.443315711809948E-005
        even = Float(-1.388731625493765E-003).addingProduct(even, z)
        even = Float(4.166664568298827E-002).addingProduct(even, z)
        even *= z
        even = (-(z * 0.5)).addingProduct(even, z) + 1

        var odd: Float = -1.9515295891E-4
        odd = Float(8.3321608736E-3).addingProduct(odd, z)
        odd = Float(-1.6666654611E-1).addingProduct(odd, z)
        odd = x.addingProduct(odd * z, x)

        let swapped = octant & 2 != 0
        let sine = swapped ? even : odd
        let cosine = swapped ? odd : even
        let sineNegative = (octant & 4 != 0) != (angle < 0)
        let cosineNegative = ~(octant - 2) & 4 != 0
        return (sineNegative ? -sine : sine, cosineNegative ? -cosine : cosine)
    }
}
