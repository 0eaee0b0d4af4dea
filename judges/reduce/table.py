"""The reductions in the order in which they are tried: what may take much away comes first. Add one by adding a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from . import attributes, carried, constants, functions, nd_shapes, ops, regions, shapes
from .edits import Edit


@dataclass(frozen=True)
class Reduction:
    """A way to make modules smaller.

    edits     the places in a module where it can be done, always in the same order for equal modules
    together  try many places at once, then fewer; False where the edits are choices for one place
    """

    edits: Callable[[ModuleOp], Sequence[Edit]]
    says: str
    together: bool = True


REDUCTIONS: tuple[Reduction, ...] = (
    Reduction(functions.drop_functions, "functions with their calls and launches"),
    Reduction(functions.drop_unreferenced, "functions that nothing mentions"),
    Reduction(functions.expose_callees, "entries, for what they call"),
    Reduction(functions.drop_results, "results of functions"),
    Reduction(ops.unused, "ops that nobody uses"),
    Reduction(ops.new_argument, "ops, for new arguments"),
    Reduction(ops.first_operand, "ops, for their first operand"),
    Reduction(ops.last_operand, "ops, for their last operand"),
    Reduction(ops.function_argument, "ops, for an argument"),
    Reduction(ops.new_constant, "ops, for constants"),
    Reduction(regions.then_branches, "conditions that hold"),
    Reduction(regions.else_branches, "conditions that do not"),
    Reduction(regions.loops, "loops, for one iteration"),
    Reduction(regions.last_iterations, "loops, for their last iteration"),
    Reduction(regions.loop_axes, "axes of loops", together=False),
    Reduction(regions.jumps, "jumps", together=False),
    Reduction(regions.straight_jumps, "blocks", together=False),
    Reduction(functions.inline_calls, "calls, inlined", together=False),
    Reduction(functions.earlier_results, "what the last op does", together=False),
    Reduction(functions.empty_bodies, "bodies of functions"),
    Reduction(functions.unwrap_device_modules, "empty modules"),
    Reduction(carried.carried_values, "values carried by loops"),
    Reduction(carried.generic_inputs, "inputs of linalg ops"),
    Reduction(regions.buffers, "views of memory"),
    Reduction(ops.earlier_value, "ops, for an earlier value"),
    Reduction(ops.equal_constants, "equal constants"),
    Reduction(functions.drop_arguments, "unused arguments"),
    Reduction(functions.merge_arguments, "arguments of one type"),
    Reduction(functions.arguments_for_values, "arguments, for other values"),
    Reduction(attributes.drop_attributes, "attributes"),
    Reduction(constants.one_block_or_thread, "blocks and threads"),
    Reduction(nd_shapes.nd_extents, "extents one by one", together=False),
    Reduction(nd_shapes.nd_amounts, "pads and slices", together=False),
    Reduction(shapes.extents, "extents", together=False),
    Reduction(shapes.layouts, "layouts of memory", together=False),
    Reduction(shapes.element_types, "element types", together=False),
    Reduction(constants.to_one, "constants, for 1"),
    Reduction(constants.to_zero, "constants, for 0"),
    Reduction(constants.to_two, "constants, for 2"),
    Reduction(constants.smaller, "constants, for smaller ones", together=False),
    Reduction(attributes.ones_in_attributes, "numbers in attributes"),
)
