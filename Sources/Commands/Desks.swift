import Studio

/// The library's desk for a command's options.
enum Desks {
    static func open(_ options: LibraryOptions) throws -> ScreeningDesk {
        try options.studio().desk()
    }
}
