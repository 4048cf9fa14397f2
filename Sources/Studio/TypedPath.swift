import Foundation

extension URL {
    /// A file or folder as a person writes it: `~` is their home.
    package init(asTyped path: String) {
        self.init(fileURLWithPath: NSString(string: path).expandingTildeInPath)
    }
}
