import Dispatch
import Foundation
import Pixels
import Synchronization

/// Paths of pictures as they come, from folders, from arguments and from standard input. A thread of its own looks for them, some hundred
/// ahead of whoever takes them: a hundred thousand files are never in memory together.
package final class PictureListing: Sendable {
    /// Where paths are from.
    package enum Source: Sendable, Hashable {
        /// A picture, or a folder of pictures.
        case path(String)
        /// Paths on standard input, one a line.
        case standardInput
    }

    /// What comes of a source.
    enum Entry: Sendable {
        case picture(String)
        /// A source, or a part of one, that gives no pictures, and why.
        case problem(String)
    }

    private enum Taken {
        case entry(Entry)
        case nothingYet
        case end
    }

    private struct State {
        var waiting: [Entry] = []
        var isEnded = false
        var isAbandoned = false
        var taker: CheckedContinuation<Void, Never>?
    }

    private let sources: [Source]
    private let isRecursive: Bool
    private let shard: Shard?
    private let state = Mutex(State())
    private let room = DispatchSemaphore(value: 0)
    private let counted = Mutex<Int?>(nil)

    private let unread = Mutex<[String: Int]>([:])
    private let others = Mutex(0)

    /// - Parameters:
    ///   - isRecursive: whether folders in folders are looked into.
    ///   - shard: the part of the pictures that is given out; what cannot be listed is a problem of every part.
    ///   - counts: whether folders are counted beforehand, on another thread, for ``total``.
    package init(_ sources: [Source], isRecursive: Bool = true, shard: Shard? = nil, counts: Bool = false, ahead: Int = 256) {
        self.sources = sources
        self.isRecursive = isRecursive
        self.shard = shard
        // Not its initial value: libdispatch wants that back before it lets a semaphore go.
        for _ in 0..<ahead { room.signal() }
        Thread.detachNewThread { [self] in list() }
        if counts, !sources.contains(.standardInput) { Thread.detachNewThread { [self] in count() } }
    }

    /// How many pictures there are in all, once that is known; standard input does not tell beforehand.
    package var total: Int? { counted.withLock { $0 } }

    /// Files in folders that people take for pictures and that are not read: how many there were so far, by extension.
    package var passedOver: [String: Int] { unread.withLock { $0 } }

    /// Pictures of other shards that were come by so far.
    package var ofOtherShards: Int { others.withLock { $0 } }

    // MARK: Taking

    /// The next entry, waited for; nil at the end, or when the task is cancelled.
    func next() async -> Entry? {
        while !Task.isCancelled {
            switch take() {
            case .entry(let entry): return entry
            case .end: return nil
            case .nothingYet: await somethingNew()
            }
        }
        return nil
    }

    /// The next entry if there is one already.
    func ready() -> Entry? {
        if case .entry(let entry) = take() { entry } else { nil }
    }

    /// Ends the looking; nobody takes any more.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        room.signal()
    }

    private func take() -> Taken {
        let taken: Taken = state.withLock { state in
            if !state.waiting.isEmpty { return .entry(state.waiting.removeFirst()) }
            return state.isEnded ? .end : .nothingYet
        }
        if case .entry = taken { room.signal() }
        return taken
    }

    private func somethingNew() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isHere = state.withLock { state in
                    // It may have come in between.
                    if !state.waiting.isEmpty || state.isEnded || Task.isCancelled { return true }
                    state.taker = continuation
                    return false
                }
                if isHere { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }

    private func wake() {
        let taker = state.withLock { state in
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume()
    }

    // MARK: Looking

    /// - Returns: whether more is wanted.
    private func give(_ entry: Entry) -> Bool {
        room.wait()
        let goesOn = state.withLock { state in
            if !state.isAbandoned { state.waiting.append(entry) }
            return !state.isAbandoned
        }
        wake()
        return goesOn
    }

    private func list() {
        for source in sources {
            let goesOn =
                switch source {
                case .standardInput: listStandardInput()
                case .path(let path): list(path)
                }
            if !goesOn { break }
        }
        state.withLock { $0.isEnded = true }
        wake()
    }

    /// As ``give(_:)``, where the picture is of the shard that is listed.
    ///
    /// - Parameter name: what tells its shard.
    private func give(picture path: String, named name: some StringProtocol) -> Bool {
        guard let shard, !shard.holds(name) else { return give(.picture(path)) }
        others.withLock { $0 += 1 }
        return true
    }

    /// What a picture in a folder is called there, at whatever place the folder is mounted.
    private static func name(of path: String, below folder: String) -> Substring {
        path.dropFirst(folder.count).drop { $0 == "/" }
    }

    private func list(_ path: String) -> Bool {
        guard Self.isFolder(path) else { return give(picture: path, named: path) }
        let folder = path
        var count = 0
        let goesOn = FolderWalk(folder: path, isRecursive: isRecursive).visit { found in
            switch found {
            case .picture(let path):
                count += 1
                return give(picture: path, named: Self.name(of: path, below: folder))
            case .unreadableFolder(let path, let reason):
                count += 1
                return give(.problem("\(path) cannot be read: \(reason)"))
            case .passedOver(let kind):
                unread.withLock { $0[kind, default: 0] += 1 }
                return true
            }
        }
        guard count == 0 else { return goesOn }
        return give(.problem("\(path) holds no picture that Redraw can read\(isRecursive ? "" : " (folders in it are not looked into)")"))
    }

    /// Lines that are no paths, from which on the list is none.
    private static let mostStrangeLines = 20

    private func listStandardInput() -> Bool {
        var strange = 0
        var lines = InputLines()
        while let line = lines.next() {
            // Names may be of any bytes, but most lines that look so are none. A picture's own bytes are many such lines.
            let isStrange = SystemPath.isForeign(line) || line.unicodeScalars.contains { $0.properties.generalCategory == .control }
            guard !isStrange || SystemPath.kind(of: NSString(string: line).expandingTildeInPath, following: false) != nil else {
                strange += 1
                guard strange < Self.mostStrangeLines else {
                    return give(.problem("standard input is no list of paths; give a picture's path, not its bytes"))
                }
                guard give(.problem("a line of standard input is no path that can be read: \(line.prefix(200))")) else { return false }
                continue
            }
            if !line.isEmpty, !list(line) { return false }
        }
        return true
    }

    private func count() {
        var count = 0
        for case .path(let source) in sources {
            guard Self.isFolder(source) else {
                if shard?.holds(source) ?? true { count += 1 }
                continue
            }
            FolderWalk(folder: source, isRecursive: isRecursive).visit { found in
                if case .picture(let path) = found, shard?.holds(Self.name(of: path, below: source)) ?? true { count += 1 }
                return !state.withLock { $0.isAbandoned }
            }
        }
        counted.withLock { $0 = count }
    }

    /// Whether anything of that name is there, `~` being a person's home.
    package static func exists(_ path: String) -> Bool {
        SystemPath.kind(of: NSString(string: path).expandingTildeInPath) != nil
    }

    /// Whether a folder, or a link to one, is there.
    package static func isFolder(_ path: String) -> Bool {
        SystemPath.kind(of: NSString(string: path).expandingTildeInPath) == .folder
    }
}
