"""Random nd programs against every judge: `rung fuzz --seconds 60`. Nothing else in rung imports this.

program.py    a program as a list of nodes, which can be cut, joined and built as an nd module
shadow.py     what each op means, in NumPy's longest floats, with a bound of what any legal evaluation may differ by
              (`elementwise.py` and `bounds.py` are parts of it)
generate.py   a random program from a source of choices: every kind of op; `idioms.py` has matmul, windows, softmax and their like
source.py     choices from a seed; `strategy.py` has those that Hypothesis draws, for property tests of passes (`check.py`)
choices.py    cuts between kernels, schedules and whatever else the compiler may decide at will, at random
judges.py     the judges by name: `ladder.py` asks after each pass (`analyses.py`: proof and cost), `machines.py` compiles, runs
coverage.py   which ops, types, shapes and values occurred
reduction.py  the smallest program that still fails
hunt.py       many seeds in a row; `record.py` writes down what they showed
"""

from .bounds import IllConditioned, Shadow
from .check import check_pass
from .generate import Sizes, generate
from .program import Node, Program
from .shadow import shadow

__all__ = ["IllConditioned", "Node", "Program", "Shadow", "Sizes", "check_pass", "generate", "shadow"]
