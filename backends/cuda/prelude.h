Helpers for CUDA C++; backends/c/prelude.py says how this file is read. No header of CUDA's is needed. The only inline assembly is
in conversions of half floats, which exist as instructions; shim/cuda_on_cpu.h has these three for a CPU, and defines RUNG_ON_CPU.

//: special
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fc00000)

//: vec
template <class T, int N> struct alignas(sizeof(T) * N) rung_vec { // a vector in registers; lanes are indexed by constants only
  T lane[N];
  rung_vec() = default;
  __device__ rung_vec(T every) {
#pragma unroll
    for (int i = 0; i < N; i++) lane[i] = every;
  }
  template <class... More> __device__ rung_vec(T first, T second, More... more) : lane{first, second, T(more)...} {}
  __device__ T &operator[](int i) { return lane[i]; }
  __device__ const T &operator[](int i) const { return lane[i]; }
};
template <class T> struct rung_same { typedef T type; }; // keeps a scalar beside a vector out of template deduction
#define RUNG_OPERATOR(op, result) \
  template <class T, int N> __device__ inline rung_vec<result, N> operator op(rung_vec<T, N> a, rung_vec<T, N> b) { \
    rung_vec<result, N> r; \
    _Pragma("unroll") for (int i = 0; i < N; i++) r.lane[i] = a.lane[i] op b.lane[i]; \
    return r; \
  } \
  template <class T, int N> __device__ inline rung_vec<result, N> operator op(rung_vec<T, N> a, typename rung_same<T>::type b) { \
    return a op rung_vec<T, N>(b); \
  } \
  template <class T, int N> __device__ inline rung_vec<result, N> operator op(typename rung_same<T>::type a, rung_vec<T, N> b) { \
    return rung_vec<T, N>(a) op b; \
  }
RUNG_OPERATOR(+, T) RUNG_OPERATOR(-, T) RUNG_OPERATOR(*, T) RUNG_OPERATOR(/, T) RUNG_OPERATOR(%, T)
RUNG_OPERATOR(&, T) RUNG_OPERATOR(|, T) RUNG_OPERATOR(^, T) RUNG_OPERATOR(<<, T) RUNG_OPERATOR(>>, T)
RUNG_OPERATOR(<, bool) RUNG_OPERATOR(<=, bool) RUNG_OPERATOR(>, bool) RUNG_OPERATOR(>=, bool) RUNG_OPERATOR(==, bool) RUNG_OPERATOR(!=, bool)
template <class T, int N, class U> __device__ inline void operator+=(rung_vec<T, N> &a, U b) { a = a + b; }
template <class T, int N, class U> __device__ inline void operator-=(rung_vec<T, N> &a, U b) { a = a - b; }
template <class T, int N, class U> __device__ inline void operator*=(rung_vec<T, N> &a, U b) { a = a * b; }
template <class T, int N, class U> __device__ inline void operator/=(rung_vec<T, N> &a, U b) { a = a / b; }
template <class T, int N> __device__ inline rung_vec<T, N> operator-(rung_vec<T, N> a) {
#pragma unroll
  for (int i = 0; i < N; i++) a.lane[i] = -a.lane[i];
  return a;
}
template <int N> __device__ inline rung_vec<bool, N> operator~(rung_vec<bool, N> a) {
#pragma unroll
  for (int i = 0; i < N; i++) a.lane[i] = !a.lane[i];
  return a;
}
template <class T, int N> __device__ inline rung_vec<T, N> rung_select(rung_vec<bool, N> c, rung_vec<T, N> a, rung_vec<T, N> b) {
#pragma unroll
  for (int i = 0; i < N; i++) a.lane[i] = c.lane[i] ? a.lane[i] : b.lane[i];
  return a;
}
template <class T, int N> __device__ inline rung_vec<T, N / 2> rung_low(rung_vec<T, N> a) {
  rung_vec<T, N / 2> r;
#pragma unroll
  for (int i = 0; i < N / 2; i++) r.lane[i] = a.lane[i];
  return r;
}
template <class T, int N> __device__ inline rung_vec<T, N / 2> rung_high(rung_vec<T, N> a) {
  rung_vec<T, N / 2> r;
#pragma unroll
  for (int i = 0; i < N / 2; i++) r.lane[i] = a.lane[N / 2 + i];
  return r;
}

//: vector needs vec
typedef rung_vec<$S, $n> $T;

//: vector:1

//: access
template <class V, class T> __device__ inline V rung_load(const T *p) { // from any element; the compiler joins what it may
  V r;
#pragma unroll
  for (int i = 0; i < int(sizeof(V) / sizeof(T)); i++) r.lane[i] = p[i];
  return r;
}
template <class V, class T> __device__ inline void rung_store(T *p, V v) {
#pragma unroll
  for (int i = 0; i < int(sizeof(V) / sizeof(T)); i++) p[i] = v.lane[i];
}

//: map needs vec
#define RUNG_MAP1(name, call) \
  template <class T, int N> __device__ inline rung_vec<T, N> rung_##name(rung_vec<T, N> a) { \
    _Pragma("unroll") for (int i = 0; i < N; i++) a.lane[i] = call(a.lane[i]); \
    return a; \
  }
