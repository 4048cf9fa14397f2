import COpenBLAS

/// The single-threaded products of OpenBLAS.
///
/// Threads are ours: a product is cut into blocks that `Parallel` hands out, and OpenBLAS is told once to stay on the calling thread.
enum BLAS {
    private static let ready: Void = openblas_set_num_threads(1)

    /// c [m, n] = alpha a [m, k] b + beta c, where b is `[n, k]` if `transposed`, else `[k, n]`; `…Stride` is the distance between rows.
    @inline(__always)
    static func multiply(
        m: Int, n: Int, k: Int,
        _ a: UnsafePointer<Float>, aStride: Int,
        _ b: UnsafePointer<Float>, bStride: Int, transposed: Bool,
        _ c: UnsafeMutablePointer<Float>, cStride: Int,
        alpha: Float = 1, beta: Float = 0
    ) {
        _ = ready
        guard m > 0, n > 0 else { return }
        if m == 1, k > 0 {
            // One row packs nothing: a product as wide as a vocabulary is as quick as memory is.
            cblas_sgemv(
                CblasRowMajor, transposed ? CblasNoTrans : CblasTrans, blasint(transposed ? n : k), blasint(transposed ? k : n), alpha,
                b, blasint(bStride), a, 1, beta, c, 1)
            return
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans,
            blasint(m), blasint(n), blasint(k), alpha, a, blasint(aStride), b, blasint(bStride), beta, c, blasint(cStride))
    }
}
