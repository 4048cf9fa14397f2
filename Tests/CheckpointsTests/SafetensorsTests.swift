import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// A safetensors file of a header and raw data.
func file(_ header: String, data: [UInt8], in folder: TemporaryFolder, length: UInt64? = nil) throws -> URL {
    var bytes = [UInt8]()
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes += Array($0) }
    bytes += Array(header.utf8) + data
    let url = folder.url.appendingPathComponent("\(UUID().uuidString).safetensors")
    try Data(bytes).write(to: url)
    return url
}

func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
}

@Test func whatIsWrittenIsReadBack() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator.announced()
    let url = folder.url.appendingPathComponent("a.safetensors")
    let a = Tensor(random.floats(24), shape: [2, 3, 4])
    let b = Tensor(random.floats(5), shape: [5])
    try SafetensorsFile.write(tensors: [("a.weight", a), ("b \"quoted\"\n", b)], metadata: ["format": "pt\t\u{1}"], to: url)
    let file = try SafetensorsFile(url)
    #expect(file.names == ["a.weight", "b \"quoted\"\n"])
    #expect(file.metadata == ["format": "pt\t\u{1}"])
    #expect(try file.tensor("a.weight") == a)
    #expect(try file.tensor("b \"quoted\"\n") == b)
    #expect(try file.shape(of: "a.weight") == [2, 3, 4])
    #expect(try file.elementType(of: "a.weight") == .f32)
    try SafetensorsFile.write(tensors: [("a", a)], as: .f16, to: url)
    let halves = try SafetensorsFile(url).tensor("a")
    // Half precision keeps 11 bits: values below 1 are off by at most 2^-12.
    #expect(Agreement(halves.values, a.values).absolute <= 0x1p-12)
    // The file that was replaced is still mapped by the tensors over it.
    #expect(try file.tensor("a.weight") == a)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.safetensors"])
}

@Test func everyElementTypeIsConverted() throws {
    let folder = try TemporaryFolder()
    let halves: [Float16] = [1.5, -0.25, 65504, 0]
    let truncated: [UInt16] = [0x3FC0, 0xBE80, 0x4780, 0]
    let cases: [(String, [UInt8], [Float])] = [
        ("F32", bytes([1.5, -0.25, 3e9, 0] as [Float]), [1.5, -0.25, 3e9, 0]),
        ("F64", bytes([1.5, -0.25, 3e9, 0] as [Double]), [1.5, -0.25, 3e9, 0]),
        ("F16", bytes(halves), [1.5, -0.25, 65504, 0]),
        ("BF16", bytes(truncated), [1.5, -0.25, 65536, 0]),
        ("I8", bytes([1, -2, 127, -128] as [Int8]), [1, -2, 127, -128]),
        ("U8", [1, 2, 255, 0], [1, 2, 255, 0]),
        ("I16", bytes([1, -2, 300, 0] as [Int16]), [1, -2, 300, 0]),
        ("I32", bytes([1, -2, 70000, 0] as [Int32]), [1, -2, 70000, 0]),
        ("I64", bytes([1, -2, 70000, 0] as [Int64]), [1, -2, 70000, 0]),
    ]
    for (type, data, expected) in cases {
        // Once at an even offset and once behind one odd byte, as some writers leave them.
        for gap in [0, 1] {
            let size = data.count
            var header = gap == 0 ? "{" : "{\"gap\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            header += "\"x\":{\"dtype\":\"\(type)\",\"shape\":[2,2],\"data_offsets\":[\(gap),\(size + gap)]}}"
            header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
            let url = try file(header, data: [UInt8](repeating: 7, count: gap) + data, in: folder)
            #expect(try SafetensorsFile(url).tensor("x") == Tensor(expected, shape: [2, 2]), "\(type) behind \(gap) bytes")
        }
    }
}

/// Every eight-bit float as torch reads it (Fixtures/eight_bits.py).
@Test(arguments: ["e4m3", "e5m2"]) func everyEightBitFloatIsRead(format: String) throws {
    let file = try SafetensorsFile(fixture("eight-bits.safetensors", room: "Checkpoints"))
    let (read, expected) = (try file.tensor(format).values, try file.tensor("\(format)-values").values)
    #expect(read.count == 256)
    #expect(zip(read, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
    #expect(zip(read, expected).allSatisfy { $0.sign == $1.sign || $0.isNaN }, "the sign of a zero")
    // Some rows alone.
    let rows = try Weights(file).table("\(format)-rows", rows: 2, width: 120)
    #expect(try rows.gather([1]).values == Array(file.tensor("\(format)-rows").values[120...]))
}

