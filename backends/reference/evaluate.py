"""`evaluate`: run one function of a module on NumPy arrays, on whichever rung the module stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from xdsl.dialects.builtin import FunctionType, IntegerAttr, MemRefType, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue

from . import affine, arith, casts, comparisons, gpu, linalg, math_, memref, nd, scf, tensor, transfer, vector
from .interpreter import Observer, Program, Rule
from .values import Array, EvaluationError, Memref, Root, dtype_of, is_shaped, poison, scalar, shape_of

RULES: dict[str, Rule] = {
    name: rule
    for module in (arith, casts, comparisons, math_, nd, affine, scf, tensor, linalg, memref, vector, transfer, gpu)
    for name, rule in module.RULES.items()
}
"""Name of each op the evaluator knows: its rule."""


def evaluate(
    module: ModuleOp,
    function: str,
    args: Sequence[Any],
    *,
    thread_order: Literal["forward", "reversed", "shuffled"] = "forward",
    seed: int = 0,
    observer: Observer | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> list[Array]:
    """Run `@function` on `args` and return its outputs: the trailing `outs` memrefs, then the results.

    Arguments   one array for each parameter, of its shape and dtype, or a number for a scalar; unsigned arrays fit signless
                integers. The last `outs` memrefs (a function attribute) are not passed: they are allocated here, full of poison.
                A memref of a function without `outs` is written in place; with `outs`, writing into an input is an error.
    Order       parallel iterations, blocks and threads run one after another in `thread_order`; `seed` picks the shuffle
    Observer    called with each op before it runs, and with a function from its operands to their values
    Rules       the rule of each op by its name; a judge that reads an op in another legal way gives its own
    Errors      EvaluationError: no such function, an argument that does not fit, an op without a rule, an access out of bounds,
                a division by zero, two parallel iterations that touch one element, a barrier that not every thread reaches;
                Unsupported, a kind of it: an op or type without a rule
    """
    program = Program(module, rules, thread_order, seed, observer)
    op = program.symbols.get(function)
    if op is None or op.name != "func.func":
        known = ", ".join(f"@{name}" for name, found in program.symbols.items() if found.name == "func.func") or "none"
        raise EvaluationError(f"reference: there is no function @{function}; the module has {known}")
    compiled = program.compiled(op)
    parameters, n_outs = _parameters(op), outs_of(op)
    n_inputs = len(parameters) - n_outs
    if len(args) != n_inputs:
        raise EvaluationError(f"reference: @{function} is called with {len(args)} arguments, expected {n_inputs}")
    bound = [
        _bind(function, i, value, parameter, frozen=n_outs > 0)
        for i, (value, parameter) in enumerate(zip(args, parameters[:n_inputs]))
    ]
    outs = [_allocate(parameter.type) for parameter in parameters[n_inputs:]]
    frame = compiled.frame([*bound, *outs], None)
    with np.errstate(all="ignore"):
        if compiled.body.suspends:
            raise EvaluationError(f"reference: @{function} has a gpu.barrier outside of a kernel")
        compiled.body.run(frame)
    _copy_back(args, bound)
    return [_output(value) for value in (*outs, *compiled.results(frame))]


def _parameters(op: Operation) -> Sequence[SSAValue]:
    block = op.regions[0].blocks.first
    assert block is not None and isinstance(op.properties["function_type"], FunctionType)
    return block.args


def outs_of(op: Operation) -> int:
    """How many trailing parameters of a function are results: its attribute `outs`."""
    outs = op.attributes.get("outs")
    return outs.value.data if isinstance(outs, IntegerAttr) else 0


def _allocate(type_: Attribute) -> Memref:
    try:
        array = poison(shape_of(type_), type_)
    except (MemoryError, ValueError) as problem:  # more elements than there is memory, or than NumPy counts
        raise EvaluationError(f"reference: no memory for a result of type {type_}: {problem}") from problem
    return Memref(array, Root(array))


def _bind(function: str, position: int, value: Any, parameter: SSAValue, *, frozen: bool) -> Any:
    """The argument as a value of the parameter's type. Raises EvaluationError where it does not fit."""
    type_, dtype = parameter.type, dtype_of(parameter.type)
    name = f"%{parameter.name_hint}" if parameter.name_hint else f"#{position}"
    if not is_shaped(type_):
        return scalar(np.asarray(value).item(), type_) if dtype.kind in "biuf" else np.asarray(value).astype(dtype)[()]
    array = np.asarray(value)
    expected = shape_of(type_)
    same_bits = array.dtype.kind in "iu" and dtype.kind in "iu" and array.dtype.itemsize == dtype.itemsize
    fits = len(expected) == array.ndim and all(want in (-1, have) for want, have in zip(expected, array.shape))
    if not fits or (array.dtype != dtype and not same_bits):
        raise EvaluationError(
            f"reference: argument {position} ({name}) of @{function} is {array.dtype} {array.shape}, expected {dtype} {expected}"
        )
    array = array.view(dtype) if same_bits else array
    if not isinstance(type_, MemRefType):  # a tensor or a vector is a value
        return array
    array = np.ascontiguousarray(array).reshape(array.shape)
    if frozen:
        array = array.view()
        array.flags.writeable = False
    return Memref(array, Root(array))


def _copy_back(args: Sequence[Any], bound: Sequence[Any]) -> None:
    """A caller's array that is not contiguous was copied: give it what was written."""
    for value, memref_ in zip(args, bound):
        if isinstance(memref_, Memref) and memref_.array.flags.writeable:
            array = np.asarray(value)
            if not np.may_share_memory(array, memref_.array):
                array[...] = memref_.array.view(array.dtype)


def _output(value: Any) -> Array:
    return np.array(value.array if isinstance(value, Memref) else value)
