"""OpenCL C: spelled by `backends.c`, built and launched through pyopencl."""
