Helpers for OpenCL C; backends/c/prelude.py says how this file is read. They call no library function in a loop's usual path,
because PoCL compiles its library for another CPU and inlines nothing of it. Accuracies are measured by tests/backends/opencl.

//: unaligned
typedef $T ${T}_u __attribute__((aligned($B)));

//: convert
#define rung_convert_$T(v) __builtin_convertvector(v, $T)

//: convert:1
#define rung_convert_$T(v) (($T)(v))

//: maximum
static inline $T rung_maximum_$T($T a, $T b) { return ((a > b) | (a != a)) ? a : b; } // NaN if either is

//: minimum
static inline $T rung_minimum_$T($T a, $T b) { return ((a < b) | (a != a)) ? a : b; } // NaN if either is

//: maxnum
static inline $T rung_maxnum_$T($T a, $T b) { return ((a > b) | (b != b)) ? a : b; } // the other where one is NaN

//: minnum
static inline $T rung_minnum_$T($T a, $T b) { return ((a < b) | (b != b)) ? a : b; } // the other where one is NaN

//: fabs
static inline $T rung_fabs_$T($T x) { return as_$T(as_$U(x) & (~($U)(0) >> 1)); }

//: abs
static inline $T rung_abs_$T($T x) { return x < ($T)(0) ? as_$T(($U)(($U)(0) - as_$U(x))) : x; } // of MIN: MIN

//: divide
static inline $T rung_divide_$T($T a, $T b) { // total: x / 0 is 0, MIN / -1 is MIN
  $M zero = b == ($T)(0), minus = b == ($T)(-1);
  $T quotient = a / ((zero | minus) ? ($T)(1) : b);
  return zero ? ($T)(0) : minus ? as_$T(($U)(($U)(0) - as_$U(a))) : quotient;
}

//: remainder
static inline $T rung_remainder_$T($T a, $T b) { // total: x % 0 is 0
  $M none = (b == ($T)(0)) | (b == ($T)(-1));
  return none ? ($T)(0) : a % (none ? ($T)(1) : b);
}

//: divide_unsigned
static inline $T rung_divide_$T($T a, $T b) { // total: x / 0 is 0
  $M zero = b == ($T)(0);
  return zero ? ($T)(0) : a / (zero ? ($T)(1) : b);
}

//: remainder_unsigned
static inline $T rung_remainder_$T($T a, $T b) { // total: x % 0 is 0
  $M zero = b == ($T)(0);
  return zero ? ($T)(0) : a % (zero ? ($T)(1) : b);
}

//: floor_divide needs divide, remainder
static inline $T rung_floor_divide_$T($T a, $T b) {
  $T quotient = rung_divide_$T(a, b), rest = rung_remainder_$T(a, b);
  return ((rest != ($T)(0)) & ((rest ^ b) < ($T)(0))) ? quotient - ($T)(1) : quotient;
}

//: ceil_divide needs divide, remainder
static inline $T rung_ceil_divide_$T($T a, $T b) {
  $T quotient = rung_divide_$T(a, b), rest = rung_remainder_$T(a, b);
  return ((rest != ($T)(0)) & ((rest ^ b) >= ($T)(0))) ? quotient + ($T)(1) : quotient;
}

//: floor_remainder needs remainder
static inline $T rung_floor_remainder_$T($T a, $T b) {
  $T rest = rung_remainder_$T(a, b);
  return ((rest != ($T)(0)) & ((rest ^ b) < ($T)(0))) ? rest + b : rest;
}

//: trunc
#ifdef __has_builtin
#if __has_builtin(__builtin_elementwise_trunc)
#define rung_trunc_$T(x) __builtin_elementwise_trunc(x)
#endif
#endif
#ifndef rung_trunc_$T
#define rung_trunc_$T(x) trunc(x)
#endif

//: sqrt_f32:1
#ifdef POCL_DEVICE_ADDRESS_BITS
static inline float rung_sqrt_float(float x) { return __builtin_sqrtf(x); } // one instruction, where sqrt is a call
#else
#define rung_sqrt_float(x) sqrt(x)
#endif

//: sqrt_f32 needs sqrt_f32/2
static inline $T rung_sqrt_$T($T x) { return ($T)(rung_sqrt_$half(x.lo), rung_sqrt_$half(x.hi)); }

//: sqrt_f64:1
#ifdef POCL_DEVICE_ADDRESS_BITS
static inline double rung_sqrt_double(double x) { return __builtin_sqrt(x); } // one instruction, where sqrt is a call
#else
#define rung_sqrt_double(x) sqrt(x)
#endif

