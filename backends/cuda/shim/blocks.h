// A block: rounds of its threads until all have ended, and what they may wait for.
//
// There is one way to wait, `wait(place, line, ready)`. In a round every thread runs until it waits. A round in which nothing moved
// is quiet: then one late operation may be done (an asynchronous copy that was put off); after another quiet round nothing can ever
// move, and that is an exact deadlock. What another kind of waiting needs (mbarrier, TMA, wgmma) is a predicate, and a list of
// late operations that `late` knows of.
#pragma once
#include "memory.h"

struct uint3 { unsigned x, y, z; };
extern uint3 threadIdx, blockIdx, blockDim, gridDim;

enum class Order { Forward, Reversed, Shuffled, Interleaved };
enum class When { Early, Late, Random }; // asynchronous copies: at issue, when nothing else moves, or either

struct Copying { void *to; const void *from; unsigned bytes; };
struct Group { // asynchronous copies that were committed together, and those of no group yet
  Copying copies[64];
  int count = 0;
};
constexpr int kGroups = 32;

struct Fiber {
  Context context;
  uint3 id;
  int number;
  bool done;
  const char *waits; // where, in words; null while it runs
  int line;
  Group *groups; // the oldest first, the open one last; made when first needed
  int closed;
};

struct Block {
  Fiber fibers[kMaxThreads];
  int order[kMaxThreads];
  Fiber *running;
  Context scheduler;
  Stacks stacks;
  int threads;
  uint32_t number, barriers;
  int arrived;
  bool moved, stuck;
  void (*kernel)(void *const *);
  void *const *args;
};
extern Block block;
extern When copies_happen;
uint64_t random_number();

inline void back() { switch_to(block.running->context, block.scheduler); }

template <class Ready> inline void wait(const char *what, int line, Ready ready) {
  Fiber &me = *block.running;
  me.waits = what, me.line = line;
  while (!ready()) back();
  me.waits = nullptr;
  block.moved = true;
}

// Put a late operation off until nothing else moves.
inline void late(const char *what, int line) {
  if (copies_happen == When::Early || (copies_happen == When::Random && random_number() % 2)) return;
  wait(what, line, [] { return block.stuck; });
  block.stuck = false;
}

inline void describe_waiting(char *text, size_t room) {
  size_t used = 0;
  int ended = 0, first_ended = -1;
  for (int i = 0; i < block.threads; i++)
    if (block.fibers[i].done) first_ended = ended++ ? first_ended : i;
  for (int i = 0; i < block.threads; i++) {
    Fiber &f = block.fibers[i];
    if (f.done) continue;
    int count = 0;
    bool told = false;
    for (int j = 0; j < block.threads; j++) {
      Fiber &g = block.fibers[j];
      if (g.done || g.line != f.line || strcmp(g.waits, f.waits)) continue;
      told |= j < i;
      count++;
    }
    if (told || used + 100 > room) continue;
    used += snprintf(text + used, room - used, "%s%d at %s in line %d (thread %d)", used ? ", " : "", count, f.waits, f.line, i);
  }
  if (ended) snprintf(text + used, room - used, "%s%d ended (thread %d)", used ? ", " : "", ended, first_ended);
}

void rung_barrier(int line) {
  Fiber &me = *block.running;
  me.line = line;
  if (++block.arrived == block.threads) {
    for (int i = 0; i < block.threads; i++)
      if (block.fibers[i].line != line) {
        char text[600];
        me.waits = "__syncthreads";
        describe_waiting(text, sizeof text);
        fault(nullptr, line, "divergent barrier: %s", text);
      }
    block.arrived = 0;
    block.barriers++;
    block.moved = true;
  } else {
    uint32_t before = block.barriers;
    wait("__syncthreads", line, [before] { return block.barriers != before; });
  }
  world.now = stamp_of(block.number, block.barriers, me.number);
}

inline void copy(const Copying &c) {
  touch(c.from, c.bytes, false, nullptr);
  touch(c.to, c.bytes, true, nullptr);
  memcpy(c.to, c.from, c.bytes);
}

void rung_cp_async(void *to, const void *from, unsigned bytes, int line) {
  Fiber &me = *block.running;
  if ((uint64_t)to % bytes || (uint64_t)from % bytes) fault(nullptr, line, "cp.async of %u bytes between addresses that are no multiples", bytes);
  if (copies_happen == When::Early) return copy({to, from, bytes});
  if (!me.groups) me.groups = (Group *)calloc(kGroups + 1, sizeof(Group));
  Group &open = me.groups[me.closed];
  if (open.count == 64) fault(nullptr, line, "more than 64 copies in a group");
  open.copies[open.count++] = {to, from, bytes};
}

void rung_cp_async_commit() {
  Fiber &me = *block.running;
  if (copies_happen == When::Early) return;
  if (!me.groups) me.groups = (Group *)calloc(kGroups + 1, sizeof(Group));
  if (me.closed == kGroups) fault(nullptr, 0, "more than %d groups of copies are under way", kGroups);
  me.groups[++me.closed].count = 0;
}

void rung_cp_async_wait(unsigned keep, int line) {
  Fiber &me = *block.running;
  if (!me.groups || me.closed <= (int)keep) return;
  late("cp_async_wait", line);
  while (me.closed > (int)keep) {
    for (int i = 0; i < me.groups[0].count; i++) copy(me.groups[0].copies[i]);
    memmove(me.groups, me.groups + 1, sizeof(Group) * me.closed--);
  }
}

inline void run_thread() { // the first thing on each new stack
  block.kernel(block.args);
  Fiber &me = *block.running;
  for (int i = 0; me.groups && i <= me.closed; i++)
    if (me.groups[i].count) fault(nullptr, 0, "it ends while its asynchronous copies are under way");
  me.done = block.moved = true;
  for (;;) back();
}

inline void run_block() {
  block.barriers = block.arrived = 0;
  for (int i = 0; i < block.threads; i++) {
    Fiber &f = block.fibers[i];
    f.done = false, f.waits = nullptr, f.line = 0, f.number = i, f.closed = 0;
    f.id = {i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
    if (f.groups) f.groups[0].count = 0;
    aim(f.context, block.stacks.of(i), run_thread);
  }
  for (block.stuck = false;;) {
    bool all = true;
    block.moved = false;
    for (int at = 0; at < block.threads; at++) {
      Fiber &f = block.fibers[block.order[at]];
      if (f.done) continue;
      all = false;
      block.running = &f;
      threadIdx = f.id;
      world.now = stamp_of(block.number, block.barriers, f.number);
      switch_to(block.scheduler, f.context);
    }
    if (all) return;
    if (block.moved) block.stuck = false;
    else if (!block.stuck) block.stuck = true;
    else {
      char text[600];
      describe_waiting(text, sizeof text);
      fault(nullptr, 0, "deadlock: %s", text);
    }
  }
}
