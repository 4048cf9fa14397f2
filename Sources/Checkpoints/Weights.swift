import FoundationEssentials
import Synchronization
import Tensors

/// A scope of a checkpoint: `weights["down_blocks"][0]["resnets"][1]` reads like the checkpoint's own path.
///
/// Every tensor is asked for by name and shape, and what was asked for is remembered, so that `requireAllRead` can tell a checkpoint of
/// another architecture from one that was understood.
public struct Weights: Sendable {
    private let checkpoint: Checkpoint
    /// The scope's path, without a trailing dot; empty at the root.
    public let path: String

    /// - Parameter files: one file, or the shards of a checkpoint, whose names must not repeat.
    public init(_ files: SafetensorsFile...) throws(CheckpointError) {
        try self.init(files: files)
    }

    /// - Parameter renaming: takes a name in the files to the name readers ask for; nil leaves the tensor out.
    public init(
        files: [SafetensorsFile], renaming: (String) -> String? = { $0 }
    ) throws(CheckpointError) {
        checkpoint = try Checkpoint(files: files, renaming: renaming)
        path = ""
    }

    /// Opens the file at `url`.
    public init(url: URL) throws(CheckpointError) {
        try self.init(files: [try SafetensorsFile(url)])
    }

    private init(checkpoint: Checkpoint, path: String) {
        self.checkpoint = checkpoint
        self.path = path
    }

    /// The scope below this one.
    public subscript(_ part: String) -> Weights {
        Weights(checkpoint: checkpoint, path: join(part))
    }

    /// The scope of an element of a list of modules.
    public subscript(_ index: Int) -> Weights {
        self[String(index)]
    }

    private func join(_ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// Whether there is a tensor of this name, or anything below a scope of this name.
    public func has(_ name: String) -> Bool {
        let full = join(name)
        return checkpoint.places[full] != nil || checkpoint.sortedNames.contains { $0.hasPrefix(full + ".") }
    }

    /// The names of the tensors in this scope, relative to it, sorted; scales of int8 tensors are left out.
    public func names() -> [String] {
        let prefix = path.isEmpty ? "" : path + "."
        return checkpoint.sortedNames.filter { $0.hasPrefix(prefix) && !checkpoint.isScale($0) }.map { String($0.dropFirst(prefix.count)) }
    }

    /// The shape a tensor has in the checkpoint.
    public func shape(of name: String) throws(CheckpointError) -> Shape {
        let (file, stored) = try checkpoint.place(join(name))
        return try file.shape(of: stored)
    }

    /// A tensor as 32-bit floats, whatever the file holds; its shape must be `shape`.
    ///
    /// An I8 tensor with a companion `<name>.scale` of one number for each row is multiplied out.
    public func tensor(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let full = join(name)
        let (file, stored) = try checkpoint.place(full)
        let found = try file.shape(of: stored)
        guard found == shape else { throw .misshapen(full, expected: shape, found: found, file: file.path) }
        checkpoint.markRead(full)
        guard let scales = try scales(full, rows: shape.dimensions.first ?? 1, type: file.elementType(of: stored)) else {
            return try file.tensor(stored)
        }
        return try file.tensor(stored, scaledBy: scales)
    }

    /// A matrix `[rows, width]` of which only some rows will be needed, such as a vocabulary's embeddings: nothing is converted yet.
    public func table(_ name: String, rows: Int, width: Int) throws(CheckpointError) -> RowTable {
        let full = join(name)
        let (file, stored) = try checkpoint.place(full)
        let found = try file.shape(of: stored)
        guard found == [rows, width] else { throw .misshapen(full, expected: [rows, width], found: found, file: file.path) }
        checkpoint.markRead(full)
        let scales = try scales(full, rows: rows, type: file.elementType(of: stored))
        return RowTable(file: file, name: stored, rows: rows, width: width, scales: scales)
    }

    private func scales(_ full: String, rows: Int, type: ElementType) throws(CheckpointError) -> Tensor? {
        let name = full + Checkpoint.scaleSuffix
        guard type == .i8, checkpoint.places[name] != nil else { return nil }
        let (file, stored) = try checkpoint.place(name)
        let found = try file.shape(of: stored)
        guard found.count == rows else { throw .misshapen(name, expected: [rows], found: found, file: file.path) }
        checkpoint.markRead(name)
        return try file.tensor(stored)
    }

    /// Counts tensors as read that are known and not needed, such as `position_ids`.
    public func ignore(_ names: String...) {
        for name in names {
            checkpoint.markRead(join(name))
        }
    }

    /// Throws where tensors of this scope were never asked for.
    public func requireAllRead() throws(CheckpointError) {
        let prefix = path.isEmpty ? "" : path + "."
        let unread = checkpoint.unread(prefix: prefix)
        guard unread.isEmpty else { throw .unread(unread, file: checkpoint.description) }
    }
}

/// Rows of a matrix, converted to floats as they are asked for.
public struct RowTable: Sendable {
    fileprivate let file: SafetensorsFile
    fileprivate let name: String
    public let rows: Int
    public let width: Int
    fileprivate let scales: Tensor?

    /// `[indices.count, width]`. Each index must be within `0..<rows`.
    public func gather(_ indices: [Int]) throws(CheckpointError) -> Tensor {
        if let wrong = indices.first(where: { !(0..<rows).contains($0) }) {
            throw .badTensor(name, file: file.path, reason: "has \(rows) rows and was asked for row \(wrong)")
        }
        return try file.rows(indices, of: name, scales: scales)
    }
}

/// The files behind the scopes, and which of their tensors were read.
private final class Checkpoint: Sendable {
    static let scaleSuffix = ".scale"

    let places: [String: (file: SafetensorsFile, stored: String)]
    let sortedNames: [String]
    let description: String
    private let read = Mutex<Set<String>>([])

    init(files: [SafetensorsFile], renaming: (String) -> String?) throws(CheckpointError) {
        var places: [String: (file: SafetensorsFile, stored: String)] = [:]
        for file in files {
            for stored in file.names {
                guard let name = renaming(stored) else { continue }
                guard places[name] == nil else { throw .badTensor(name, file: file.path, reason: "is also in another file") }
                places[name] = (file, stored)
            }
        }
        self.places = places
        sortedNames = places.keys.sorted()
        description = files.map(\.path).joined(separator: ", ")
    }

    func place(_ name: String) throws(CheckpointError) -> (file: SafetensorsFile, stored: String) {
        guard let place = places[name] else { throw .missing(name, file: description) }
        return place
    }

    func isScale(_ name: String) -> Bool {
        name.hasSuffix(Self.scaleSuffix) && places[String(name.dropLast(Self.scaleSuffix.count))] != nil
    }

    func markRead(_ name: String) {
        _ = read.withLock { $0.insert(name) }
    }

    func unread(prefix: String) -> [String] {
        read.withLock { read in sortedNames.filter { $0.hasPrefix(prefix) && !read.contains($0) } }
    }
}
