"""rung: a GPU compiler built as a ladder. Every rung is IR that prints, parses, verifies, runs and passes mlir-opt."""
