import FoundationEssentials
import Synchronization
import Tensors

/// A scope of a checkpoint: `weights["down_blocks"][0]["resnets"][1]` reads like the checkpoint's own path.
///
/// Every tensor is asked for by name and shape, and what was asked for is remembered, so that `requireAllRead` can tell a checkpoint of
/// another architecture from one that was understood.
package struct Weights: Sendable {
    private let checkpoint: Checkpoint
    /// The scope's path, without a trailing dot; empty at the root.
    package let path: String
    /// How layers hold what they read of it.
    package private(set) var holding = WeightHolding()

    /// - Parameter files: one file, or the shards of a checkpoint, whose names must not repeat.
    package init(_ files: SafetensorsFile...) throws(CheckpointError) {
        try self.init(files: files)
    }

    /// - Parameter renaming: takes a name in the files to the name readers ask for; nil leaves the tensor out.
    package init(
        files: [SafetensorsFile], renaming: (String) -> String? = { $0 }
    ) throws(CheckpointError) {
        try self.init(files: files) { name in renaming(name).map { [TensorPlace($0)] } ?? [] }
    }

    /// - Parameter places: takes a name in the files to the places readers know it under: several where a stored tensor is made of parts,
    ///   none where it is not needed.
    package init(files: [SafetensorsFile], places: (String) -> [TensorPlace]) throws(CheckpointError) {
        try self.init(files: files) { _, name in places(name) }
    }

    /// The same where it depends on the file as well, because names repeat.
    package init(files: [SafetensorsFile], places: (SafetensorsFile, String) -> [TensorPlace]) throws(CheckpointError) {
        checkpoint = try Checkpoint(files: files, places: places)
        path = ""
    }

    /// These weights with something added to some of them whenever they are read.
    ///
    /// - Parameter additions: by the name of a tensor that is there, relative to this scope.
    package func adding(_ additions: [String: [any WeightAddition]]) throws(CheckpointError) -> Weights {
        let additions = Dictionary(uniqueKeysWithValues: additions.map { (join($0.key), $0.value) })
        return Weights(checkpoint: try Checkpoint(checkpoint, additions: additions), path: path, holding: holding)
    }

    /// Opens the file at `url`.
    package init(url: URL) throws(CheckpointError) {
        try self.init(files: [try SafetensorsFile(url)])
    }

    private init(checkpoint: Checkpoint, path: String, holding: WeightHolding) {
        self.checkpoint = checkpoint
        self.path = path
        self.holding = holding
    }

    /// Lets go of what of its files stands in memory: what was packed, and all that small tensors were read with. It comes back when it is
    /// touched.
    package func letGoOfPages() { checkpoint.letGoOfPages() }

    /// The stretches of files that the scope's tensors lie in, as they follow one another there.
    ///
    /// - Parameter omitting: leaves tensors out by their names: tables of which a few rows are read.
    package func fileParts(omitting isOmitted: (String) -> Bool = { _ in false }) throws(CheckpointError) -> [FilePart] {
        try checkpoint.fileParts(names().filter { !isOmitted($0) }.map(join))
    }

    /// The same scope, its layers to be held in another way.
    package func held(_ holding: WeightHolding) -> Weights {
        Weights(checkpoint: checkpoint, path: path, holding: holding)
    }

    /// The scope below this one.
    package subscript(_ part: String) -> Weights {
        Weights(checkpoint: checkpoint, path: join(part), holding: holding)
    }

    /// The scope of an element of a list of modules.
    package subscript(_ index: Int) -> Weights {
        self[String(index)]
    }

    private func join(_ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// Whether there is a tensor of this name, or anything below a scope of this name.
    package func has(_ name: String) -> Bool {
        let full = join(name)
        return checkpoint.places[full] != nil || checkpoint.hasScope(full + ".")
    }

    /// The names of the tensors in this scope, relative to it, sorted; scales of int8 tensors are left out.
    package func names() -> [String] {
        let prefix = path.isEmpty ? "" : path + "."
        return checkpoint.sortedNames.filter { $0.hasPrefix(prefix) && !checkpoint.isScale($0) }.map { String($0.dropFirst(prefix.count)) }
    }

    /// The shape a tensor has in the checkpoint.
    package func shape(of name: String) throws(CheckpointError) -> Shape {
        try checkpoint.place(join(name)).shape()
    }

    /// The shape a tensor has in the checkpoint, where an architecture is seen from it.
    ///
    /// - Throws: `CheckpointError.misranked` unless it has one of these numbers of dimensions, each at least 1.
    package func shape(of name: String, ranks: Int...) throws(CheckpointError) -> Shape {
        let found = try shape(of: name)
        guard ranks.contains(found.rank), found.dimensions.allSatisfy({ $0 > 0 }) else {
            throw .misranked(join(name), expected: ranks, found: found, file: checkpoint.description)
        }
        return found
    }

    /// How the file stores a tensor's numbers.
    package func elementType(of name: String) throws(CheckpointError) -> ElementType {
        let place = try checkpoint.place(join(name))
        return try place.file.elementType(of: place.stored)
    }

    /// A tensor as 32-bit floats, whatever the file holds; its shape must be `shape`.
    ///
    /// An I8 tensor with a companion `<name>.scale` of one number for each row is multiplied out, and so is one of eight-bit floats with a
    /// companion `scale_weight` or `weight_scale` beside its `weight`, of one number or of one for each row.
    package func tensor(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        // Between tensors is where loading gigabytes can be given up.
        guard !Parallel.isInterrupted else { throw .interrupted(file: checkpoint.description) }
        let full = join(name)
        let place = try checkpoint.place(full)
        let found = try place.shape()
        guard found == shape else { throw .misshapen(full, expected: shape, found: found, file: place.file.path) }
        checkpoint.markRead(full)
        var tensor = try stored(full, place)
        for addition in checkpoint.additions[full] ?? [] { tensor = try addition.added(to: tensor) }
        // Norms and the weights of attention swallow what is no number, and the picture is only another one. Where matrices stay in
        // their files until they are used, nothing is read for this.
        guard holding.packsAtSecondUse || tensor.isFinite else { throw .notFinite(full, file: place.file.path) }
        return tensor
    }

    /// A weight for products, `[outputs, …]`, packed and held as this scope says.
    package func matrix(_ name: String, _ shape: Shape) throws(CheckpointError) -> PackedMatrix {
        let format = try format(name)
        if format == .f32, holding.packsAtSecondUse { return PackedMatrix(mapped: try tensor(name, shape)) }
        if let halves = try halves(name, shape) { return PackedMatrix(halves, format: format) }
        return PackedMatrix(try tensor(name, shape), format: format)
    }

    /// A weight of a convolution, `[outputs, inputs / groups, height, width]`, packed and held as this scope says.
    package func convolution(_ name: String, _ shape: Shape, groups: Int) throws(CheckpointError) -> PackedConvolution {
        let (format, keeps) = (try format(name), holding.keepsTransforms)
        let inBytes = holding.convolutionsInBytes
        if let halves = try halves(name, shape) {
            return PackedConvolution(halves, groups: groups, format: format, keepsTransform: keeps, inBytes: inBytes)
        }
        return PackedConvolution(try tensor(name, shape), groups: groups, format: format, keepsTransform: keeps, inBytes: inBytes)
    }

    /// What `tensor` gives, where it lies in its file in two bytes a number and nothing is done to it; else nil, and nothing is said about it.
    private func halves(_ name: String, _ shape: Shape) throws(CheckpointError) -> HalfWeight? {
        let full = join(name)
        guard let place = checkpoint.places[full], !place.isTransposed, checkpoint.additions[full] == nil, try place.shape() == shape else {
            return nil
        }
        let rows = shape[0]
        let range = place.parts > 1 ? place.part * rows..<(place.part + 1) * rows : nil
        guard let halves = try place.file.halves(place.stored, rows: range) else { return nil }
        guard !Parallel.isInterrupted else { throw .interrupted(file: checkpoint.description) }
        checkpoint.markRead(full)
        guard holding.packsAtSecondUse || halves.isFinite else { throw .notFinite(full, file: place.file.path) }
        return halves
    }

    /// Numbers that are stored in one or two bytes stay as they are (bfloat16 holds every eight-bit float); others lose their lower bits.
    private func format(_ name: String) throws(CheckpointError) -> WeightFormat {
        guard holding.arithmetic == .f32 else { return holding.format }
        guard holding.inHalves else { return .f32 }
        return .halves(try elementType(of: name) == .f16 ? .f16 : .bf16)
    }

    /// A matrix `[rows, width]` of which only some rows will be needed, such as a vocabulary's embeddings: nothing is converted yet.
    package func table(_ name: String, rows: Int, width: Int) throws(CheckpointError) -> RowTable {
        let full = join(name)
        let place = try checkpoint.place(full)
        let found = try place.shape()
        guard found == [rows, width], !place.isTransposed, place.parts == 1 else {
            throw .misshapen(full, expected: [rows, width], found: found, file: place.file.path)
        }
        checkpoint.markRead(full)
        var adapted: Tensor?
        let additions = checkpoint.additions[full] ?? []
        let scale = try eightBitScale(full, place)
        if !additions.isEmpty || scale != nil {
            var tensor = try stored(full, place)
            for addition in additions { tensor = try addition.added(to: tensor) }
            adapted = tensor
        }
        return RowTable(
            file: place.file, name: place.stored, rows: rows, width: width, scales: try scales(full, place), adapted: adapted)
    }

    /// A tensor as the file means it.
    private func stored(_ full: String, _ place: Place) throws(CheckpointError) -> Tensor {
        let tensor = try place.tensor(scales: scales(full, place))
        guard let scale = try eightBitScale(full, place) else { return tensor }
        guard scale.count > 1 else { return tensor * scale.values[0] }
        let width = tensor.count / scale.count
        return Tensor(shape: tensor.shape) { target in
            tensor.withUnsafeValues { values in
                scale.withUnsafeValues { scale in for index in target.indices { target[index] = values[index] * scale[index / width] } }
            }
        }
    }

    /// The factor of a weight that was brought into the range of eight-bit floats: of all of it, or of each row.
    private func eightBitScale(_ full: String, _ place: Place) throws(CheckpointError) -> Tensor? {
        guard [.f8e4m3, .f8e5m2].contains(try place.file.elementType(of: place.stored)), let name = checkpoint.eightBitScale(of: full)
        else {
            return nil
        }
        let scale = try checkpoint.place(name).tensor(scales: nil)
        let rows = try place.shape().dimensions.first ?? 1
        guard scale.count == 1 || scale.count == rows else {
            throw .misshapen(name, expected: [rows], found: scale.shape, file: place.file.path)
        }
        checkpoint.markRead(name)
        return scale
    }

    private func scales(_ full: String, _ place: Place) throws(CheckpointError) -> Tensor? {
        let name = full + Checkpoint.scaleSuffix
        guard try place.file.elementType(of: place.stored) == .i8 else { return nil }
        // Raw whole numbers of eight bits are no weights: whoever made them kept their scale elsewhere.
        guard let scales = checkpoint.places[name] else {
            throw .unsupportedElements(full, type: "I8 (without a tensor \(Checkpoint.scaleSuffix) beside it)", file: place.file.path)
        }
        let (found, rows) = (try scales.file.shape(of: scales.stored), try place.shape().dimensions.first ?? 1)
        guard found.count == rows else { throw .misshapen(name, expected: [rows], found: found, file: scales.file.path) }
        checkpoint.markRead(name)
        return try scales.file.tensor(scales.stored)
    }

    /// Counts tensors as read that are known and not needed, such as `position_ids`.
    package func ignore(_ names: String...) {
        for name in names {
            checkpoint.markRead(join(name))
        }
    }

    /// Throws where tensors of this scope were never asked for.
    package func requireAllRead() throws(CheckpointError) {
        let prefix = path.isEmpty ? "" : path + "."
        let unread = checkpoint.unread(prefix: prefix)
        guard unread.isEmpty else { throw .unread(unread, file: checkpoint.description) }
    }
}

/// A tensor in a file, or a part of one.
private struct Place: Sendable {
    let file: SafetensorsFile
    let stored: String
    let part: Int
    let parts: Int
    let isTransposed: Bool

    func shape() throws(CheckpointError) -> Shape {
        var dimensions = try file.shape(of: stored).dimensions
        if parts > 1 {
            guard let rows = dimensions.first, rows % parts == 0 else {
                throw .badTensor(stored, file: file.path, reason: "of shape \(Shape(dimensions)) has no \(parts) equal parts")
            }
            dimensions[0] = rows / parts
        }
        return Shape(isTransposed ? dimensions.reversed() : dimensions)
    }

    func tensor(scales: Tensor?) throws(CheckpointError) -> Tensor {
        if let scales { return try file.tensor(stored, scaledBy: scales) }
        var tensor = try file.tensor(stored)
        if parts > 1 {
            let rows = tensor.shape[0] / parts
            tensor = tensor.sliced(part * rows..<(part + 1) * rows)
        }
        return isTransposed ? tensor.transposed() : tensor
    }
}

/// The files behind the scopes, and which of their tensors were read.
private final class Checkpoint: Sendable {
    static let scaleSuffix = ".scale"

    let places: [String: Place]
    let additions: [String: [any WeightAddition]]
    let sortedNames: [String]
    let description: String
    private let read = Mutex<Set<String>>([])
    /// Whether all that is wanted of it was read once.
    private let isDoneWith = Atomic(false)

    init(files: [SafetensorsFile], places map: (SafetensorsFile, String) -> [TensorPlace]) throws(CheckpointError) {
        var places: [String: Place] = [:]
        for file in files {
            for stored in file.names {
                for place in map(file, stored) {
                    guard places[place.name] == nil else {
                        throw .badTensor(place.name, file: file.path, reason: "is there twice, or also in another file")
                    }
                    places[place.name] = Place(
                        file: file, stored: stored, part: place.part, parts: place.parts, isTransposed: place.isTransposed)
                }
            }
        }
        self.places = places
        additions = [:]
        sortedNames = places.keys.sorted()
        description = files.map(\.path).joined(separator: ", ")
    }

    /// Lets go of what of the files stands in memory.
    func letGoOfPages() {
        isDoneWith.store(true, ordering: .relaxed)
        let files = Dictionary(places.values.map { (ObjectIdentifier($0.file), $0.file) }) { first, _ in first }
        files.values.forEach { $0.letGoOfPages() }
    }

    func fileParts(_ names: [String]) throws(CheckpointError) -> [FilePart] {
        // Two names may share a stored tensor, of which each takes some rows.
        var stored: [ObjectIdentifier: (file: SafetensorsFile, places: [Range<Int>])] = [:]
        for name in names {
            let place = try place(name)
            stored[ObjectIdentifier(place.file), default: (place.file, [])].places.append(try place.file.place(of: place.stored))
        }
        return stored.values.sorted { $0.file.path < $1.file.path }.flatMap { file, places in
            var joined: [Range<Int>] = []
            for place in places.sorted(by: { $0.lowerBound < $1.lowerBound }) where !place.isEmpty {
                if let last = joined.last, place.lowerBound <= last.upperBound {
                    joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, place.upperBound)
                } else {
                    joined.append(place)
                }
            }
            return joined.map { FilePart(file: file, bytes: $0) { self.isDoneWith.load(ordering: .relaxed) } }
        }
    }

    /// The same files with more additions.
    init(_ other: Checkpoint, additions: [String: [any WeightAddition]]) throws(CheckpointError) {
        if let unknown = additions.keys.sorted().first(where: { other.places[$0] == nil }) {
            throw .missing(unknown, file: other.description)
        }
        places = other.places
        self.additions = other.additions.merging(additions) { $0 + $1 }
        sortedNames = other.sortedNames
        description = other.description
    }

    func place(_ name: String) throws(CheckpointError) -> Place {
        guard let place = places[name] else { throw .missing(name, file: description) }
        return place
    }

    /// Whether a name begins with `prefix`.
    func hasScope(_ prefix: String) -> Bool {
        var (low, high) = (0, sortedNames.count)
        while low < high {
            let middle = (low + high) / 2
            if sortedNames[middle] < prefix { low = middle + 1 } else { high = middle }
        }
        return low < sortedNames.count && sortedNames[low].hasPrefix(prefix)
    }

    func isScale(_ name: String) -> Bool {
        if name.hasSuffix(Self.scaleSuffix), places[String(name.dropLast(Self.scaleSuffix.count))] != nil { return true }
        guard let ending = Self.eightBitScales.first(where: { name.hasSuffix($0) }) else { return false }
        return places[name.dropLast(ending.count) + ".weight"] != nil
    }

    /// Endings that stand beside `.weight`.
    private static let eightBitScales = [".scale_weight", ".weight_scale"]

    func eightBitScale(of name: String) -> String? {
        guard name.hasSuffix(".weight") else { return nil }
        return Self.eightBitScales.map { name.dropLast(".weight".count) + $0 }.first { places[$0] != nil }
    }

    func markRead(_ name: String) {
        _ = read.withLock { $0.insert(name) }
    }

    func unread(prefix: String) -> [String] {
        read.withLock { read in sortedNames.filter { $0.hasPrefix(prefix) && !read.contains($0) } }
    }
}
