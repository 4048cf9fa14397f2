import CKernels

/// How a product is cut into blocks that threads take.
///
/// Each block of rows meets the whole weight once, which of few rows costs more than their arithmetic where it comes from memory. So no more
/// blocks of rows are made than the cache asks for, and what threads lack of work they get by columns; by rows only where a weight has too
/// few of these.
struct Blocks {
    private(set) var rows: Int
    private(set) var rowPieces: Int
    private(set) var columns: Int
    private(set) var columnPieces = 1

    /// - Parameters:
    ///   - depth: of the sums, in words.
    ///   - group: rows that the product takes at once.
    ///   - panelWidth: columns that it takes at once.
    init(count: Int, outputs: Int, depth: Int, group: Int, panelWidth: Int, threads: Int = Parallel.threadCount) {
        func pieces(of count: Int, _ size: Int) -> Int { (count + size - 1) / size }
        // A block of rows stays near the processor while the panels pass by; of great depths the product takes a run at a time.
        let run = max(1, min(depth, rd_run_depth()))
        let most = max(4 * group, min(32 * group, (1 << 18) / run / group * group))
        rowPieces = pieces(of: count, most)
        columns = outputs
        let wanted = 3 * threads
        if threads > 1, rowPieces > 0, rowPieces < wanted, 2 * count * outputs * depth >= 1 << 19 {
            let panels = pieces(of: outputs, panelWidth)
            columns = pieces(of: panels, min(panels, pieces(of: wanted, rowPieces))) * panelWidth
            columnPieces = pieces(of: outputs, columns)
            if rowPieces * columnPieces < 2 * threads {
                rowPieces = max(rowPieces, min(pieces(of: count, 4 * group), pieces(of: wanted, columnPieces)))
            }
        }
        rows = max(1, pieces(of: pieces(of: count, max(1, rowPieces)), group)) * group
        rowPieces = pieces(of: count, rows)
    }
}
