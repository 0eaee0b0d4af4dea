"""Random nd programs against every judge: `python -m rung.fuzzing --seconds 60`. Nothing else in rung imports this.

program.py    a program as a list of nodes, which can be cut, joined and built as an nd module
shadow.py     what each op means, in NumPy's longest floats, with a bound of what any legal evaluation may differ by
generate.py   a random program from a seed: every kind of op; `idioms.py` has matmul, windows, softmax and their like
judges.py     the evaluator after each pass, mlir-opt, compiled targets
shrink.py     the smallest program that still fails
"""

from .generate import Sizes, generate
from .program import Node, Program
from .shadow import IllConditioned, Shadow, shadow

__all__ = ["IllConditioned", "Node", "Program", "Shadow", "Sizes", "generate", "shadow"]
