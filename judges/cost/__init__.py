"""What a kernel costs, counted: operations by kind, bytes by level of memory; exact, without running it.

    from rung.judges.cost import cost
    cost(module)["matmul"].flops

operations   the table of what each op costs
statements   the ops of a kernel with the iterations they run in, as far as they are affine
points       how many points an integer set has
footprint    distinct bytes that a launch touches
analysis     all of this together: `cost`
counting     the same by running the program in the evaluator, the judge of the rest
"""

from .analysis import Cost, cost
from .operations import CostError

__all__ = ["Cost", "CostError", "cost"]
