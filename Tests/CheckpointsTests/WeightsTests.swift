import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

private func checkpoint(_ names: [String], in folder: TemporaryFolder) throws -> Weights {
    let url = folder.url.appendingPathComponent("w.safetensors")
    try SafetensorsFile.write(tensors: names.enumerated().map { ($1, Tensor.filled(Float($0), [2, 3])) }, to: url)
    return try Weights(url: url)
}

/// Eight-bit floats (e4m3: 0x38 is 1, 0x40 is 2, 0xB8 is -1) with the factors that brought them into range.
@Test func scaledEightBitFloatsAreMultipliedOut() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("scaled.safetensors")
    let entries = [
        #""a.scale_weight":{"dtype":"F32","shape":[],"data_offsets":[0,4]}"#,
        #""b.weight_scale":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}"#,
        #""a.weight":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[12,16]}"#,
        #""b.weight":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[16,20]}"#,
        #""c.weight":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[20,24]}"#,
    ]
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    var data = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
    for factor in [Float(0.5), 3, 4] { data += withUnsafeBytes(of: factor.bitPattern.littleEndian) { Data($0) } }
    for _ in 0..<3 { data += Data([0x38, 0x40, 0xB8, 0x38]) }
    try data.write(to: url)
    let weights = try Weights(url: url)
    #expect(weights.names() == ["a.weight", "b.weight", "c.weight"])
    #expect(try weights["a"].tensor("weight", [2, 2]).values == [0.5, 1, -0.5, 0.5])
    #expect(try weights["b"].tensor("weight", [2, 2]).values == [3, 6, -4, 4])
    #expect(try weights["c"].tensor("weight", [2, 2]).values == [1, 2, -1, 1])
    #expect(try weights["b"].table("weight", rows: 2, width: 2).gather([1]).values == [-4, 4])
    try weights.requireAllRead()
}

/// Packed weights and the file that they came from do not both stand in memory: what the kernel says of the mapping.
@Test func whatWasPackedIsNoLongerMapped() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("halves.safetensors")
    // Matrices of a quarter of a megabyte, at whose ends no page ends, and small tensors between.
    let names = (0..<24).map { $0 < 10 ? "0\($0)" : "\($0)" }
    let tensors = names.flatMap { [("\($0).bias", Tensor.filled(1, [7])), ("\($0).weight", Tensor.filled(0.5, [128, 1021]))] }
    try SafetensorsFile.write(tensors: tensors, as: .f16, to: url)
    func mapped() throws -> Int {
        var (isOurs, kilobytes) = (false, 0)
        for line in try String(contentsOfFile: "/proc/self/smaps", encoding: .utf8).split(separator: "\n") {
            if line.contains(" r") { isOurs = line.hasSuffix("halves.safetensors") && line.contains(folder.url.lastPathComponent) }
            if isOurs, line.hasPrefix("Rss:") { kilobytes += Int(line.split(separator: " ")[1]) ?? 0 }
        }
        return kilobytes << 10
    }
    let weights = try Weights(url: url).held(WeightHolding(arithmetic: .bf16))
    var packed: [PackedMatrix] = []
    for name in names {
        _ = try weights[name].tensor("bias", [7])
        packed.append(try weights[name].matrix("weight", [128, 1021]))
    }
    // The header's own pages, and what was read behind the last matrix.
    #expect(try mapped() <= 3 << 16, "of \(24 * 128 * 1021 * 2) bytes")
    weights.letGoOfPages()
    #expect(try mapped() == 0 && packed.count == 24)
    #expect(try weights["03"].tensor("bias", [7]) == .filled(1, [7]))
}

@Test func scopesReadLikePaths() throws {
    let folder = try TemporaryFolder()
    let weights = try checkpoint(["down.0.conv.weight", "down.1.conv.weight", "norm"], in: folder)
    let scope = weights["down"][1]["conv"]
    #expect(scope.path == "down.1.conv")
    #expect(try scope.tensor("weight", [2, 3]) == .filled(1, [2, 3]))
    #expect(scope.names() == ["weight"])
    #expect(weights.has("down") && weights.has("norm") && weights["down"].has("1") && !weights.has("dow") && !weights["down"].has("2"))
}

