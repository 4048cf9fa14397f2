import Foundation

/// Why a manifest could not be read.
package enum ManifestError: Error, Equatable, Sendable, CustomStringConvertible {
    case unreadable(path: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    case notJSON(path: String, reason: String)
    case missing(path: String, key: String)
    case unknownKey(path: String, key: String)
    case invalid(path: String, key: String, expected: String)
    case otherFolder(path: String, name: String, folder: String)

    package var description: String {
        switch self {
        case .unreadable(let path): "cannot read the manifest \(path)"
        case .tooLarge(let path, let bytes, let limit): "\(path) has \(bytes) bytes; a manifest may have \(limit)"
        case .notJSON(let path, let reason): "\(path) is no manifest: \(reason)"
        case .missing(let path, let key): "\(path): \"\(key)\" is missing"
        case .unknownKey(let path, let key): "\(path): \"\(key)\" is no key of a manifest; remove it or mend its spelling"
        case .invalid(let path, let key, let expected): "\(path): \"\(key)\" must be \(expected)"
        case .otherFolder(let path, let name, let folder): "\(path) is named \"\(name)\", but its folder is \"\(folder)\""
        }
    }
}

extension Manifest {
    /// Bytes in one manifest.
    package static let fileLimit = 1 << 20

    /// Reads `manifest.json`; anything missing, unknown or senseless is an error that names it.
    package init(contentsOf file: URL) throws(ManifestError) {
        let path = file.path
        guard let handle = try? FileHandle(forReadingFrom: file), let data = try? handle.read(upToCount: Self.fileLimit + 1) else {
            throw .unreadable(path: path)
        }
        guard data.count <= Self.fileLimit else {
            throw .tooLarge(path: path, bytes: data.count, limit: Self.fileLimit)
        }
        do {
            self = try JSONDecoder().decode(Manifest.self, from: data)
        } catch ManifestFault.unknownKey(let key) {
            throw .unknownKey(path: path, key: key)
        } catch ManifestFault.invalid(let key, let expected) {
            throw .invalid(path: path, key: key, expected: expected)
        } catch DecodingError.keyNotFound(let key, let context) {
            throw .missing(path: path, key: Self.spell(context.codingPath + [key]))
        } catch DecodingError.typeMismatch(let type, let context) {
            throw .invalid(path: path, key: Self.spell(context.codingPath), expected: "\(type)")
        } catch DecodingError.valueNotFound(let type, let context) {
            throw .invalid(path: path, key: Self.spell(context.codingPath), expected: "\(type), not null")
        } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
            throw .invalid(path: path, key: Self.spell(context.codingPath), expected: context.debugDescription)
        } catch {
            throw .notJSON(path: path, reason: "not valid JSON")
        }
    }

    private static func spell(_ path: [any CodingKey]) -> String {
        path.map { key in key.intValue.map(String.init) ?? key.stringValue }.joined(separator: ".")
    }
}
