#ifndef REDRAW_CKERNELS_H
#define REDRAW_CKERNELS_H

// Kernels whose speed depends on the instructions the processor has.
//
// Each is one C body, compiled once plainly and again for wider vectors; `level` says which of them runs, and
// `rd_detected_level()` the widest that this processor can run. Level 0 is the scalar twin that the tests compare with.

#include <stddef.h>
#include <stdint.h>

typedef int32_t rd_level;

enum {
    rd_level_plain = 0,
    rd_level_avx2 = 1,
    /// AVX2 with products of bytes (AVX-VNNI): the one level that those above do not include.
    rd_level_avx_vnni = 2,
    rd_level_avx512 = 3,
    /// AVX-512 with products of bytes (VNNI).
    rd_level_vnni = 4,
    /// AVX-512 with products of bytes and of bfloat16.
    rd_level_bf16 = 5,
    /// And with a matrix unit for bfloat16 and bytes (AMX).
    rd_level_amx = 6,
};

enum {
    rd_maker_other = 0,
    rd_maker_intel = 1,
    rd_maker_amd = 2,
};

enum {
    rd_activation_none = 0,
    rd_activation_relu = 1,
    rd_activation_relu6 = 2,
    rd_activation_silu = 3,
    rd_activation_gelu = 4,
    rd_activation_gelu_tanh = 5,
    rd_activation_quick_gelu = 6,
    rd_activation_sigmoid = 7,
    rd_activation_tanh = 8,
};

/// The widest level this processor can run.
rd_level rd_detected_level(void);

/// Whether this processor can run a level: the widest and those below it, but for AVX-VNNI where it has none.
int rd_can_run(rd_level level);

/// Whether there is a matrix unit and small products come out of it as they do in plain C. The kernels for it were tested by what it does
/// written out, and never on one, so they are asked once before they are used.
int rd_matrix_unit_is_sound(void);

/// Who made this processor, one of `rd_maker_...`.
int32_t rd_processor_maker(void);

// Conversions of `count` elements.
void rd_f16_to_f32(const uint16_t *from, float *to, size_t count, rd_level level);
void rd_f32_to_f16(const float *from, uint16_t *to, size_t count, rd_level level);
void rd_bf16_to_f32(const uint16_t *from, float *to, size_t count, rd_level level);
void rd_i8_to_f32(const int8_t *from, float scale, float *to, size_t count, rd_level level);

/// rows[r, c] = activation(rows[r, c] + bias[c]) + residual[r, c]; bias and residual may be NULL.
/// `stride` is the distance between rows, of `rows` and of `residual` alike.
void rd_finish_rows(float *rows, size_t count, size_t width, size_t stride, const float *bias, const float *residual,
                    int32_t activation, rd_level level);

/// to[i] = activation(from[i]); in place where they are the same.
void rd_activate(const float *from, float *to, size_t count, int32_t activation, rd_level level);

/// GEGLU: to[r, c] = from[r, c] * gelu(from[r, width + c]); from has rows of 2 * width.
void rd_gated_gelu(const float *from, float *to, size_t count, size_t width, rd_level level);

/// Row-wise soft-max in place, of rows[r, c] * scale + addend[c] (addend may be NULL).
void rd_softmax_rows(float *rows, size_t count, size_t width, size_t stride, float scale, const float *addend, rd_level level);

/// LayerNorm of each row: (x - mean) / sqrt(variance + epsilon) * weight + bias; weight and bias may be NULL.
void rd_layer_norm_rows(const float *from, float *to, size_t count, size_t width, const float *weight, const float *bias,
                        float epsilon, rd_level level);

/// Adds, for each channel, the sum and the sum of squares of (x - offset[channel]) over `count` rows.
void rd_channel_moments(const float *rows, size_t count, size_t channels, const float *offset, float *sum, float *squares,
                        rd_level level);

/// to[r, c] = activation(from[r, c] * scale[c] + shift[c]).
void rd_scale_shift_rows(const float *from, float *to, size_t count, size_t channels, const float *scale, const float *shift,
                         int32_t activation, rd_level level);

/// One depthwise convolution of a channels-last picture [height, width, channels].
typedef struct {
    size_t height, width, channels;
    size_t kernel_height, kernel_width;
    size_t stride;
    size_t top, left;
    size_t output_width;
} rd_depthwise_shape;

