// Memory that kernels see, and what is known of each byte of it.
//
// The compiler calls `__tsan_read4(address)` and the like at every access of a kernel (-fsanitize=thread, without its library: the
// functions are ours). So bounds are exact to the byte, and two accesses that no barrier orders are found whatever the order of
// threads in which they happened to run.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "fibers.h"

[[noreturn]] void fault(const void *pc, int line, const char *format, ...);

// An access: which block (from 1), how many barriers before it, which thread. Two flags beside it for reads.
typedef uint64_t Stamp;
constexpr Stamp kManyThreads = 1ull << 62, kManyBlocks = 1ull << 63;
inline Stamp stamp_of(uint32_t block, uint32_t barriers, uint32_t thread) {
  return (uint64_t)(block + 1) << 36 | (uint64_t)(barriers & 0x3ffffff) << 10 | thread;
}
inline uint32_t block_of(Stamp s) { return s >> 36 & 0x3ffffff; }
inline uint32_t barriers_of(Stamp s) { return s >> 10 & 0x3ffffff; }
inline uint32_t thread_of(Stamp s) { return s & 1023; }
inline bool ordered(Stamp before, Stamp now) { // by a barrier of their block, or as steps of one thread
  return block_of(before) == block_of(now) && (barriers_of(before) != barriers_of(now) || thread_of(before) == thread_of(now));
}

struct Byte { Stamp write, read; };

struct Memory {
  const char *what = "", *base = nullptr;
  size_t bytes = 0;
  Byte *known = nullptr; // null: nobody asked for races
  bool written = false, is_shared = false;
};

constexpr int kMaxArguments = 256;
constexpr uint64_t kStride = 1ull << 34; // of address space for an argument: a wrong index stays within it, and is seen

struct World {
  Memory arguments[kMaxArguments], shared;
  uint64_t reserved = 0;
  int count = 0;
  bool check = true, interleave = false;
  Stamp now = 0; // of the thread that runs
  uint32_t countdown = 0;
};
extern World world;
void maybe_switch();

// `byte 12 of argument 0, which has 48`. Within shared memory an array of the kernel, whose line the report quotes.
inline const char *named(const Memory &m, int64_t at) {
  static char text[120];
  int64_t first = 0, bytes = (int64_t)m.bytes;
  if (m.is_shared) {
    auto gap = [&](int64_t i) { return m.known[i].read == ~0ull; };
    for (first = at; first > 0 && gap(first); first--) {}
    for (bytes = 1; first > 0 && !gap(first - 1); first--) {}
    while (first + bytes < (int64_t)m.bytes && !gap(first + bytes)) bytes++;
  }
  snprintf(text, sizeof text, "byte %lld of %s, which has %lld", (long long)(at - first), m.what, (long long)bytes);
  return text;
}

inline void race(const Memory &m, size_t at, Stamp other, bool other_writes, bool writes, const void *pc) {
  const char *apart = other & kManyBlocks || block_of(other) != block_of(world.now) ? "of another block" : "of its block";
  uint32_t thread = thread_of(other);
  char who[64];
  if (other & (kManyThreads | kManyBlocks)) snprintf(who, sizeof who, "another thread %s", apart);
  else snprintf(who, sizeof who, "thread %u %s", thread, apart);
  fault(pc, 0, "data race: it %s %s, and %s %s it with no barrier between", writes ? "writes" : "reads", named(m, at), who,
        other_writes ? "writes" : "reads");
}

inline void note(Memory &m, size_t at, size_t bytes, bool writes, const void *pc) {
  Stamp now = world.now;
  for (Byte *b = m.known + at, *end = b + bytes; b < end; b++) {
    if (b->write && !ordered(b->write, now)) race(m, b - m.known, b->write, true, writes, pc);
    if (!writes) {
      if (m.is_shared && !b->write) fault(pc, 0, "it reads %s, before any thread has written it", named(m, b - m.known));
      Stamp r = b->read;
      if (!r) b->read = now;
      else if (block_of(r) != block_of(now)) b->read = now | kManyBlocks;
      else if (barriers_of(r) != barriers_of(now)) b->read = now | (r & kManyBlocks);
      else if (thread_of(r) != thread_of(now)) b->read = r | kManyThreads;
    } else {
      Stamp r = b->read;
      if (r && (r & kManyBlocks || !ordered(r, now) || (r & kManyThreads && barriers_of(r) == barriers_of(now))))
        race(m, b - m.known, r, false, true, pc);
      b->write = now;
    }
  }
}

