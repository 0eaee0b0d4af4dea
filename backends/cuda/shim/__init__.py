"""CUDA C++ run by this machine's processor: the text that NVRTC gets is compiled by g++ against a small shim. For tests only.

A block's threads are fibers that change at barriers; blocks run one after another; memory has exact bounds. What it finds is a
`KernelFault` that names kernel, block, thread and source line:

- an access outside of an argument or of all shared memory (to the byte), a wrong index into a shared or private array
- a data race: two accesses that no barrier orders, whatever the order of threads in which they happened to run
- a barrier that some threads do not reach, or that they reach at different lines; any other deadlock
- shared memory read before it is written; what is not written of a result stays 0xff, which is NaN
- a misaligned vector, integer division by zero, a signed overflow, a shift by too many bits, a private array beyond a stack
- an argument written whose memory another argument of the same launch has too

And every program runs under several orders of threads and blocks, which must give the same bits.

Not modelled: weak memory (an order is a sequence of whole accesses), warps with their votes and shuffles, bank conflicts,
registers, limits on shared memory, time. Private memory that is read before it is written holds 0xfe, which is no NaN. Within
shared memory a pointer that misses its array by more than 64 bytes may meet the next one. Half floats and math functions are
this machine's.
"""
