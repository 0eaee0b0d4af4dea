"""What agrees with the compiler, or does not: one module or folder a judge, from cheap to dear (DESIGN, "Judges").

structure   op verifiers, dominance and the rung's contract, after every pass
total       proofs over integer sets: in bounds, outputs written once, no races, uniform barriers; before every first build
run         the evaluator before and after each pass (`--judge run`), mlir-runner beside it (`--judge upstream`)
upstream    mlir-opt of LLVM 22 on the text of a rung
fuzzing     random programs before all judges at once
"""