extern "C" char __start_rung_shared[] __attribute__((weak)), __stop_rung_shared[] __attribute__((weak));

inline Memory *memory_of(const void *address) {
  uint64_t offset = (uint64_t)address - world.reserved;
  if (offset < (uint64_t)world.count * kStride) return &world.arguments[offset / kStride];
  if ((const char *)address >= __start_rung_shared && (const char *)address < __stop_rung_shared) return &world.shared;
  return nullptr; // the stack, threadIdx, a constant table; what is none of these the processor itself refuses
}

inline void touch(const void *address, size_t bytes, bool writes, const void *pc) {
  Memory *m = memory_of(address);
  if (!m) return;
  int64_t at = (const char *)address - m->base;
  if (at < 0 || at + bytes > m->bytes)
    fault(pc, 0, "it %s %s bytes", writes ? "writes" : "reads", named(*m, at < 0 ? at : at + (int64_t)bytes - 1));
  if (m->is_shared)
    for (size_t i = 0; i < bytes; i++)
      if (m->known[at + i].read == ~0ull)
        fault(pc, 0, "it %s %s bytes", writes ? "writes" : "reads", named(*m, at + i));
  m->written |= writes;
  if (world.check) note(*m, at, bytes, writes, pc);
  if (world.interleave) maybe_switch();
}

// Before a launch: room for `count` arguments, far from each other.
inline void reserve(int count) {
  if (count > world.count && count > 0) {
    if (world.reserved) munmap((void *)world.reserved, world.count * kStride);
    void *found = mmap(nullptr, count * kStride, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) fault(nullptr, 0, "no address space for %d arguments", count);
    world.reserved = (uint64_t)found, world.count = count;
  }
}

// An argument of a launch: a copy of its buffer that begins at 256 bytes, as on a GPU, and ends as near as that allows to a page
// that cannot be touched.
inline Memory &place(int number, const char *what, const char *data, size_t bytes) {
  Memory &m = world.arguments[number];
  size_t room = (bytes + 255) / 256 * 256, pages = (room + kPage - 1) / kPage * kPage;
  char *middle = (char *)world.reserved + number * kStride + kStride / 2;
  if (pages && mprotect(middle, pages, PROT_READ | PROT_WRITE)) fault(nullptr, 0, "no memory for %zu bytes", bytes);
  m.what = what, m.base = middle + pages - room, m.bytes = bytes, m.written = false, m.is_shared = false;
  memcpy((char *)m.base, data, bytes);
  memset((char *)m.base + bytes, 0xff, room - bytes);
  m.known = nullptr;
  if (world.check && bytes) {
    m.known = (Byte *)mmap(nullptr, bytes * sizeof(Byte), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m.known == MAP_FAILED) fault(nullptr, 0, "no memory to watch %zu bytes", bytes);
  }
  return m;
}

inline void remove(int number) {
  Memory &m = world.arguments[number];
  size_t pages = ((m.bytes + 255) / 256 * 256 + kPage - 1) / kPage * kPage;
  char *middle = (char *)world.reserved + number * kStride + kStride / 2;
  if (pages) madvise(middle, pages, MADV_DONTNEED), mprotect(middle, pages, PROT_NONE);
  if (m.known) munmap(m.known, m.bytes * sizeof(Byte));
  m.bytes = 0, m.known = nullptr;
}

// Shared memory: all arrays of all kernels, and the gaps between them, which hold -1 in the file and arrays 0.
inline bool *find_gaps() {
  Memory &m = world.shared;
  m.what = "a shared array", m.base = __start_rung_shared, m.bytes = __stop_rung_shared - __start_rung_shared, m.is_shared = true;
  m.known = (Byte *)calloc(m.bytes + 1, sizeof(Byte));
  bool *gap = (bool *)calloc(m.bytes + 1, 1);
  for (size_t i = 0; i < m.bytes; i++) gap[i] = m.base[i] != 0;
  return gap;
}

inline void fill_shared(const bool *gap) { // with what is NaN in every float type
  Memory &m = world.shared;
  if (m.bytes) memset((char *)m.base, 0xff, m.bytes);
  for (size_t i = 0; i < m.bytes; i++) m.known[i] = Byte{0, gap[i] ? ~0ull : 0};
}
