"""The printer that OpenCL C and CUDA C share: one record for how the languages differ, one table that spells each op."""
