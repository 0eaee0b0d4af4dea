"""The judge `total`: proofs over integer sets that a kernel stays in bounds and writes each element once, without a race."""
