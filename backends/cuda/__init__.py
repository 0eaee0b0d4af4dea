"""CUDA C: spelled by `backends.c`, compiled by NVRTC, launched through cupy."""
