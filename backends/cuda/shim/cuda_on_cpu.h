// What CUDA C++ text of ours needs to be compiled as plain C++17: it is included before the text, which stays as NVRTC gets it.
//
// Only helpers that are PTX on a GPU have another body here (they stand under `#ifndef RUNG_ON_CPU` in ../prelude.h). No header of
// the C++ library is included: it would be half of the compile time.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#define RUNG_ON_CPU
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __restrict__ // others do write there between two barriers, which a C++ compiler takes this word to deny
#undef INFINITY
#undef NAN

// All shared memory of a program is one section of the executable, each array after 64 bytes that belong to nobody. `used` says
// that others may touch it, so that nothing is kept in registers over a barrier.
#define RUNG_JOIN_(a, b) a##b
#define RUNG_JOIN(a, b) RUNG_JOIN_(a, b)
#define RUNG_IN_ARENA static __attribute__((section("rung_shared"), used, aligned(16)))
#define __shared__ RUNG_IN_ARENA long long RUNG_JOIN(rung_gap_, __COUNTER__)[8] = {-1, -1, -1, -1, -1, -1, -1, -1}; RUNG_IN_ARENA

struct uint3 { unsigned x, y, z; };
extern uint3 threadIdx, blockIdx, blockDim, gridDim; // of the thread that runs; set at each switch

void rung_barrier(int line);
#define __syncthreads() rung_barrier(__LINE__)

// Asynchronous copies as PTX's cp.async: issue, commit, wait until at most `keep` groups are under way.
void rung_cp_async(void *to, const void *from, unsigned bytes, int line);
void rung_cp_async_commit();
void rung_cp_async_wait(unsigned keep, int line);
#define cp_async_16(to, from) rung_cp_async(to, from, 16, __LINE__)
#define cp_async_commit() rung_cp_async_commit()
#define cp_async_wait(keep) rung_cp_async_wait(keep, __LINE__)

template <class To, class From> inline To rung_same_bits(From from) {
  To to;
  static_assert(sizeof to == sizeof from, "bits are kept");
  memcpy(&to, &from, sizeof to);
  return to;
}
inline float __int_as_float(int x) { return rung_same_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return rung_same_bits<float>(x); }
inline int __float_as_int(float x) { return rung_same_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return rung_same_bits<unsigned>(x); }
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline float __double2float_rz(double x) { // towards zero: the largest float where it is beyond all of them
  float y = (float)x;
  return fabs((double)y) > fabs(x) ? nextafterf(y, 0.0f) : y;
}

// CUDA overloads the functions of C for float.
#define RUNG_FLOAT1(name) inline float name(float x) { return name##f(x); }
#define RUNG_FLOAT2(name) inline float name(float x, float y) { return name##f(x, y); }
RUNG_FLOAT1(acos) RUNG_FLOAT1(acosh) RUNG_FLOAT1(asin) RUNG_FLOAT1(asinh) RUNG_FLOAT1(atan) RUNG_FLOAT1(atanh) RUNG_FLOAT1(cbrt)
RUNG_FLOAT1(ceil) RUNG_FLOAT1(cos) RUNG_FLOAT1(cosh) RUNG_FLOAT1(erf) RUNG_FLOAT1(exp) RUNG_FLOAT1(exp2) RUNG_FLOAT1(expm1)
RUNG_FLOAT1(fabs) RUNG_FLOAT1(floor) RUNG_FLOAT1(log) RUNG_FLOAT1(log10) RUNG_FLOAT1(log1p) RUNG_FLOAT1(log2) RUNG_FLOAT1(rint)
RUNG_FLOAT1(round) RUNG_FLOAT1(sin) RUNG_FLOAT1(sinh) RUNG_FLOAT1(sqrt) RUNG_FLOAT1(tan) RUNG_FLOAT1(tanh) RUNG_FLOAT1(trunc)
RUNG_FLOAT2(atan2) RUNG_FLOAT2(copysign) RUNG_FLOAT2(fmod) RUNG_FLOAT2(pow)
inline float fma(float x, float y, float z) { return fmaf(x, y, z); }

// Half floats, rounded to nearest, ties to even, as cvt.rn does; of a NaN nothing but that it is one is kept.
inline unsigned short rung_to_bf16(float x) {
  unsigned bits = __float_as_uint(x);
  return x != x ? 0x7fff : (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
inline unsigned short rung_to_f16(float x) {
  unsigned bits = __float_as_uint(x), sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) return 0x7fff;
  if (size >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u); // 65520 and more
  if (size < 0x38800000u) // below 2^-14: a multiple of 2^-24, which the sum with 0.5 rounds to
    return (unsigned short)(sign | (__float_as_uint(__uint_as_float(size) + 0.5f) - 0x3f000000u));
  size -= 112u << 23;
  return (unsigned short)(sign | (size + 0xfffu + (size >> 13 & 1u)) >> 13);
}
inline float rung_from_f16(unsigned short h) {
  unsigned sign = (h & 0x8000u) << 16, size = h & 0x7fffu;
  if (size >= 0x7c00u) return __uint_as_float(sign | size << 13 | 0x7f800000u);
  if (size < 0x400u) return copysignf((float)size * 0x1p-24f, __uint_as_float(sign));
  return __uint_as_float(sign | ((size << 13) + (112u << 23)));
}

// How a kernel is called with a list of pointers.
template <int...> struct rung_numbers {};
template <int n, int... rest> struct rung_count : rung_count<n - 1, n - 1, rest...> {};
template <int... all> struct rung_count<0, all...> { typedef rung_numbers<all...> type; };
template <class... P, int... number> inline void rung_apply_(void (*kernel)(P...), void *const *args, rung_numbers<number...>) {
  kernel((P)args[number]...);
}
template <class... P> inline void rung_apply(void (*kernel)(P...), void *const *args) {
  rung_apply_(kernel, args, typename rung_count<sizeof...(P)>::type());
}
struct rung_kernel { const char *name; void (*call)(void *const *args); };
