/// What can go wrong with an engine that is reached over HTTP. `engine` is its address, without credentials.
package enum HTTPEngineError: Error, Equatable, CustomStringConvertible {
    case unreachable(engine: String, reason: String)
    /// The connection ended in the middle of an answer.
    case cutOff(engine: String)
    case tooSlow(engine: String, path: String, seconds: Int)
    /// Nothing was heard of a run for so long.
    case silent(engine: String, seconds: Int)
    case unauthorized(engine: String)
    /// It answers, but not to this API.
    case speaksOtherwise(engine: String, path: String)
    case redirects(engine: String, to: String)
    /// `message` is its own.
    case refused(engine: String, path: String, status: Int, message: String)
    case unreadable(engine: String, path: String, reason: String)
    case tooLarge(engine: String, path: String, bytes: Int)
    case noPicture(engine: String)
    case damagedPicture(engine: String, reason: String)
    case pictureSize(engine: String, found: String, wanted: String)
    /// No engine has the model; `known` are the models there are.
    case noModel(name: String, engines: String, known: [String])
    case noUsualModel(engine: String)
    case noSampler(name: String, engine: String, known: [String])
    /// Two engines were tried for one picture.
    case failedTwice(first: String, second: String)

    /// Whether the server may go on with what nobody waits for any more.
    var leavesWorkBehind: Bool {
        switch self {
        case .silent, .cutOff: true
        default: false
        }
    }

    /// Whether it speaks against the server, whatever it was asked for. What one request was refused for, the next need not be.
    var isOfServer: Bool {
        switch self {
        case .unreachable, .cutOff, .tooSlow, .silent, .unreadable, .tooLarge, .damagedPicture: true
        case .refused(_, _, let status, _): status >= 500
        default: false
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let engine, let reason):
            "\(engine) cannot be reached (\(reason)); is the server running, with its API switched on?"
        case .cutOff(let engine): "\(engine) ended the connection in the middle of its answer; see what its own log says"
        case .tooSlow(let engine, let path, let seconds):
            "\(engine) did not answer \(path) within \(seconds) s; try again once it is less busy"
        case .silent(let engine, let seconds):
            "nothing was heard of \(engine) for \(seconds) s while it made a picture; see whether it is still running"
        case .unauthorized(let engine):
            "\(engine) wants a user name and a password; write them into its address: http://name:password@host:port"
        case .speaksOtherwise(let engine, let path):
            "\(engine) answers, but has no \(path); start the server with its API switched on (--api), or name another address"
        case .redirects(let engine, let target): "\(engine) sends callers on to \(target); name that address if it is the right one"
        case .refused(let engine, let path, let status, let message):
            "\(engine) refused \(path) (\(status)\(message.isEmpty ? "" : ": " + message)); see what its own log says"
        case .unreadable(let engine, let path, let reason):
            "\(engine) answered \(path) with what cannot be read (\(reason)); is it a server that speaks /sdapi/v1?"
        case .tooLarge(let engine, let path, let bytes):
            "\(engine) answered \(path) with more than \(bytes >> 20) MB, which is not read; is it a server that speaks /sdapi/v1?"
        case .noPicture(let engine): "\(engine) answered without a picture; see what its own log says"
        case .damagedPicture(let engine, let reason): "\(engine) sent a picture that cannot be read: \(reason)"
        case .pictureSize(let engine, let found, let wanted):
            "\(engine) sent a picture of \(found) where \(wanted) was asked for; ask for that size, or name another engine"
        case .noModel(let name, let engines, let known):
            "\(engines) has no model \(name); there \(known.count == 1 ? "is" : "are") " + Self.list(known)
        case .noUsualModel(let engine): "\(engine) does not say which model it has loaded; name one"
        case .noSampler(let name, let engine, let known): "\(engine) has no sampler \(name); there are " + Self.list(known)
        case .failedTwice(let first, let second): "two engines failed: \(first); then \(second)"
        }
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        return names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }
}
