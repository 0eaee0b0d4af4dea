// Runs a program on this processor: a list of launches and copies comes in on standard input, results go out on standard output,
// a fault is one line on standard error and ends the process.
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include "blocks.h"

uint3 threadIdx, blockIdx, blockDim, gridDim;
World world;
Block block;
When copies_happen = When::Early;

struct rung_kernel { const char *name; void (*call)(void *const *args); };
extern const rung_kernel rung_kernels[];

namespace {

uint64_t random_state = 1;
Order order_of_threads = Order::Forward;
const char *kernel_name = "";
bool in_launch = false;

struct Slot { char kind; size_t at, bytes; };
struct Buffer { char *data; size_t bytes; };
Buffer params[kMaxArguments], arena;

template <class T> void arrange(T *order, uint64_t count) {
  bool reversed = order_of_threads == Order::Reversed;
  for (uint64_t i = 0; i < count; i++) order[i] = (T)(reversed ? count - 1 - i : i);
  if (order_of_threads >= Order::Shuffled)
    for (uint64_t i = count; i > 1; i--) {
      uint64_t j = random_number() % i;
      T kept = order[i - 1];
      order[i - 1] = order[j], order[j] = kept;
    }
}

void on_signal(int signal, siginfo_t *info, void *) {
  const char *address = (const char *)info->si_addr;
  if (signal == SIGFPE) fault(nullptr, 0, "integer division by zero, or of the smallest number by -1");
  if (block.stacks.guards(address)) fault(nullptr, 0, "its own arrays need more than the %zu KiB of a stack", kStackBytes >> 10);
  fault(nullptr, 0, signal == SIGBUS ? "it touches memory that is not there" : "it touches address %p, which is no memory of its own", address);
}

void watch_signals() {
  static char stack[1 << 16];
  stack_t own = {};
  own.ss_sp = stack, own.ss_size = sizeof stack;
  sigaltstack(&own, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  const int signals[] = {SIGSEGV, SIGBUS, SIGFPE};
  for (int signal : signals) sigaction(signal, &action, nullptr);
}

char *at(const Slot &slot) { return (slot.kind == 'p' ? params[slot.at].data : arena.data + slot.at); }

void launch(const rung_kernel &kernel, uint3 grid, uint3 threads, Slot *slots, int count, const bool *gaps) {
  void *args[kMaxArguments];
  char names[kMaxArguments][24];
  uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
  block.threads = threads.x * threads.y * threads.z;
  kernel_name = kernel.name, gridDim = grid, blockDim = threads, block.kernel = kernel.call, block.args = args;
  in_launch = true;
  reserve(count);
  for (int i = 0; i < count; i++) {
    snprintf(names[i], sizeof names[i], "argument %d", i);
    args[i] = (void *)place(i, names[i], at(slots[i]), slots[i].bytes).base;
  }
  block.stacks.need(block.threads);
  uint64_t *blocks_in_order = (uint64_t *)malloc(blocks * sizeof(uint64_t));
  arrange(blocks_in_order, blocks);
  for (uint64_t i = 0; i < blocks; i++) {
    uint64_t number = blocks_in_order[i];
    block.number = (uint32_t)number;
    blockIdx = {(unsigned)(number % grid.x), (unsigned)(number / grid.x % grid.y), (unsigned)(number / grid.x / grid.y)};
    arrange(block.order, block.threads);
    fill_shared(gaps);
    run_block();
  }
  free(blocks_in_order);
  in_launch = false;
  for (int i = 0; i < count; i++) // two arguments may be one memory only where nobody writes it: they are __restrict__
    for (int j = 0; world.arguments[i].written && j < count; j++)
      if (j != i && slots[i].kind == slots[j].kind && (slots[i].kind == 'p' ? slots[i].at == slots[j].at
          : slots[i].at < slots[j].at + slots[j].bytes && slots[j].at < slots[i].at + slots[i].bytes) && slots[i].bytes && slots[j].bytes)
        fault(nullptr, 0, "it writes argument %d, whose memory is argument %d's too", i, j);
  for (int i = 0; i < count; i++) {
    if (world.arguments[i].written) memcpy(at(slots[i]), world.arguments[i].base, slots[i].bytes);
    remove(i);
  }
}

const rung_kernel &find_kernel(const char *name) {
  for (const rung_kernel *k = rung_kernels; k->name; k++)
    if (!strcmp(k->name, name)) return *k;
  kernel_name = name;
  fault(nullptr, 0, "there is no kernel of this name");
}

template <class... T> void read(int expected, const char *format, T... into) {
  if (scanf(format, into...) != expected) fault(nullptr, 0, "request not understood, expected %s", format);
}

char *new_buffer(size_t bytes) {
  char *found = (char *)malloc(bytes + 256);
  memset(found, 0xff, bytes + 256);
  return found;
}

Slot read_slot() {
  Slot slot;
  read(3, " %c %zu %zu", &slot.kind, &slot.at, &slot.bytes);
  return slot;
}

double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

} // namespace

uint64_t random_number() { // xorshift64*
  random_state ^= random_state >> 12, random_state ^= random_state << 25, random_state ^= random_state >> 27;
  return random_state * 0x2545f4914f6cdd1dull >> 16;
}

void maybe_switch() { // another thread goes on, at about every eighth access
  if (world.countdown-- > 0) return;
  world.countdown = random_number() % 16;
  block.moved = true;
  back();
}

void fault(const void *pc, int line, const char *format, ...) {
  char text[1000];
  va_list more;
  va_start(more, format);
  vsnprintf(text, sizeof text, format, more);
  va_end(more);
  bool in_thread = in_launch && block.running;
  uint3 b = in_thread ? blockIdx : uint3{}, t = in_thread ? threadIdx : uint3{};
  fprintf(stderr, "FAULT\t%s\t%d\t%u %u %u\t%u %u %u\t%p\t%d\t%s\n", kernel_name, in_thread, b.x, b.y, b.z, t.x, t.y, t.z, pc, line, text);
  fflush(stderr);
  _exit(3);
}

// A request: order, seed, when copies happen, whether to look for races; the parameters (bytes, whether data comes with it); the
// arena; the steps; then the data of the parameters, one after the other. The answer: data of the others, seconds of each step.
int main() {
  int order, copies, check, count, steps;
  read(4, "%d %lu %d %d", &order, &random_state, &copies, &check);
  random_state = random_state * 2 + 1;
  order_of_threads = (Order)order, copies_happen = (When)copies, world.check = check, world.interleave = order_of_threads == Order::Interleaved;
  watch_signals();
  const bool *gaps = find_gaps();
  bool given[kMaxArguments];
  read(1, "%d", &count);
  if (count > kMaxArguments) fault(nullptr, 0, "%d parameters, expected at most %d", count, kMaxArguments);
  for (int i = 0; i < count; i++) {
    int data;
    read(2, "%zu %d", &params[i].bytes, &data);
    params[i].data = new_buffer(params[i].bytes), given[i] = data;
  }
  read(1, "%zu", &arena.bytes);
  arena.data = new_buffer(arena.bytes);
  read(1, "%d", &steps);
  struct Step { const rung_kernel *kernel; uint3 grid, threads; int count; Slot *slots; } *all = (Step *)calloc(steps + 1, sizeof(Step));
  for (int i = 0; i < steps; i++) {
    char name[256];
    Step &s = all[i];
    read(8, "%255s %u %u %u %u %u %u %d", name, &s.grid.x, &s.grid.y, &s.grid.z, &s.threads.x, &s.threads.y, &s.threads.z, &s.count);
    s.kernel = strcmp(name, "=") ? &find_kernel(name) : nullptr; // = copies the first slot to the second
    if (s.count > kMaxArguments) fault(nullptr, 0, "%d arguments, expected at most %d", s.count, kMaxArguments);
    if ((uint64_t)s.threads.x * s.threads.y * s.threads.z > kMaxThreads) fault(nullptr, 0, "more than %d threads a block", kMaxThreads);
    s.slots = (Slot *)calloc(s.count + 1, sizeof(Slot));
    for (int j = 0; j < s.count; j++) s.slots[j] = read_slot();
  }
  getchar(); // the newline before the data
  for (int i = 0; i < count; i++)
    if (given[i] && fread(params[i].data, 1, params[i].bytes, stdin) != params[i].bytes) fault(nullptr, 0, "less data than announced");
  double *took = (double *)calloc(steps + 1, sizeof(double));
  for (int i = 0; i < steps; i++) {
    Step &s = all[i];
    double start = seconds();
    if (s.kernel) launch(*s.kernel, s.grid, s.threads, s.slots, s.count, gaps);
    else memmove(at(s.slots[1]), at(s.slots[0]), s.slots[1].bytes);
    took[i] = seconds() - start;
  }
  for (int i = 0; i < count; i++)
    if (!given[i]) fwrite(params[i].data, 1, params[i].bytes, stdout);
  fwrite(took, sizeof(double), steps, stdout);
  return fflush(stdout) ? 1 : 0;
}

// What the compiler calls at each access (-fsanitize=thread).
#define RUNG_ACCESS(bytes)                                                                                             \
  extern "C" void __tsan_read##bytes(void *a) { touch(a, bytes, false, __builtin_return_address(0)); }                 \
  extern "C" void __tsan_write##bytes(void *a) { touch(a, bytes, true, __builtin_return_address(0)); }                 \
  extern "C" void __tsan_unaligned_read##bytes(void *a) { touch(a, bytes, false, __builtin_return_address(0)); }       \
  extern "C" void __tsan_unaligned_write##bytes(void *a) { touch(a, bytes, true, __builtin_return_address(0)); }
RUNG_ACCESS(1) RUNG_ACCESS(2) RUNG_ACCESS(4) RUNG_ACCESS(8) RUNG_ACCESS(16)
extern "C" void __tsan_read_range(void *a, size_t n) { touch(a, n, false, __builtin_return_address(0)); }
extern "C" void __tsan_write_range(void *a, size_t n) { touch(a, n, true, __builtin_return_address(0)); }
extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void *) {}
extern "C" void __tsan_func_exit() {}

