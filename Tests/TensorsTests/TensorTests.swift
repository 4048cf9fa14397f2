import Tensors
import TestSupport
import Testing

private func random(_ shape: Shape, _ generator: inout SeededGenerator) -> Tensor {
    Tensor(generator.floats(shape.count), shape: shape)
}

@Test func arithmeticRepeatsTheSmallerOperand() {
    let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    let row = Tensor([10, 20, 30], shape: [3])
    #expect((a + row).values == [11, 22, 33, 14, 25, 36])
    #expect((a * row).values == [10, 40, 90, 40, 100, 180])
    #expect((a - a).values == [Float](repeating: 0, count: 6))
    #expect((2 * a + 1 - 0.5).values == [2.5, 4.5, 6.5, 8.5, 10.5, 12.5])
    #expect(a.scaled(by: 2, adding: a, scaledBy: -1) == a)
    #expect(a.sum() == 21 && a.mean() == 3.5)
    #expect(a.mean(axis: 0).values == [2.5, 3.5, 4.5])
    #expect(a.mean(axis: -1).values == [2, 5])
    #expect(a.clamped(to: 2...4).values == [2, 2, 3, 4, 4, 4])
}

@Test func whatIsNoNumberIsFoundWhereverItStands() {
    for count in [1, 15, 16, 17, 100] {
        #expect(Tensor([Float](repeating: .greatestFiniteMagnitude, count: count), shape: [count]).isFinite)
        for (place, wrong) in [(0, Float.nan), (count - 1, .infinity), (count / 2, -.infinity)] {
            var values = [Float](repeating: -1, count: count)
            values[place] = wrong
            #expect(!Tensor(values, shape: [count]).isFinite, "\(wrong) at \(place) of \(count)")
        }
    }
    #expect(Tensor(shape: [0]) { _ in }.isFinite)
}

@Test func slicesAndConcatenationsAreInverse() {
    var generator = SeededGenerator.announced()
    for _ in 0..<200 {
        let dimensions = (0..<Int.random(in: 1...4, using: &generator)).map { _ in Int.random(in: 1...9, using: &generator) }
        let x = random(Shape(dimensions), &generator)
        let axis = Int.random(in: 0..<dimensions.count, using: &generator)
        let cut = Int.random(in: 0...dimensions[axis], using: &generator)
        let parts = [x.sliced(0..<cut, axis: axis), x.sliced(cut..<dimensions[axis], axis: axis)]
        #expect(Tensor.concatenated(parts, axis: axis) == x)
        let order = Array(0..<dimensions.count).shuffled(using: &generator)
        let back = (0..<order.count).map { order.firstIndex(of: $0)! }
        #expect(x.permuted(order).permuted(back) == x)
    }
}

@Test func permutationMovesChannels() {
    let x = Tensor((0..<12).map(Float.init), shape: [1, 3, 2, 2])
    #expect(x.permuted([0, 2, 3, 1]).values == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    #expect(Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]).transposed().values == [1, 4, 2, 5, 3, 6])
    #expect(Tensor([1, 2], shape: [1, 1, 2, 1]).upsampledNearest().values == [1, 1, 2, 2, 1, 1, 2, 2])
}

@Test func everyIndexIsVisitedOnce() {
    for count in [0, 1, 2, 7, 1000] {
        let visits = Tensor(shape: [count]) { target in
            target.initialize(repeating: 0)
            let to = target.baseAddress
            Parallel.forEach(count: count) { to?[$0] += 1 }
            Parallel.forEachRange(count: count, minimum: 3, multiple: 4) { range in
                for index in range { to?[index] += 1 }
            }
        }
        #expect(visits == .filled(2, [count]))
    }
}
