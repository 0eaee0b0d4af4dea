"""The NumPy evaluator: runs the IR of every rung. Slow, small, and the judge of the rest."""
