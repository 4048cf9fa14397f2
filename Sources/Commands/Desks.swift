import Studio

/// The library's desk for a command's options.
enum Desks {
    static func open(_ options: some LibraryChoice) throws -> ScreeningDesk {
        try options.studio().desk()
    }
}