/// Rows `first` to `last` of activation(depthwise(input) + bias); weight is [kernel_height, kernel_width, channels], bias may be NULL.
/// `output` is the picture's first output row.
void rd_depthwise_rows(const float *input, const rd_depthwise_shape *shape, const float *weight, const float *bias,
                       int32_t activation, size_t first, size_t last, float *output, rd_level level);

// Products with a packed weight. A weight [outputs, taps * depth] is cut into panels of `panel_width` outputs; a panel holds its
// outputs side by side for each step of the depth, so that a product reads it front to back. The last panel is filled up with zeros.

/// How many outputs stand side by side at a level.
size_t rd_panel_width(rd_level level);

/// How many rows a product takes at once: the grouping of a table of rows.
size_t rd_panel_group(size_t panel_width);

/// Depth that a product takes in one pass over a block of rows.
size_t rd_run_depth(void);

/// Packs panels `first_panel` to `last_panel`; weight[output, tap, k] is at the given strides.
void rd_pack_panels(const float *weight, size_t outputs, size_t taps, size_t depth, size_t output_stride, size_t tap_stride,
                    size_t depth_stride, size_t panel_width, size_t first_panel, size_t last_panel, float *packed);

/// out[r, c] = activation(sum over taps and depth of row * weight + bias[c]), for `count` rows and columns `first_column` (a multiple
/// of the panel width) to `last_column`. Of the activations only relu and relu6 are applied; bias may be NULL.
///
/// table[(r / group) * group * taps + tap * group + r % group] points at the `depth` values of row r under that tap.
void rd_panel_rows(const float *const *table, size_t count, size_t taps, size_t depth, const float *packed, size_t panel_width,
                   size_t first_column, size_t last_column, const float *bias, int32_t activation, float *out, size_t stride,
                   rd_level level);

/// The table of a matrix's rows, for one tap.
void rd_matrix_table(const float *rows, size_t count, size_t stride, size_t group, const float **table);

/// A convolution's windows over channels-last pictures.
typedef struct {
    size_t height, width, channels;
    size_t taps_y, taps_x;
    size_t stride;
    size_t top, left;
    size_t output_height, output_width;
} rd_window;

/// The table of the windows of output pixels `first` to `first + count`, counted over all pictures; `zeros` stands for what is outside.
void rd_window_table(const float *input, const rd_window *window, size_t first, size_t count, const float *zeros, size_t group,
                     const float **table);

// Products in bfloat16, with a weight packed in panels of 32 outputs as above, but of pairs: two values that are neighbours in the depth
// stand in four bytes, the first in the lower half. An odd depth is filled up with a zero, in the weight and in the rows.
//
// Rounding takes at most 2^-8 of a number. What is said of errors below is what the tests hold every level to.

/// Rows of `width` floats, `stride` apart, rounded to the nearest bfloat16 (ties to even) behind each other; an odd width becomes even.
void rd_bfloat_rows(const float *from, size_t count, size_t width, size_t stride, uint16_t *to, rd_level level);

/// Depth, in pairs, that a product takes in one pass over a block of rows.
size_t rd_pair_run_depth(void);

/// Packs panels `first_panel` to `last_panel`, each of taps * (depth + 1) / 2 * 32 pairs; weight[output, tap, k] is at the given strides.
void rd_pack_pairs(const float *weight, size_t outputs, size_t taps, size_t depth, size_t output_stride, size_t tap_stride,
                   size_t depth_stride, size_t first_panel, size_t last_panel, uint32_t *packed, rd_level level);

/// How a number is held in two bytes.
enum {
    /// IEEE half precision.
    rd_half_f16 = 0,
    /// bfloat16.
    rd_half_bf16 = 1,
};

/// Whether none of `count` numbers is an infinity or no number.
int rd_halves_are_finite(const uint16_t *from, size_t count, int32_t format, rd_level level);

/// `rd_pack_pairs` of a weight [outputs, depth, taps] of finite numbers in two bytes: the same words as by way of floats.
void rd_pack_half_pairs(const uint16_t *weight, int32_t format, size_t outputs, size_t taps, size_t depth, size_t first_panel,
                        size_t last_panel, uint32_t *packed, rd_level level);