//: sqrt_f64 needs sqrt_f64/2
static inline $T rung_sqrt_$T($T x) { return ($T)(rung_sqrt_$half(x.lo), rung_sqrt_$half(x.hi)); }

//: exp2
static inline $T rung_exp2_$T($T x) { // own minimax fit, 1 ulp; NaN, infinities, subnormal results as IEEE-754
  x = x < ($T)(-151.0f) ? ($T)(-151.0f) : x > ($T)(129.0f) ? ($T)(129.0f) : x;
  $T shifted = x + 12582912.0f; // 1.5 * 2^23: rounds to an integer, and holds it in its low bits
  $I n = as_$I(as_$U(shifted) - 0x4b400000u);
  $T r = x - (shifted - 12582912.0f);
  $T p = 0.00015453163f;
  p = p * r + 0.0013390863f;
  p = p * r + 0.009618083f;
  p = p * r + 0.055503584f;
  p = p * r + 0.24022651f;
  p = p * r + 0.6931472f;
  p = p * r + 1.0f;
  $I half_n = n >> 1; // in two steps, because 2^n alone leaves the range where the result does not
  return p * as_$T(as_$U(half_n + 127) << 23) * as_$T(as_$U(n - half_n + 127) << 23);
}

//: log2 needs convert(f32)
static inline $T rung_log2_$T($T x) { // own minimax fit, 2 ulp; log2(0) is -inf, of a negative number NaN
  $M tiny = x < ($T)(1.17549435e-38f);
  $U bits = as_$U(tiny ? x * 33554432.0f : x);
  $I e = as_$I(bits - 0x3f3504f3u) >> 23; // 0x3f3504f3: the bits of sqrt(1/2), so that 1 + f is around 1
  $T f = as_$T(bits - (as_$U(e) << 23)) - 1.0f;
  $T p = -0.107497894f;
  p = p * f + 0.18476033f;
  p = p * f - 0.19138838f;
  p = p * f + 0.20485765f;
  p = p * f - 0.23960812f;
  p = p * f + 0.28855255f;
  p = p * f - 0.36069655f;
  p = p * f + 0.4808986f;
  p = p * f - 0.72134733f;
  p = p * f + 1.442695f;
  $T y = p * f + rung_convert_$T(e - (tiny ? ($I)(25) : ($I)(0)));
  return x > ($T)(0.0f) ? (x == ($T)(INFINITY) ? x : y) : x == ($T)(0.0f) ? ($T)(-INFINITY) : ($T)(NAN);
}

//: sin:1
static inline float rung_sin_float(float x) { // own fit, 2e-7; beyond 39000 the library's, which reduces exactly
  float n = x * 0.31830989f + 12582912.0f;
  uint odd = as_uint(n) << 31;
  n -= 12582912.0f;
  float r = x - n * 3.140625f; // pi in four parts, each short enough that its product is exact
  r -= n * 0.0009670257568359375f;
  r -= n * 6.2771141529083251953e-07f;
  r -= n * 1.2154201256553420762e-10f;
  float s = r * r;
  float p = -2.408019e-08f;
  p = p * s + 2.7536464e-06f;
  p = p * s - 0.00019841087f;
  p = p * s + 0.008333335f;
  p = p * s - 0.16666667f;
  float y = as_float(as_uint((p * s + 1.0f) * r) ^ odd);
  return x >= -39000.0f && x <= 39000.0f ? y : sin(x);
}

//: sin needs sin:1
static inline $T rung_sin_$T($T x) { // as rung_sin_float
  $T n = x * 0.31830989f + 12582912.0f;
  $U odd = as_$U(n) << 31;
  n -= 12582912.0f;
  $T r = x - n * 3.140625f;
  r -= n * 0.0009670257568359375f;
  r -= n * 6.2771141529083251953e-07f;
  r -= n * 1.2154201256553420762e-10f;
  $T s = r * r;
  $T p = -2.408019e-08f;
  p = p * s + 2.7536464e-06f;
  p = p * s - 0.00019841087f;
  p = p * s + 0.008333335f;
  p = p * s - 0.16666667f;
  $T y = as_$T(as_$U((p * s + 1.0f) * r) ^ odd);
  $I far = ~((x >= ($T)(-39000.0f)) & (x <= ($T)(39000.0f)));
  for (int lane = 0; lane < $n; lane++) // cold: no vector code can reduce these
    if (far[lane]) y[lane] = rung_sin_float(x[lane]);
  return y;
}

