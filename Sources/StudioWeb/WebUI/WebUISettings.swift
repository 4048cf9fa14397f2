import Studio
import Synchronization

/// What clients of `/sdapi/v1` set for all that follows; kept as long as the server runs.
final class WebUISettings: Sendable {
    struct Values: Sendable {
        /// Nil: the one that suits what is asked for.
        var model: String?
        var clipSkip: Int?
    }

    private let state = Mutex(Values())

    var values: Values { state.withLock { $0 } }

    func change(_ body: (inout Values) -> Void) { state.withLock { body(&$0) } }

    /// A title is the name here; clients that made one of a name and a hash mean the name.
    static func name(ofModelTitled title: String) -> String {
        var name = title
        if name.hasSuffix("]"), let bracket = name.firstRange(of: " [") { name = String(name[..<bracket.lowerBound]) }
        for ending in [".safetensors", ".ckpt"] where name.hasSuffix(ending) { name = String(name.dropLast(ending.count)) }
        return name
    }
}