@Test func damagedFilesAreRefusedByName() throws {
    let folder = try TemporaryFolder()
    let good = "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
    let eight = [UInt8](repeating: 0, count: 8)
    _ = try SafetensorsFile(file(good, data: eight, in: folder))

    func failure(_ header: String, data: [UInt8], length: UInt64? = nil) throws -> CheckpointError {
        let url = try file(header, data: data, in: folder, length: length)
        let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(url) }
        let unwrapped = try #require(error)
        #expect(unwrapped.description.contains(url.path))
        return unwrapped
    }
    func badTensor(_ header: String, data: [UInt8]) throws -> String? {
        guard case .badTensor(let name, _, _) = try failure(header, data: data) else { return nil }
        return name
    }
    // Cut off within the data.
    #expect(try badTensor(good, data: Array(eight.dropLast())) == "x")
    // Shape and bytes disagree; product overflows; end before start; overlap; twice.
    #expect(try badTensor("{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", data: eight) == "x")
    #expect(try badTensor("{\"x\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}", data: eight) == "x")
    #expect(try badTensor("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", data: eight) == "x")
    let overlapping =
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}"
    #expect(try badTensor(overlapping, data: eight) == "y")
    let twice =
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}"
    #expect(try badTensor(twice, data: eight) == "x")
    #expect(try badTensor("{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}", data: eight) == "x")
    guard case .unsupportedElements("x", "C64", _) = try failure(good.replacingOccurrences(of: "F32", with: "C64"), data: eight) else {
        Issue.record("an unknown type was taken")
        return
    }
    // Headers that are none.
    for (header, length) in [
        (good, 1000), (good, UInt64.max), ("[]", nil), ("{\"x\":", nil), (good + "{}", nil), ("{\"x\":{\"shape\":[-1]}}", nil),
        ("{\"\\ud800\":{}}", nil), ("{\"x\":{\"shape\":[99999999999999999999]}}", nil), ("", 0),
    ] as [(String, UInt64?)] {
        guard case .malformed = try failure(header, data: eight, length: length) else {
            Issue.record("taken: \(header)")
            continue
        }
    }
    #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.url) }
    #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.url.appendingPathComponent("none")) }
}

/// Whatever byte of a good file is changed, reading it either works or throws; it never stops the process.
@Test func changedBytesNeverCrash() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator.announced()
    let header =
        "{\"x\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]},\"y\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[8,11]}}"
    let original = try Array(Data(contentsOf: file(header, data: [UInt8](repeating: 1, count: 11), in: folder)))
    let url = folder.url.appendingPathComponent("changed")
    for _ in 0..<200 {
        var changed = original
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        try Data(changed.prefix(Int.random(in: original.count - 4...original.count, using: &random))).write(to: url)
        guard let file = try? SafetensorsFile(url) else { continue }
        for name in file.names {
            _ = try? file.tensor(name)
        }
    }
}

/// A GGUF file as far as it is looked at: its entries of texts, and its tensors' names.
private func gguf(_ entries: [(String, String)], tensors: [String] = []) -> [UInt8] {
    func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 255) } }
    func text(_ text: String) -> [UInt8] { little(text.utf8.count, 8) + Array(text.utf8) }
    var bytes = Array("GGUF".utf8)
    func numbers(_ values: [(Int, Int)]) { for (value, size) in values { bytes += little(value, size) } }
    numbers([(3, 4), (tensors.count, 8), (entries.count + 1, 8)])
    // A list of two numbers first, which is passed over.
    bytes += text("some.list")
    numbers([(9, 4), (4, 4), (2, 8), (1, 4), (2, 4)])
    for (key, value) in entries {
        bytes += text(key)
        numbers([(8, 4)])
        bytes += text(value)
    }
    for name in tensors {
        bytes += text(name)
        numbers([(2, 4), (4, 8), (4, 8), (0, 4), (0, 8)])
    }
    return bytes
}

