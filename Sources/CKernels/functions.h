#ifndef REDRAW_FUNCTIONS_H
#define REDRAW_FUNCTIONS_H

// Functions without branches, so that a loop over them becomes vector code.

#include "variants.h"

#include <string.h>

// exp(x), relative error below 2e-7: x = n ln 2 + r, a polynomial in r (Cephes, expf), then the exponent's bits.
RD_INLINE float rd_exp(float x) {
    x = x < -87.3f ? -87.3f : x;
    x = x > 88.3f ? 88.3f : x;
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
    float shifted = x * 1.44269504088896341f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (int32_t)((uint32_t)(bits - 0x4B400000 + 127) << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

RD_INLINE float rd_sigmoid(float x) { return 1.0f / (1.0f + rd_exp(-x)); }

// x Phi(x), Phi through erfc by Abramowitz and Stegun 7.1.26 (error below 1.5e-7); erfc, so that the left tail keeps its digits.
RD_INLINE float rd_gelu(float x) {
    float z = x < 0 ? -x : x;
    z *= 0.70710678118654752f;
    float t = 1.0f / (1.0f + 0.3275911f * z);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float tail = 0.5f * p * t * rd_exp(-z * z);
    return x * (x < 0 ? tail : 1.0f - tail);
}

// 0.5 (1 + tanh u) = sigmoid(2 u), with u = sqrt(2 / pi) (x + 0.044715 x^3).
RD_INLINE float rd_gelu_tanh(float x) { return x * rd_sigmoid(1.5957691216057308f * (x + 0.044715f * x * x * x)); }

RD_INLINE float rd_apply(float x, int32_t activation) {
    switch (activation) {
    case rd_activation_relu: return x > 0 ? x : 0;
    case rd_activation_relu6: x = x > 0 ? x : 0; return x < 6 ? x : 6;
    case rd_activation_silu: return x * rd_sigmoid(x);
    case rd_activation_gelu: return rd_gelu(x);
    case rd_activation_gelu_tanh: return rd_gelu_tanh(x);
    case rd_activation_quick_gelu: return x * rd_sigmoid(1.702f * x);
    case rd_activation_sigmoid: return rd_sigmoid(x);
    case rd_activation_tanh: return 2.0f * rd_sigmoid(2.0f * x) - 1.0f;
    default: return x;
    }
}

// Runs `statement` with `kind` a constant, so that each activation is its own loop.
#define RD_FOR_ACTIVATION(activation, statement)                                                             \
    switch (activation) {                                                                                    \
    case rd_activation_relu: { const int32_t kind = rd_activation_relu; statement; break; }                  \
    case rd_activation_relu6: { const int32_t kind = rd_activation_relu6; statement; break; }                \
    case rd_activation_silu: { const int32_t kind = rd_activation_silu; statement; break; }                  \
    case rd_activation_gelu: { const int32_t kind = rd_activation_gelu; statement; break; }                  \
    case rd_activation_gelu_tanh: { const int32_t kind = rd_activation_gelu_tanh; statement; break; }        \
    case rd_activation_quick_gelu: { const int32_t kind = rd_activation_quick_gelu; statement; break; }      \
    case rd_activation_sigmoid: { const int32_t kind = rd_activation_sigmoid; statement; break; }            \
    case rd_activation_tanh: { const int32_t kind = rd_activation_tanh; statement; break; }                  \
    default: { const int32_t kind = rd_activation_none; statement; break; }                                  \
    }

#endif
