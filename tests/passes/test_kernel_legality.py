"""Axis tracking against NumPy, and each reason for which a reduction cannot stay inside a kernel."""

from math import prod

import numpy as np
import pytest
from corpus import parse
from hypothesis import given
from hypothesis import strategies as st
from xdsl.ir import Operation

from rung.dialects.nd import ReduceOp
from rung.passes.kernel_legality import FIXED, MIXED, REDUCED, KernelWalk, Use, operand_use, reduction_of, reshaped_axes


@st.composite
def reshapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes of one size, made by multiplying the same factors in different groups."""
    factors = draw(st.lists(st.sampled_from([1, 1, 2, 3, 5]), min_size=0, max_size=5))

    def grouped() -> tuple[int, ...]:
        shape = [1]
        for factor in factors:
            if draw(st.booleans()):
                shape.append(factor)
            else:
                shape[-1] *= factor
        return tuple(shape[draw(st.integers(0, 1)) if shape[0] == 1 else 0 :])

    return grouped(), grouped()


@given(reshapes())
def test_an_axis_that_a_reshape_keeps_has_the_same_index_on_both_sides(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    source, result = shapes
    assert prod(source) == prod(result)
    before, after = (np.indices(shape).reshape(len(shape), prod(shape)) for shape in shapes)
    for i, j in enumerate(reshaped_axes(source, result)):
        if j is not None:
            assert source[i] == result[j]
            np.testing.assert_array_equal(before[i], after[j])


@pytest.mark.parametrize(
    ("source", "result", "kept"),
    [
        ((4, 6), (4, 1, 6), [0, 2]),
        ((4, 1), (4,), [0, None]),
        ((4, 6), (24,), [None, None]),
        ((4, 6, 5), (4, 2, 3, 5), [0, None, 3]),
        ((4, 6, 5), (4, 30), [0, None, None]),
        ((2, 2), (2, 2, 1), [0, 1]),
        ((), (1, 1), []),
        ((0, 3), (3, 0), [None, None]),
    ],
)
def test_what_a_reshape_keeps(source: tuple[int, ...], result: tuple[int, ...], kept: list[int | None]) -> None:
    assert reshaped_axes(source, result) == kept


def the_op(line: str, arguments: str = "%x: tensor<4x6x1xf32>") -> Operation:
    module = parse(f"func.func @f({arguments}) {{\n%r = {line}\nreturn\n}}")
    return next(op for op in module.walk() if op.name.startswith("nd."))


TRACKED = {
    "elementwise": ('nd.unary "neg" %x : tensor<4x6x1xf32>', (7, 8, FIXED), (7, 8, FIXED)),
    "permute": ("nd.permute %x [2, 0, 1] : tensor<4x6x1xf32> -> tensor<1x4x6xf32>", (FIXED, 7, 8), (7, 8, FIXED)),
    "expand drops the repeated axis": ("nd.expand %x : tensor<4x6x1xf32> -> tensor<4x6x5xf32>", (7, 8, 9), (7, 8, FIXED)),
    "reshape around extent 1": ("nd.reshape %x : tensor<4x6x1xf32> -> tensor<1x4x6xf32>", (FIXED, 7, 8), (7, 8, FIXED)),
    "reshape that splits": ("nd.reshape %x : tensor<4x6x1xf32> -> tensor<4x2x3xf32>", (7, 8, 9), (7, MIXED, FIXED)),
    "flip": ("nd.flip %x axes [1] : tensor<4x6x1xf32> -> tensor<4x6x1xf32>", (7, 8, FIXED), (7, MIXED, FIXED)),
    "shrink": (
        "nd.shrink %x start [1, 0, 0] stop [4, 6, 1] step [1, 1, 1] : tensor<4x6x1xf32> -> tensor<3x6x1xf32>",
        (7, 8, FIXED),
        (MIXED, 8, FIXED),
    ),
    "pad, also of an axis of extent 1": (
        "nd.pad %x low [0, 0, 1] high [0, 1, 0] value 0.0 : f32 : tensor<4x6x1xf32> -> tensor<4x7x2xf32>",
        (7, 8, 9),
        (7, MIXED, MIXED),
    ),
    "reduce": ('nd.reduce "sum" %x axes [0] : tensor<4x6x1xf32> -> tensor<6x1xf32>', (7, FIXED), (REDUCED, 7, FIXED)),
    "reduce over nothing": (
        'nd.reduce "sum" %x axes [] : tensor<4x6x1xf32> -> tensor<4x6x1xf32>',
        (7, 8, FIXED),
        (7, 8, FIXED),
    ),
}


@pytest.mark.parametrize("what", TRACKED)
def test_the_loop_along_each_axis_of_an_operand(what: str) -> None:
    line, axes, want = TRACKED[what]
    op = the_op(line)
    use = operand_use(op, Use(op, op, axes))
    assert use.axes == want
    assert bool(use.path) == (MIXED in want), "only what mixes an axis makes a new path"
    assert (use.nest is op) and use.root is op


def test_a_reduction_inside_opens_its_own_loops() -> None:
    op = the_op('nd.reduce "sum" %x axes [1] : tensor<4x6x1xf32> -> tensor<4x1xf32>')
    outer = the_op('nd.unary "neg" %x : tensor<4x6x1xf32>')
    use = operand_use(op, Use(outer, outer, (0, FIXED)))
    assert use.root is outer
    assert use.nest is op
    assert use.points == 24


REFUSED = {
    "in several kernels": """
        %r = nd.unary "neg" %s {realize} : tensor<4xf32>
        %q = nd.unary "abs" %s {realize} : tensor<4xf32>""",
    "at two different indices": """
        %a = nd.reshape %s : tensor<4xf32> -> tensor<4x1xf32>
        %b = nd.reshape %s : tensor<4xf32> -> tensor<1x4xf32>
        %c = nd.expand %a : tensor<4x1xf32> -> tensor<4x4xf32>
        %d = nd.expand %b : tensor<1x4xf32> -> tensor<4x4xf32>
        %r = nd.binary "add" %c, %d {realize} : tensor<4x4xf32> -> tensor<4x4xf32>""",
    "at more than its rows": """
        %r = nd.reduce "max" %s axes [0] {realize} : tensor<4xf32> -> tensor<f32>""",
    "at other rows than its other reductions": """
        %a = nd.reshape %s : tensor<4xf32> -> tensor<4x1xf32>
        %b = nd.expand %a : tensor<4x1xf32> -> tensor<4x6xf32>
        %down = nd.reduce "sum" %x axes [0] : tensor<4x6xf32> -> tensor<6xf32>
        %c = nd.reshape %down : tensor<6xf32> -> tensor<1x6xf32>
        %d = nd.expand %c : tensor<1x6xf32> -> tensor<4x6xf32>
        %r = nd.binary "add" %b, %d {realize} : tensor<4x6xf32> -> tensor<4x6xf32>""",
}


@pytest.mark.parametrize("why", REFUSED)
def test_refusal(why: str) -> None:
    module = parse(
        "func.func @f(%x: tensor<4x6xf32>) {\n"
        f'%s = nd.reduce "sum" %x axes [1] : tensor<4x6xf32> -> tensor<4xf32>\n{REFUSED[why]}\nreturn\n}}'
    )
    walk = KernelWalk()
    for op in reversed([op for op in module.walk() if op.name.startswith("nd.")]):
        reduction = reduction_of(op)
        if "realize" in op.attributes:
            walk.begin_kernel(op)
        elif reduction is not None and reduction.res.name_hint == "s":
            assert walk.refusal(reduction) == why
            return
        elif reduction is not None:
            assert walk.refusal(reduction) is None
            walk.fuse(reduction)
        walk.enter(op)
    raise AssertionError("the reduction was not met")


def test_the_diagonal_of_a_reduction_is_refused() -> None:
    """Both axes follow one loop: only the diagonal would be needed, of rows that are computed in full. No op makes this today."""
    reduction = the_op('nd.reduce "sum" %x axes [2] : tensor<4x4x2xf32> -> tensor<4x4xf32>', "%x: tensor<4x4x2xf32>")
    assert isinstance(reduction, ReduceOp)
    walk = KernelWalk()
    walk.uses[reduction.res] = {Use(reduction, reduction, (0, 0)): None}
    assert walk.refusal(reduction) == "at two axes of one loop"
