"""Helpers for tests of rewrites on small nd programs, written as the lines of a body that ends in `-> %result`."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from corpus import assert_same, make_inputs, parse
from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import SSAValue

from rung.backends.reference import evaluate


def program(arguments: str, body: str) -> ModuleOp:
    """A module whose `@main` takes `arguments` and returns the values named after the `->` of the last line of `body`."""
    lines, _, names = body.rpartition("->") if body.rpartition("->")[2].strip().startswith("%") else (body, "", "")
    module = parse(f"func.func @main({arguments}) {{\n{lines}\n  return\n}}")
    main = module.body.block.first_op
    assert isinstance(main, func.FuncOp) and main.body.block.last_op is not None
    values: dict[str, SSAValue] = {}
    for value in [*main.args, *(r for op in main.body.block.ops for r in op.results)]:
        values[f"%{value.name_hint}"] = value
    results = [values[name.strip()] for name in names.split(",")]
    main.body.block.erase_op(main.body.block.last_op)
    main.body.block.add_op(func.ReturnOp(*results))
    main.properties["function_type"] = FunctionType.from_lists([a.type for a in main.args], [r.type for r in results])
    module.verify()
    return module


def assert_rewrites(arguments: str, before: str, after: str, *rewrites: Callable[[ModuleOp], None], exact: bool = True) -> None:
    """Each rewrite turns `before` into `after`, and both give the same numbers on hard data."""
    want = program(arguments, after)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for rewrite in rewrites:
            module = program(arguments, before)
            answers = [evaluate(module, "main", make_inputs(module, seed, special=seed % 2 == 1)) for seed in range(4)]
            rewrite(module)
            module.verify()
            assert module.is_structurally_equivalent(want), f"became\n{module}\nexpected\n{want}"
            for seed, answer in enumerate(answers):
                assert_same(evaluate(module, "main", make_inputs(module, seed, special=seed % 2 == 1)), answer, exact=exact)
