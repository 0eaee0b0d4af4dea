"""Random nd programs against every judge: `python -m rung.judges.fuzzing --seconds 60`. Nothing else in rung imports this.

program.py    a program as a list of nodes, which can be cut, joined and built as an nd module
shadow.py     what each op means, in NumPy's longest floats, with a bound of what any legal evaluation may differ by
              (`elementwise.py` and `bounds.py` are parts of it)
generate.py   a random program from a seed: every kind of op; `idioms.py` has matmul, windows, softmax and their like
choices.py    cuts between kernels, schedules and whatever else the compiler may decide at will, at random
judges.py     the evaluator after each pass, mlir-opt, compiled targets
reduction.py  the smallest program that still fails
hunt.py       many seeds in a row
"""

from .bounds import IllConditioned, Shadow
from .generate import Sizes, generate
from .program import Node, Program
from .shadow import shadow

__all__ = ["IllConditioned", "Node", "Program", "Shadow", "Sizes", "generate", "shadow"]
