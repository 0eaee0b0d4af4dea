// Threads of a block as fibers: a stack each, and a switch from one to another in a few instructions.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#if !defined(__x86_64__) || defined(RUNG_UCONTEXT)
#define RUNG_SWITCH_BY_UCONTEXT
#include <ucontext.h>
#endif

constexpr int kMaxThreads = 1024;
constexpr size_t kStackBytes = 256 << 10, kPage = 4096; // only pages that a thread touches exist

#ifndef RUNG_SWITCH_BY_UCONTEXT
typedef void *Context; // the stack pointer; all else that a call keeps lies on the stack
extern "C" void rung_switch(Context *from, Context to);
asm(R"(
.text
.type rung_switch, @function
rung_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
inline void switch_to(Context &from, Context &to) { rung_switch(&from, to); }
inline void aim(Context &context, char *stack, void (*entry)()) {
  void **top = (void **)(stack + kStackBytes);
  *--top = nullptr;        // where entry would return to, which it does not; aligns the stack as after a call
  *--top = (void *)entry;  // what the switch returns to
  context = top - 6;       // six registers, of any value
}
#else
typedef ucontext_t Context;
inline void switch_to(Context &from, Context &to) { swapcontext(&from, &to); }
inline void aim(Context &context, char *stack, void (*entry)()) {
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = kStackBytes;
  context.uc_link = nullptr;
  makecontext(&context, entry, 0);
}
#endif

// One more page below each stack, that nobody may touch.
struct Stacks {
  char *low = nullptr;
  int count = 0;
  void need(int threads) {
    if (threads <= count) return;
    if (low) munmap(low, count * (kStackBytes + kPage));
    low = (char *)mmap(nullptr, threads * (kStackBytes + kPage), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (low == MAP_FAILED) low = nullptr, _exit(71);
    for (int i = 0; i < threads; i++) mprotect(low + i * (kStackBytes + kPage), kPage, PROT_NONE);
    count = threads;
  }
  char *of(int thread) const { return low + thread * (kStackBytes + kPage) + kPage; }
  bool guards(const char *address) const {
    return low && address >= low && address < low + count * (kStackBytes + kPage) && (address - low) % (kStackBytes + kPage) < kPage;
  }
};
