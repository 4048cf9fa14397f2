import CKernels

/// How a product is cut into blocks that threads take.
///
/// Each block of rows meets the whole weight once, and where rows are few that costs more than their arithmetic. So what fits into one block is
/// shared out by columns alone; more rows are shared out by rows first, which keeps a block near the processor that has it.
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
        rows = max(4 * group, min(32 * group, (1 << 18) / run / group * group))
        columns = outputs
        let wanted = 3 * threads
        let isShared = threads > 1 && 2 * count * outputs * depth >= 1 << 19
        let panels = pieces(of: outputs, panelWidth)
        if isShared, count < wanted * rows, count > rows || panels < 2 * threads {
            rows = min(rows, max(4 * group, pieces(of: pieces(of: count, wanted), group) * group))
        }
        rowPieces = pieces(of: count, rows)
        if isShared, rowPieces < wanted {
            columns = pieces(of: panels, min(panels, pieces(of: wanted, rowPieces))) * panelWidth
            columnPieces = pieces(of: outputs, columns)
        }
    }
}