/// What a GGUF file holds is told, and what to do instead; whether by its architecture or, where it has none, by its tensors.
@Test(
    arguments: [
        (gguf([("general.name", "x"), ("general.architecture", "sdxl")]), "SDXL (architecture sdxl), a format that is not read"),
        (gguf([("general.architecture", "sd1")]), "SD 1.5"),
        (gguf([("general.architecture", "flux")]), "Flux.1 (architecture flux), a family"),
        (gguf([("general.architecture", "t5encoder")]), "text encoder T5"),
        (gguf([("general.architecture", "newest")]), "of newest, a family"),
        (gguf([], tensors: ["model.diffusion_model.input_blocks.0.0.weight"]), "of SD 1.5, a format"),
        (gguf([], tensors: ["a", "conditioner.embedders.1.model.ln_final.bias"]), "of SDXL, a format"),
        (gguf([], tensors: ["model.diffusion_model.joint_blocks.0.x"]), "of SD 3, a family"), (gguf([]), "a GGUF file, which is not read"),
        (gguf([], tensors: ["output.weight"]), "a GGUF file, which is not read"),
    ] as [([UInt8], String)])
func ggufFilesTellWhatTheyHold(_ bytes: [UInt8], _ told: String) throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("model.gguf")
    try Data(bytes).write(to: file)
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file) }
    #expect(
        error?.description.contains(told) == true && error?.description.contains(".safetensors") == true, "\(String(describing: error))")
}

/// Files that are called checkpoints and are none are named for what they are, and what to do is told.
@Test(
    arguments: [
        (Array("GGUF\u{3}\0\0\0".utf8) + [0, 0, 0, 0], "GGUF"), (Array("PK\u{3}\u{4}archive/data.pkl".utf8), "pickle"),
        ([0x80, 2, 0x7D, 0x71, 0, 0x28, 0x58, 5, 0, 0], "pickle"), ([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0], "pickle"),
        (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "Git LFS"),
        (Array("\n<!DOCTYPE html><html>".utf8), "web page"), (Array(#"{"error":"Repository not found"}"#.utf8), "download"),
        // A header of 0x120308 bytes, cut off, begins as ONNX files do.
        ([8, 3, 0x12, 0, 0, 0, 0, 0] + Array(#"{"a":"#.utf8), "1180424"),
    ] as [([UInt8], String)])
func filesOfOtherKindsAreNamed(_ bytes: [UInt8], _ kind: String) throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("model.safetensors")
    try Data(bytes).write(to: file)
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file) }
    #expect(error?.description.contains(kind) == true, "\(String(describing: error))")
}

/// The first local header of a ZIP archive.
private func zip(_ name: String) -> [UInt8] {
    [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
}

/// Whatever a file is called: what its content tells goes before its ending, and where nothing tells, the ending is not believed either.
@Test(
    arguments: [
        ("fake.ckpt", Array("not a checkpoint at all".utf8), "no file of weights that is known, though its name ends in .ckpt"),
        ("fake.PT", [1], "ends in .pt"), ("fake.pth", [UInt8](repeating: 0, count: 100), "ends in .pth"),
        ("fake.bin", Array("\u{1F}\u{1F}\u{1F}".utf8), "ends in .bin"), ("fake.gguf", Array("GGUX, nearly".utf8), "ends in .gguf"),
        ("fake.onnx", Array("onnx".utf8), "ends in .onnx"), ("model.ckpt", [0x80, 2, 0x7D, 0x71], "a pickle of torch"),
        ("model.safetensors", zip("archive/data.pkl"), "a pickle of torch"), ("model.ckpt", zip("loras/"), "a ZIP archive"),
        ("model.safetensors", zip("loras/hat.safetensors"), "a ZIP archive"),
        ("lora.zip", zip("hat.safetensors"), "a ZIP archive"), ("a.ckpt", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], "a picture (PNG)"),
        ("a.safetensors", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46, 0x49, 0x46], "a picture (JPEG)"),
        ("a.safetensors", Array("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ".utf8), "a picture (WebP)"),
        ("a.safetensors", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "an archive (gzip)"),
        // A header that is no header stays what it is called.
        ("a.safetensors", Array("not a checkpoint at all".utf8), "no usable safetensors file: it does not begin with a header"),
        ("a", [1, 2, 3], "no usable safetensors file"),
        ("cut.ckpt", [200, 0, 0, 0, 0, 0, 0, 0] + Array(#"{"a":"#.utf8), "no usable safetensors file"),
    ] as [(String, [UInt8], String)])
func anEndingIsNotBelieved(_ name: String, _ bytes: [UInt8], _ told: String) throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file) }
    let said = error?.description ?? ""
    #expect(said.contains(told) && said.contains(name) && !said.contains("\n"), "\(said)")
    #expect((SafetensorsFile.foreignKind(of: file) == nil) == said.contains("no usable safetensors file"), "\(said)")
}
