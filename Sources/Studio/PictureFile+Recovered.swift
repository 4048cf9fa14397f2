import Analysis
import Foundation
import Glibc
import Pixels

/// The prompts that a picture's file carries, or the text file beside it, and what could not be read of them.
package struct Recovery: Sendable {
    /// The most telling first.
    package let prompts: [RecoveredPrompt]
    /// In words; nearly always none.
    package let notes: [String]
}

extension PictureFile {
    /// Looks into the picture's texts and into `photo.txt` or `photo.jpg.txt` beside it.
    ///
    /// Texts are no reason to refuse a picture: what cannot be read is told in the notes.
    ///
    /// - Parameter isOurs: whether the text beside it whose file has this SHA-256 is a caption that Redraw wrote: what it suggested itself is
    ///   nobody's word.
    package func recovery(captions isOurs: (_ sha256: String) -> Bool = { _ in false }) -> Recovery {
        var notes = (try? ImageFile.unreadTexts(of: bytes)) ?? []
        let sidecar = sidecar(notes: &notes, isOurs)
        var texts = (try? ImageFile.text(of: bytes)) ?? [:]
        var found = RecoveredPrompts.find(in: texts, isPNG: format == .png, sidecar: sidecar)
        // The pixels are looked through only where the entries say nothing: that takes decoding all of them.
        if !found.contains(where: { $0.tool != .text }), format != .jpeg, let hidden = ImageFile.stealthText(of: bytes) {
            texts[RecoveredPrompts.stealthKey] = hidden
            found = RecoveredPrompts.find(in: texts, isPNG: format == .png, sidecar: sidecar)
        }
        return Recovery(prompts: found, notes: notes)
    }

    private func sidecar(notes: inout [String], _ isOurs: (String) -> Bool) -> (name: String, text: String)? {
        let picture = URL(fileURLWithPath: ScreeningDesk.storedPath(path))
        let stem = picture.deletingPathExtension()
        let candidates = ["txt", "caption", "TXT"].flatMap { [stem.appendingPathExtension($0), picture.appendingPathExtension($0)] }
        for file in candidates {
            var status = stat()
            guard file.path.withSystemPath({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
                continue
            }
            let name = file.lastPathComponent
            guard status.st_size <= RecoveredPrompts.longestCaption else {
                notes.append("\(name) is \(status.st_size) bytes long, too long for a caption (\(RecoveredPrompts.longestCaption) at most)")
                continue
            }
            guard let bytes = try? FileBytes.read(file) else {
                notes.append("\(name) cannot be read")
                continue
            }
            guard !isOurs(bytes.sha256) else {
                notes.append("\(name), a caption that Redraw wrote")
                continue
            }
            guard let text = CaptionText.decoded(bytes) else {
                notes.append("\(name) is no text in UTF-8, UTF-16 or a code page of Windows that is read (932, 1252)")
                continue
            }
            return (name, text)
        }
        return nil
    }
}