@Test func missingMisshapenAndUnreadAreErrors() throws {
    let folder = try TemporaryFolder()
    let weights = try checkpoint(["a.weight", "a.bias", "b"], in: folder)
    let path = folder.url.appendingPathComponent("w.safetensors").path
    #expect(throws: CheckpointError.missing("a.scale", file: path)) { try weights["a"].tensor("scale", [1]) }
    #expect(throws: CheckpointError.misshapen("a.weight", expected: [3, 2], found: [2, 3], file: path)) {
        try weights["a"].tensor("weight", [3, 2])
    }
    _ = try weights["a"].tensor("weight", [2, 3])
    #expect(throws: CheckpointError.unread(["a.bias"], file: path)) { try weights["a"].requireAllRead() }
    #expect(throws: CheckpointError.unread(["a.bias", "b"], file: path)) { try weights.requireAllRead() }
    weights["a"].ignore("bias")
    try weights["a"].requireAllRead()
    _ = try weights.tensor("b", [2, 3])
    try weights.requireAllRead()
}

@Test func shardsAreJoinedAndNamesAreMapped() throws {
    let folder = try TemporaryFolder()
    let files = try (0..<2).map { index in
        let url = folder.url.appendingPathComponent("\(index)")
        try SafetensorsFile.write(tensors: [("old.\(index)", .filled(Float(index), [1])), ("drop.\(index)", .zeros([1]))], to: url)
        return try SafetensorsFile(url)
    }
    let weights = try Weights(files: files) { $0.hasPrefix("old.") ? "new." + $0.dropFirst(4) : nil }
    #expect(weights.names() == ["new.0", "new.1"])
    #expect(try weights["new"].tensor("1", [1]).scalar == 1)
    #expect(throws: CheckpointError.self) { try Weights(files: [files[0], files[0]]) }
}

@Test func signedBytesWithRowScalesAreMultipliedOut() throws {
    let folder = try TemporaryFolder()
    let header = """
        {"e.weight":{"dtype":"I8","shape":[3,2],"data_offsets":[0,6]},"e.weight.scale":{"dtype":"F16","shape":[3],"data_offsets":[6,12]}}
        """
    let url = try file(header, data: bytes([1, 2, 3, -4, 5, -128] as [Int8]) + bytes([1, 0.5, 2] as [Float16]), in: folder)
    let weights = try Weights(url: url)
    #expect(try weights["e"].tensor("weight", [3, 2]).values == [1, 2, 1.5, -2, 10, -256])
    try weights.requireAllRead()
    #expect(weights.names() == ["e.weight"])
    let table = try weights["e"].table("weight", rows: 3, width: 2)
    #expect(try table.gather([2, 0, 2]).values == [10, -256, 1, 2, 10, -256])
    #expect(throws: CheckpointError.self) { try table.gather([3]) }
    #expect(throws: CheckpointError.self) { try table.gather([-1]) }
}

/// A weight in halves is packed out of its file: it is checked as a tensor is, and parts of a stored one are their own rows.
@Test func halvesArePackedOutOfTheirFile() throws {
    let folder = try TemporaryFolder()
    let header = """
        {"a.weight":{"dtype":"F16","shape":[4,3],"data_offsets":[0,24]},"b.weight":{"dtype":"F16","shape":[1,2],"data_offsets":[24,28]}}
        """
    let numbers: [Float16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, .infinity]
    let url = try file(header, data: bytes(numbers), in: folder)
    let stored = try SafetensorsFile(url)
    let weights = try Weights(files: [stored]) { (name: String) -> [TensorPlace] in
        name == "a.weight" ? [TensorPlace("q", part: 0, of: 2), TensorPlace("k", part: 1, of: 2)] : [TensorPlace("bad")]
    }
    let row = Tensor([1, 10, 100], shape: [1, 3])
    for holding in [WeightHolding(), WeightHolding(inHalves: true), WeightHolding(arithmetic: .bf16)] {
        let held = weights.held(holding)
        #expect(matmul(row, try held.matrix("q", [2, 3])).values == [321, 654])
        #expect(matmul(row, try held.matrix("k", [2, 3])).values == [987, 1320])
        #expect(throws: CheckpointError.notFinite("bad", file: url.path)) { try held.matrix("bad", [1, 2]) }
        #expect(throws: CheckpointError.misshapen("q", expected: [3, 3], found: [2, 3], file: url.path)) { try held.matrix("q", [3, 3]) }
        #expect(throws: CheckpointError.missing("c", file: url.path)) { try held.matrix("c", [1, 2]) }
    }
}
