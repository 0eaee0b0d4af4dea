"""The target `cpu`: kernels as LLVM IR, compiled in the process by llvmlite, their blocks spread over threads of our own."""
