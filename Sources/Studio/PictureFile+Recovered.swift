import Analysis
import Foundation
import Glibc
import Pixels

/// The prompts that a picture's file carries, or the text file beside it, and what could not be read of them.
public struct Recovery: Sendable {
    /// The most telling first.
    public let prompts: [RecoveredPrompt]
    /// In words; nearly always none.
    public let notes: [String]
}

extension PictureFile {
    /// Looks into the picture's texts and into `photo.txt` or `photo.jpg.txt` beside it.
    ///
    /// Texts are no reason to refuse a picture: what cannot be read is told in the notes.
    public func recovery() -> Recovery {
        var notes = (try? ImageFile.unreadTexts(of: bytes)) ?? []
        let sidecar = sidecar(notes: &notes)
        let texts = (try? ImageFile.text(of: bytes)) ?? [:]
        return Recovery(prompts: RecoveredPrompts.find(in: texts, isPNG: format == .png, sidecar: sidecar), notes: notes)
    }

    private func sidecar(notes: inout [String]) -> (name: String, text: String)? {
        let picture = URL(fileURLWithPath: ScreeningDesk.storedPath(path))
        for file in [picture.deletingPathExtension().appendingPathExtension("txt"), picture.appendingPathExtension("txt")] {
            var status = stat()
            guard stat(file.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { continue }
            let name = file.lastPathComponent
            guard status.st_size <= RecoveredPrompts.longestCaption else {
                notes.append("\(name) is \(status.st_size) bytes long, too long for a caption (\(RecoveredPrompts.longestCaption) at most)")
                continue
            }
            guard let bytes = try? FileBytes.read(file) else {
                notes.append("\(name) cannot be read")
                continue
            }
            let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
            guard let text = String(validating: body, as: UTF8.self), !text.contains("\0") else {
                notes.append("\(name) is no UTF-8 text")
                continue
            }
            return (name, text)
        }
        return nil
    }
}
