"""The NumPy evaluator: runs the IR of every rung. Slow, small, and the judge of the rest."""

from .compare import assert_close
from .evaluate import evaluate
from .values import EvaluationError

__all__ = ["EvaluationError", "assert_close", "evaluate"]