//: cos:1
static inline float rung_cos_float(float x) { // own fit, 2e-7; beyond 39000 the library's, which reduces exactly
  float n = x * 0.31830989f - 0.5f + 12582912.0f; // cos(x) is -sin(x - (n + 1/2) pi), but for even n its opposite
  uint odd = ~as_uint(n) << 31;
  n = n - 12582912.0f + 0.5f;
  float r = x - n * 3.140625f; // pi in four parts, each short enough that its product is exact
  r -= n * 0.0009670257568359375f;
  r -= n * 6.2771141529083251953e-07f;
  r -= n * 1.2154201256553420762e-10f;
  float s = r * r;
  float p = -2.408019e-08f;
  p = p * s + 2.7536464e-06f;
  p = p * s - 0.00019841087f;
  p = p * s + 0.008333335f;
  p = p * s - 0.16666667f;
  float y = as_float(as_uint((p * s + 1.0f) * r) ^ odd);
  return x >= -39000.0f && x <= 39000.0f ? y : cos(x);
}

//: cos needs cos:1
static inline $T rung_cos_$T($T x) { // as rung_cos_float
  $T n = x * 0.31830989f - 0.5f + 12582912.0f;
  $U odd = ~as_$U(n) << 31;
  n = n - 12582912.0f + 0.5f;
  $T r = x - n * 3.140625f;
  r -= n * 0.0009670257568359375f;
  r -= n * 6.2771141529083251953e-07f;
  r -= n * 1.2154201256553420762e-10f;
  $T s = r * r;
  $T p = -2.408019e-08f;
  p = p * s + 2.7536464e-06f;
  p = p * s - 0.00019841087f;
  p = p * s + 0.008333335f;
  p = p * s - 0.16666667f;
  $T y = as_$T(as_$U((p * s + 1.0f) * r) ^ odd);
  $I far = ~((x >= ($T)(-39000.0f)) & (x <= ($T)(39000.0f)));
  for (int lane = 0; lane < $n; lane++) // cold: no vector code can reduce these
    if (far[lane]) y[lane] = rung_cos_float(x[lane]);
  return y;
}

//: from_bf16 needs convert(u32)
static inline $F rung_from_bf16_$F($H h) { return as_$F(rung_convert_$V(h) << 16); }

//: to_bf16 needs convert(u16)
static inline $H rung_to_bf16_$H($F x) { // to nearest, ties to even
  $V bits = as_$V(x);
  $V rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return rung_convert_$H(x != x ? (bits >> 16) | 0x40u : rounded);
}

//: from_f16 needs convert(u32)
static inline $F rung_from_f16_$F($H h) {
  $V bits = rung_convert_$V(h);
  $V sign = (bits & 0x8000u) << 16, rest = (bits & 0x7fffu) << 13, exponent = rest & 0x0f800000u;
  $F normal = as_$F(rest + 0x38000000u), subnormal = as_$F(rest + 0x38800000u) - as_$F(($V)(0x38800000u));
  $F special = as_$F(rest + 0x70000000u); // infinity and NaN
  $F y = exponent == ($V)(0u) ? subnormal : exponent == ($V)(0x0f800000u) ? special : normal;
  return as_$F(as_$V(y) | sign);
}

//: to_f16 needs convert(u16)
static inline $H rung_to_f16_$H($F x) { // to nearest, ties to even
  $V bits = as_$V(x) & 0x7fffffffu, sign = as_$V(x) & 0x80000000u;
  $V normal = (bits + 0xc8000fffu + ((bits >> 13) & 1u)) >> 13;
  $V subnormal = as_$V(as_$F(bits) + 0.5f) - 0x3f000000u; // the addition rounds
  $V special = bits > ($V)(0x7f800000u) ? ($V)(0x7e00u) : ($V)(0x7c00u);
  $V y = bits >= ($V)(0x47800000u) ? special : bits < ($V)(0x38800000u) ? subnormal : normal;
  return rung_convert_$H(y | (sign >> 16));
}

//: round_to_odd:1
static inline float rung_round_to_odd_float(double x) { // so that a second rounding to a narrower float comes out right
  float y = (float)x;
  double back = y;
  uint bits = as_uint(y) - (x > 0.0 ? back > x : back < x);
  return back != x ? as_float(bits | 1u) : y;
}

//: round_to_odd needs round_to_odd:1
static inline $F rung_round_to_odd_$F($D x) {
  $F y;
  for (int lane = 0; lane < $n; lane++) y[lane] = rung_round_to_odd_float(x[lane]);
  return y;
}