#define RUNG_MAP2(name, call) \
  template <class T, int N> __device__ inline rung_vec<T, N> rung_##name(rung_vec<T, N> a, rung_vec<T, N> b) { \
    _Pragma("unroll") for (int i = 0; i < N; i++) a.lane[i] = call(a.lane[i], b.lane[i]); \
    return a; \
  }

//: convert needs vec
template <class V> struct rung_lanes;
template <class T, int N> struct rung_lanes<rung_vec<T, N>> { typedef T type; };
template <class V, class T, int N> __device__ inline V rung_convert(rung_vec<T, N> a) {
  V r;
#pragma unroll
  for (int i = 0; i < N; i++) r.lane[i] = typename rung_lanes<V>::type(a.lane[i]);
  return r;
}

//: bits
template <class To, class From> __device__ inline To rung_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "bits are kept");
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

//: acos needs map
RUNG_MAP1(acos, acos)

//: acosh needs map
RUNG_MAP1(acosh, acosh)

//: asin needs map
RUNG_MAP1(asin, asin)

//: asinh needs map
RUNG_MAP1(asinh, asinh)

//: atan needs map
RUNG_MAP1(atan, atan)

//: atanh needs map
RUNG_MAP1(atanh, atanh)

//: cbrt needs map
RUNG_MAP1(cbrt, cbrt)

//: ceil needs map
RUNG_MAP1(ceil, ceil)

//: cos needs map
RUNG_MAP1(cos, cos)

//: cosh needs map
RUNG_MAP1(cosh, cosh)

//: erf needs map
RUNG_MAP1(erf, erf)

//: exp needs map
RUNG_MAP1(exp, exp)

//: exp2 needs map
RUNG_MAP1(exp2, exp2)

//: expm1 needs map
RUNG_MAP1(expm1, expm1)

//: fabs needs map
RUNG_MAP1(fabs, fabs)

//: floor needs map
RUNG_MAP1(floor, floor)

//: log needs map
RUNG_MAP1(log, log)

//: log10 needs map
RUNG_MAP1(log10, log10)

//: log1p needs map
RUNG_MAP1(log1p, log1p)

//: log2 needs map
RUNG_MAP1(log2, log2)

//: rint needs map
RUNG_MAP1(rint, rint)

//: round needs map
RUNG_MAP1(round, round)

//: sin needs map
RUNG_MAP1(sin, sin)

//: sinh needs map
RUNG_MAP1(sinh, sinh)

//: sqrt needs map
RUNG_MAP1(sqrt, sqrt)

//: tan needs map
RUNG_MAP1(tan, tan)

//: tanh needs map
RUNG_MAP1(tanh, tanh)

//: trunc needs map
RUNG_MAP1(trunc, trunc)

//: atan2 needs map
RUNG_MAP2(atan2, atan2)

//: copysign needs map
RUNG_MAP2(copysign, copysign)

//: fmod needs map
RUNG_MAP2(fmod, fmod)

//: pow needs map
RUNG_MAP2(pow, pow)

//: clz needs map
RUNG_MAP1(clz, __clz)

//: clzll needs map
RUNG_MAP1(clzll, __clzll)

//: popc needs map
RUNG_MAP1(popc, __popc)

//: popcll needs map
RUNG_MAP1(popcll, __popcll)

//: fma needs vec
template <class T, int N> __device__ inline rung_vec<T, N> rung_fma(rung_vec<T, N> a, rung_vec<T, N> b, rung_vec<T, N> c) {
#pragma unroll
  for (int i = 0; i < N; i++) a.lane[i] = fma(a.lane[i], b.lane[i], c.lane[i]);
  return a;
}

//: maximum:1
__device__ inline $T rung_maximum($T a, $T b) { return a > b || a != a ? a : b; } // NaN if either is

//: maximum needs maximum:1, map
RUNG_MAP2(maximum, rung_maximum)

//: minimum:1
__device__ inline $T rung_minimum($T a, $T b) { return a < b || a != a ? a : b; } // NaN if either is

//: minimum needs minimum:1, map
RUNG_MAP2(minimum, rung_minimum)

//: maxnum:1
__device__ inline $T rung_maxnum($T a, $T b) { return a > b || b != b ? a : b; } // the other where one is NaN

//: maxnum needs maxnum:1, map
RUNG_MAP2(maxnum, rung_maxnum)

//: minnum:1
__device__ inline $T rung_minnum($T a, $T b) { return a < b || b != b ? a : b; } // the other where one is NaN

//: minnum needs minnum:1, map
RUNG_MAP2(minnum, rung_minnum)

//: abs:1
__device__ inline $T rung_abs($T x) { return x < 0 ? ($T)(($U)0 - ($U)x) : x; } // of MIN: MIN

//: abs needs abs:1, map
RUNG_MAP1(abs, rung_abs)