enum {
    /// The sums begin with what `out` holds, and the bias is left out.
    rd_pair_adds = 1,
    /// The rows of a matrix lie outside of the second-level cache, so that they are asked for ahead.
    rd_pair_prefetches = 2,
};

/// A panel of `taps` runs of `depth` pairs in bytes, two for a pair. Of each output 32 pairs behind each other, or what is left at a tap's end,
/// share a scale, their largest |value| / 127: 32 scales a group, (depth + 31) / 32 groups a tap.
void rd_pairs_to_bytes(const uint32_t *panel, size_t taps, size_t depth, uint16_t *to, float *scales, rd_level level);

/// The way back: byte times scale, rounded to bfloat16. A number is off by half a step of its scale at most, and by 2^-8 of itself, which
/// together are at most a step.
void rd_bytes_to_pairs(const uint16_t *from, const float *scales, size_t taps, size_t depth, uint32_t *to, rd_level level);

/// `rd_panel_rows` of pairs: `depth` counts pairs, the table points at rows of them, and `group` (at most 12) is how many rows are taken at
/// once. The sums are in single precision: products of two bfloat16 are exact in it, and each of n additions rounds by at most 2^-24 of the
/// sum so far. Against sums in double precision of the same rounded factors a result is off by at most 2e-6 of the sum of its products'
/// magnitudes (depths up to 32,500), since roundings cancel.
/// Level `rd_level_bf16` rounds where the others do, but takes what is below 2^-126 for zero.
void rd_pair_rows(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                  size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out, size_t stride,
                  rd_level level);

// Products of bytes, with a weight packed in panels of 32 outputs, four values that are neighbours in the depth in four bytes. A depth that
// is no multiple of four is filled up with what stands for zero.

/// Rows of `width` floats, `stride` apart, as bytes behind each other: round(x / scale) + 128, with scales[r] = the row's largest |x| / 127.
/// Of a row with an infinity, or with what is no number, no product is a number.
void rd_quantise_rows(const float *from, size_t count, size_t width, size_t stride, uint8_t *to, float *scales, rd_level level);

/// Whether a level sums two products of bytes in sixteen bits: weights are then packed narrow, so that no sum of two neighbours of one sign is
/// more than 128, which 255 times is not too much. Their steps are up to twice as large (of normal weights a third larger).
int rd_quads_are_narrow(rd_level level);

/// Packs panels `first_panel` to `last_panel` of a weight [outputs, depth], each of (depth + 3) / 4 * 32 words. For each output, and zeros up
/// to the panel's end, `scales` has its largest |weight| / 127, of a narrow one the largest sum of two neighbours of one sign, and `offsets`
/// what the 128 in the rows amounts to. Products are made at the level that a weight was packed at, or at one that is not narrow.
void rd_pack_quads(const float *weight, size_t outputs, size_t depth, size_t first_panel, size_t last_panel, uint32_t *packed,
                   float *scales, int32_t *offsets, rd_level level);

/// out[r, c] = activation(row r * column c + bias[c]), in whole numbers but for the scales; `depth` counts words of four, `group` is as with
/// pairs, and row_scales[r] belongs to the table's row r.
///
/// The sums of whole numbers are exact, the same at every level; scales and bias then round as floats do: for numbers up to 1 to within 1e-6
/// times the depth. Against the product of what was not rounded, each factor is off by half a step, 1/254 of the largest of its row or
/// output.
void rd_quad_rows(const float *const *table, size_t count, size_t depth, size_t group, const uint32_t *packed, const float *row_scales,
                  const float *scales, const int32_t *offsets, size_t first_column, size_t last_column, const float *bias,
                  int32_t activation, float *out, size_t stride, rd_level level);

/// What `rd_pair_rows` does at `rd_level_amx`, the matrix unit's part of it written out in plain C; at most 4,096 rows.
void rd_tile_rows_twin(const float *const *table, size_t count, size_t taps, size_t depth, size_t group, const uint32_t *packed,
                       size_t first_column, size_t last_column, const float *bias, int32_t activation, int32_t flags, float *out,
                       size_t stride);

