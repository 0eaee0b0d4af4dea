Helpers for OpenCL C. See backends/c/prelude.py for the form of this file. No library call that PoCL would not inline.

//: unaligned
typedef $T ${T}_u __attribute__((aligned($B)));

//: convert
#define rung_convert_$T(v) __builtin_convertvector(v, $T)

//: maximum
static inline $T rung_maximum_$T($T a, $T b) { return ((a > b) | (a != a)) ? a : b; }

//: minimum
static inline $T rung_minimum_$T($T a, $T b) { return ((a < b) | (a != a)) ? a : b; }

//: maxnum
static inline $T rung_maxnum_$T($T a, $T b) { return ((a > b) | (b != b)) ? a : b; }

//: minnum
static inline $T rung_minnum_$T($T a, $T b) { return ((a < b) | (b != b)) ? a : b; }
