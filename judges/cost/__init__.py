"""What a kernel costs, counted: operations by kind, bytes by level of memory; exact, without running it.

    from rung.judges.cost import cost
    cost(module)["matmul"].flops

operations   the table of what each op costs
iterations   how often the places of the model run, and which elements are touched
points       how many points an integer set has
footprint    distinct bytes that a launch touches
analysis     all of this together: `cost`
roofline     the peaks of this machine, and the least time that a kernel takes by them
counting     the same by running the program in the evaluator, the judge of the rest
"""

from .analysis import Cost, cost
from .operations import CostError

__all__ = ["Cost", "CostError", "cost"]