/// What `rd_quad_rows` does at `rd_level_amx`, the matrix unit's part of it written out in plain C; at most 4,096 rows.
void rd_tile_quads_twin(const float *const *table, size_t count, size_t depth, const uint32_t *packed, const float *row_scales,
                        const float *scales, const int32_t *offsets, size_t first_column, size_t last_column, const float *bias,
                        int32_t activation, float *out, size_t stride);

/// A soft-max over blocks of keys, one block after the other (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax").
/// Of the `width` scores of row r the first max(0, min(width, seen + growth * r)) count.
///
/// to[r, c] = exp(scores[r, c] * scale - m) as bfloat16, rows `to_stride` apart, an odd width filled up with a zero; m is the largest value
/// so far, which `maxima` keeps from block to block; so does `sums` the sum of the exponentials. factors[r] is what everything of the
/// blocks before has to be multiplied with. Before the first block `maxima` is -infinity and `sums` 0.
///
/// An exponential is off by 2^-8 of itself (and 1e-12) at most, which is its rounding to bfloat16; the sums are of those before rounding, to
/// within 1e-5 of themselves.
void rd_softmax_pairs(const float *scores, size_t count, size_t width, size_t stride, float scale, ptrdiff_t seen, ptrdiff_t growth,
                      float *maxima, float *sums, float *factors, uint16_t *to, size_t to_stride, rd_level level);

// Winograd's F(2x2, 3x3) in bfloat16: 16 products over tiles of 2 by 2 outputs. Its transforms only add, so that what is rounded stays of
// one size; those of F(4x4, 3x3) would multiply the rounding of bfloat16 by ten. An output is off by at most 0.03 times the root of the sum
// of its products' squares (and of a sixteenth for each channel): four roundings to eight bits, those of the sixteen points adding up as
// noise does.

/// A panel of nine taps of `run` pairs each (a multiple of 16), transformed: point p stands at to[p * point_stride].
void rd_pair_winograd_weights(const uint32_t *panel, size_t run, uint32_t *to, size_t point_stride, rd_level level);

/// The 4 by 4 pixels from (top, left) of a picture [height, width, channels], transformed and rounded; outside counts as zero, and an odd
/// number of channels is filled up with a zero. Point p stands at to[p * point_stride].
void rd_pair_winograd_input(const float *input, size_t height, size_t width, size_t channels, ptrdiff_t top, ptrdiff_t left, uint16_t *to,
                            size_t point_stride, rd_level level);

/// `rd_winograd_output` for tiles of 2 by 2; `residual` (may be NULL) lies as the output does, and is added last.
void rd_pair_winograd_output(const float *from, size_t point_stride, size_t channels, const float *bias, int32_t activation,
                             const float *residual, float *out, size_t pixel_stride, size_t row_stride, size_t rows, size_t columns, rd_level level);

// Winograd's F(4x4, 3x3): a 3x3 convolution of stride 1 as 36 products over tiles of 4 by 4 outputs.

/// A panel of nine taps of `run` values each (depth times width, a multiple of 8), transformed: point p stands at to[p * point_stride].
void rd_winograd_weights(const float *panel, size_t run, float *to, size_t point_stride, rd_level level);

/// The 6 by 6 pixels from (top, left) of a picture [height, width, channels], transformed; outside counts as zero.
void rd_winograd_input(const float *input, size_t height, size_t width, size_t channels, ptrdiff_t top, ptrdiff_t left, float *to,
                       size_t point_stride, rd_level level);

/// The `rows` by `columns` (at most 4 by 4) outputs of a tile, plus bias (may be NULL), through relu or relu6 if that is the activation.
/// `channels` of each pixel are written; one pixel of a row stands `pixel_stride` behind the other.
void rd_winograd_output(const float *from, size_t point_stride, size_t channels, const float *bias, int32_t activation, float *out,
                        size_t pixel_stride, size_t row_stride, size_t rows, size_t columns, rd_level level);

// Elementwise arithmetic of `count` values.

/// to = a * left + b * right.
void rd_weighted_sum(const float *left, float a, const float *right, float b, float *to, size_t count, rd_level level);

/// to = left * right.
void rd_product(const float *left, const float *right, float *to, size_t count, rd_level level);

/// to = from * factor + addend.
void rd_affine(const float *from, float factor, float addend, float *to, size_t count, rd_level level);

#endif
