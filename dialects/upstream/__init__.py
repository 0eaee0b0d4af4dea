"""Upstream MLIR ops that xDSL 0.74 lacks or cannot spell, in upstream's names, syntax and meaning."""
