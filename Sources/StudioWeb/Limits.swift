import Studio

/// What the server takes of anybody, and no more.
enum Limits {
    /// Bytes of a JSON body.
    static let json = 1 << 20
    /// Bytes of a picture.
    static let picture = UploadLimits.bytes
    /// Bytes of a body with a picture and a mask in base64.
    static let webUIBody = 192 << 20
    /// Values in such a body: pictures are long texts, and few. Each value takes many times the room that it has in the text.
    static let webUIValues = 100_000
    /// Bodies longer than those of JSON that are read, and taken in, at the same time.
    static let largeBodies = 4
    /// Seconds in which a body has to be there, and how much longer each megabyte may take.
    static let bodySeconds = 30.0
    static let bodySecondsPerMegabyte = 2.0
    /// Seconds that a connection may stand without a request, and a request without the next part of it.
    static let idleSeconds: Int64 = 30
    /// Bytes of a request's head.
    static let headBytes = 32 << 10
    /// Jobs that wait.
    static let jobs = 200
    /// Pages that listen to events at the same time.
    static let listeners = 64
    /// Requests of one address: so many at once, and so many a second for long.
    static let burst = 2000.0
    static let requestsPerSecond = 500.0
    /// The same for those that change something.
    static let changeBurst = 200.0
    static let changesPerSecond = 40.0
    /// Wrong tokens of one address: so many at once, and so many a second for long.
    static let wrongTokens = 20.0
    static let wrongTokensPerSecond = 0.5
    /// Entries of a list that one request may ask for.
    static let list = 500
}