//: divide:1
__device__ inline $T rung_divide($T a, $T b) { // total: x / 0 is 0, MIN / -1 is MIN
  return b == 0 ? ($T)(0) : b == -1 ? ($T)(($U)0 - ($U)a) : ($T)(a / b);
}

//: divide needs divide:1, map
RUNG_MAP2(divide, rung_divide)

//: remainder:1
__device__ inline $T rung_remainder($T a, $T b) { return b == 0 || b == -1 ? ($T)(0) : ($T)(a % b); } // total: x % 0 is 0

//: remainder needs remainder:1, map
RUNG_MAP2(remainder, rung_remainder)

//: divide_unsigned:1
__device__ inline $T rung_divide($T a, $T b) { return b == 0 ? ($T)(0) : ($T)(a / b); } // total: x / 0 is 0

//: divide_unsigned needs divide_unsigned:1, map
RUNG_MAP2(divide, rung_divide)

//: remainder_unsigned:1
__device__ inline $T rung_remainder($T a, $T b) { return b == 0 ? ($T)(0) : ($T)(a % b); } // total: x % 0 is 0

//: remainder_unsigned needs remainder_unsigned:1, map
RUNG_MAP2(remainder, rung_remainder)

//: floor_divide:1 needs divide:1, remainder:1
__device__ inline $T rung_floor_divide($T a, $T b) {
  $T rest = rung_remainder(a, b);
  return ($T)(rung_divide(a, b) - (rest != 0 && (rest ^ b) < 0));
}

//: floor_divide needs floor_divide:1, map
RUNG_MAP2(floor_divide, rung_floor_divide)

//: ceil_divide:1 needs divide:1, remainder:1
__device__ inline $T rung_ceil_divide($T a, $T b) {
  $T rest = rung_remainder(a, b);
  return ($T)(rung_divide(a, b) + (rest != 0 && (rest ^ b) >= 0));
}

//: ceil_divide needs ceil_divide:1, map
RUNG_MAP2(ceil_divide, rung_ceil_divide)

//: floor_remainder:1 needs remainder:1
__device__ inline $T rung_floor_remainder($T a, $T b) {
  $T rest = rung_remainder(a, b);
  return rest != 0 && (rest ^ b) < 0 ? ($T)(rest + b) : rest;
}

//: floor_remainder needs floor_remainder:1, map
RUNG_MAP2(floor_remainder, rung_floor_remainder)

//: from_bf16:1
__device__ inline float rung_from_bf16(unsigned short h) { return __uint_as_float((unsigned)h << 16); }

//: from_bf16 needs from_bf16:1, vec
template <int N> __device__ inline rung_vec<float, N> rung_from_bf16(rung_vec<unsigned short, N> a) {
  rung_vec<float, N> r;
#pragma unroll
  for (int i = 0; i < N; i++) r.lane[i] = rung_from_bf16(a.lane[i]);
  return r;
}

//: to_bf16:1
#ifndef RUNG_ON_CPU
__device__ inline unsigned short rung_to_bf16(float x) { // to nearest, ties to even
  unsigned short h;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(h) : "f"(x));
  return h;
}
#endif

//: to_bf16 needs to_bf16:1, vec
template <int N> __device__ inline rung_vec<unsigned short, N> rung_to_bf16(rung_vec<float, N> a) {
  rung_vec<unsigned short, N> r;
#pragma unroll
  for (int i = 0; i < N; i++) r.lane[i] = rung_to_bf16(a.lane[i]);
  return r;
}

//: from_f16:1
#ifndef RUNG_ON_CPU
__device__ inline float rung_from_f16(unsigned short h) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h));
  return x;
}
#endif

//: from_f16 needs from_f16:1, vec
template <int N> __device__ inline rung_vec<float, N> rung_from_f16(rung_vec<unsigned short, N> a) {
  rung_vec<float, N> r;
#pragma unroll
  for (int i = 0; i < N; i++) r.lane[i] = rung_from_f16(a.lane[i]);
  return r;
}

//: to_f16:1
#ifndef RUNG_ON_CPU
__device__ inline unsigned short rung_to_f16(float x) { // to nearest, ties to even
  unsigned short h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(x));
  return h;
}
#endif

//: to_f16 needs to_f16:1, vec
template <int N> __device__ inline rung_vec<unsigned short, N> rung_to_f16(rung_vec<float, N> a) {
  rung_vec<unsigned short, N> r;
#pragma unroll
  for (int i = 0; i < N; i++) r.lane[i] = rung_to_f16(a.lane[i]);
  return r;
}

//: round_to_odd:1
__device__ inline float rung_round_to_odd(double x) { // so that a second rounding to a narrower float comes out right
  float y = __double2float_rz(x);
  return (double)y != x ? __uint_as_float(__float_as_uint(y) | 1u) : y;
}

//: round_to_odd needs round_to_odd:1, vec
template <int N> __device__ inline rung_vec<float, N> rung_round_to_odd(rung_vec<double, N> a) {
  rung_vec<float, N> r;
#pragma unroll
  for (int i = 0; i < N; i++) r.lane[i] = rung_round_to_odd(a.lane[i]);
  return r;
}
