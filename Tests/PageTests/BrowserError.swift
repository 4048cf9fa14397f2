/// What went wrong in front of the page, with what it showed.
enum BrowserError: Error, CustomStringConvertible {
    case missing(program: String, package: String)
    case noDriver(String)
    case refused(command: String, error: String, message: String)
    case never(what: String, seconds: Double, page: String)
    case noServer(String)

    var description: String {
        switch self {
        case .missing(let program, let package):
            "\(program) is not there: these tests look at the page in a real browser; make packages installs it (Debian: \(package))"
        case .noDriver(let output): "chromedriver did not say where it listens; it said: \(output)"
        case .refused(let command, let error, let message): "\(command): \(error): \(message)"
        case .never(let what, let seconds, let page): "never within \(seconds) s: \(what)\nThe page showed: \(page)"
        case .noServer(let output): "redraw serve did not say where it is; it said: \(output)"
        }
    }
}