// And where it meets what C++ does not define (-fsanitize=alignment and others): the place comes first in what it hands over.
struct Place { const char *file; uint32_t line, column; };
#define RUNG_UNDEFINED(name, words)                                                                                    \
  extern "C" void __ubsan_handle_##name(const Place *where, ...) { fault(nullptr, where->line, words); }
extern "C" void __ubsan_handle_type_mismatch_v1(const Place *where, const void *address) {
  const Memory *m = memory_of(address);
  fault(nullptr, where->line, "misaligned: no value of this type begins at %s", m ? named(*m, (const char *)address - m->base) : "that address");
}
RUNG_UNDEFINED(out_of_bounds, "an index is beyond the end of its array")
RUNG_UNDEFINED(divrem_overflow, "integer division by zero, or of the smallest number by -1")
RUNG_UNDEFINED(shift_out_of_bounds, "a shift by as many bits as the type has, or more, or by less than none")
RUNG_UNDEFINED(add_overflow, "a sum of signed integers overflows")
RUNG_UNDEFINED(sub_overflow, "a difference of signed integers overflows")
RUNG_UNDEFINED(mul_overflow, "a product of signed integers overflows")
RUNG_UNDEFINED(negate_overflow, "the smallest signed integer is negated")
RUNG_UNDEFINED(load_invalid_value, "a bool that is neither true nor false")
RUNG_UNDEFINED(builtin_unreachable, "it comes to where no thread can come")
RUNG_UNDEFINED(missing_return, "a function ends without the value it is to return")
