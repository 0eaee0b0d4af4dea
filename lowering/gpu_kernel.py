"""One scf.forall as one gpu.func: what it uses from outside becomes parameters and constants, its indices become ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, func, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.traits import is_side_effect_free
from xdsl.utils.exceptions import PassFailedException

from rung.dialects.upstream import gpu
from rung.dialects.upstream.scf import ForallOp
from rung.lowering.constant_pool import ConstantPool

MAX_X, MAX_YZ = 2**31 - 1, 65535
"""Most blocks along the dims of a grid: CUDA's limits, OpenCL has none as low."""


@dataclass(frozen=True)
class Launch:
    """A kernel, which parameters of its kernel function it takes, and its sizes along x, y, z."""

    kernel: gpu.FuncOp
    places: tuple[int, ...]
    grid: tuple[int, ...]
    block: tuple[int, ...]


def outline(function: func.FuncOp, forall: ForallOp, name: str, threads: Sequence[int]) -> Launch | None:
    """Move the body of `forall` out of `function` into a kernel `@name`; None where it has no iteration.

    Errors: bounds that are values; a use of something outside that is neither a parameter nor free of side effects.
    """
    try:
        bounds = forall.static_bounds()
    except ValueError as error:
        raise PassFailedException(f"vector-to-gpu: in @{function.sym_name.data} {error}") from None
    counts = [max(0, -(-(upper - lower) // step)) for lower, upper, step in bounds]
    if 0 in counts:
        return None
    sizes = [*threads, *([1] * len(counts))][: len(counts)]
    blocks = [-(-count // size) for count, size in zip(counts, sizes, strict=True)]
    block = forall.body.detach_block(0)
    terminator = block.last_op
    assert terminator is not None
    terminator.detach()
    terminator.erase()
    block.add_op(gpu.ReturnOp())
    places = _capture(function, block)
    ids = _Ids(block)
    block_numbers, grid = ids.numbers(gpu.BlockIdOp, blocks)
    thread_numbers, threads_xyz = ids.numbers(gpu.ThreadIdOp, sizes)
    numbers = [b * size + t for b, t, size in zip(block_numbers, thread_numbers, sizes, strict=True)]
    ivs = block.args[: len(bounds)]
    for iv, number, count, size in zip(ivs, numbers, counts, sizes, strict=True):
        if count % size:
            ids.guard(number, count, iv.name_hint)
    ids.close_guard()
    for iv, number, (lower, _, step) in zip(ivs, numbers, bounds, strict=True):
        ids.replace(iv, number * step + lower)
    for iv in reversed(ivs):
        block.erase_arg(iv)
    kernel = gpu.FuncOp(name, (block.arg_types, []), Region(block), known_block_size=threads_xyz, known_grid_size=grid)
    return Launch(kernel, places, grid, threads_xyz)


def _capture(function: func.FuncOp, block: Block) -> tuple[int, ...]:
    """Give `block` copies of what it uses from the body of `function`; the parameters that became its last arguments."""
    outside = function.body.block
    uses: dict[SSAValue, list[tuple[Operation, int]]] = {}
    for op in block.walk():
        for place, operand in enumerate(op.operands):
            owner = operand.owner
            if owner is outside or (isinstance(owner, Operation) and owner.parent is outside):
                uses.setdefault(operand, []).append((op, place))
    needed: set[Operation] = set()
    values: set[SSAValue] = set(uses)
    pending = [value.owner for value in uses if isinstance(value.owner, Operation)]
    while pending:
        op = pending.pop()
        if op in needed:
            continue
        if op.regions or not is_side_effect_free(op):
            raise PassFailedException(
                f"vector-to-gpu: scf.forall in @{function.sym_name.data} uses {op.name} from outside, expected no effects in it"
            )
        needed.add(op)
        values.update(op.operands)
        pending += [value.owner for value in op.operands if isinstance(value.owner, Operation)]
    copies: dict[SSAValue, SSAValue] = {}
    places: list[int] = []
    for place, parameter in enumerate(outside.args):
        if parameter in values:
            argument = block.insert_arg(parameter.type, len(block.args))
            argument.name_hint = parameter.name_hint
            copies[parameter] = argument
            places.append(place)
    first = block.first_op
    assert first is not None
    block.insert_ops_before([op.clone(copies) for op in outside.ops if op in needed], first)
    for value, operands in uses.items():
        for op, place in operands:
            op.operands[place] = copies[value]
    return tuple(places)


class _Ids:
    """The block and thread ids at the head of a kernel, and what is computed from them: an expression whose dims are `values`."""

    def __init__(self, block: Block):
        self.block = block
        self.values: list[SSAValue] = []
        self.pool = ConstantPool(block)
        self.condition: SSAValue | None = None
        self._computed: dict[AffineExpr, SSAValue] = {}
        self.anchor = next(op for op in block.ops if not isinstance(op, arith.ConstantOp))

    def emit(self, *ops: Operation) -> None:
        self.block.insert_ops_before(ops, self.anchor)

    def numbers(
        self, kind: type[gpu.BlockIdOp | gpu.ThreadIdOp], counts: Sequence[int]
    ) -> tuple[list[AffineExpr], tuple[int, int, int]]:
        """Which of `counts` along each dim this is, and the sizes along x, y, z: last dim x, the one before y, the others z."""
        groups = [counts[-1:], counts[-2:-1], counts[:-2]]
        sizes = [prod(group) for group in groups]
        if kind is gpu.BlockIdOp and (sizes[1] > MAX_YZ or sizes[2] > MAX_YZ):
            groups, sizes = [counts, counts[:0], counts[:0]], [prod(counts), 1, 1]
            if sizes[0] > MAX_X:
                raise PassFailedException(f"vector-to-gpu: the grid has {sizes[0]} blocks, expected at most {MAX_X}")
        found: list[list[AffineExpr]] = [self._delinearized(kind, "xyz"[k], group) for k, group in enumerate(groups)]
        return [*found[2], *found[1], *found[0]], (sizes[0], sizes[1], sizes[2])

    def _delinearized(self, kind: type[gpu.BlockIdOp | gpu.ThreadIdOp], dim: str, counts: Sequence[int]) -> list[AffineExpr]:
        zero = AffineConstantExpr(0)
        if prod(counts) == 1:
            return [zero] * len(counts)
        op = kind(dim)
        self.emit(op)
        id_: AffineExpr = AffineDimExpr(len(self.values))
        self.values.append(op.result)
        exprs: list[AffineExpr] = []
        outermost = True
        for k, count in enumerate(counts):
            inner = prod(counts[k + 1 :])
            expr = id_ if inner == 1 else id_ // inner
            # the outermost one needs no mod: ids are below the product of all counts
            exprs.append(zero if count == 1 else expr if outermost else expr % count)
            outermost = outermost and count == 1
        return exprs

    def guard(self, number: AffineExpr, count: int, hint: str | None) -> None:
        """The body runs only where `number < count`."""
        compare = arith.CmpiOp(self._value(number, hint), self.pool.index(count), "slt")
        compare.result.name_hint = "inside"
        self.emit(compare)
        if self.condition is None:
            self.condition = compare.result
        else:
            both = arith.AndIOp(self.condition, compare.result)
            both.result.name_hint = "inside"
            self.emit(both)
            self.condition = both.result

    def close_guard(self) -> None:
        """Move the body under the guards, if there are any."""
        if self.condition is None:
            return
        last = self.block.last_op
        assert last is not None
        body: list[Operation] = []
        op = self.anchor
        while op is not last:
            following = op.next_op
            assert following is not None
            op.detach()
            body.append(op)
            op = following
        branch = scf.IfOp(self.condition, [], [*body, scf.YieldOp()])
        self.block.insert_ops_before((branch,), last)
        self.anchor = branch

    def replace(self, iv: SSAValue, expr: AffineExpr) -> None:
        """Use `expr` for `iv`, inside the affine maps that use it unless it divides."""
        if not _divides(expr):
            for user in {use.operation for use in iv.uses if isinstance(use.operation, ApplyOp)}:
                self._compose(user, iv, expr)
        if next(iter(iv.uses), None) is not None:
            iv.replace_all_uses_with(self._value(expr, iv.name_hint))

    def _value(self, expr: AffineExpr, hint: str | None) -> SSAValue:
        """`expr` at the head of the kernel."""
        if isinstance(expr, AffineConstantExpr):
            return self.pool.index(expr.value)
        if isinstance(expr, AffineDimExpr):
            value = self.values[expr.position]
            value.name_hint = hint or value.name_hint
            return value
        if expr in self._computed:
            return self._computed[expr]
        used = sorted(expr.used_dims())
        op = ApplyOp([self.values[d] for d in used], AffineMapAttr(AffineMap(len(used), 0, (_renumber(expr, used),))))
        op.result.name_hint = hint
        self.emit(op)
        self._computed[expr] = op.result
        return op.result

    def _compose(self, op: ApplyOp, iv: SSAValue, expr: AffineExpr) -> None:
        """`op` with `expr` over the ids in place of its operand `iv`."""
        operands: list[SSAValue] = []

        def dim(value: SSAValue) -> AffineExpr:
            if value not in operands:
                operands.append(value)
            return AffineDimExpr(operands.index(value))

        dims: list[AffineExpr] = []
        for operand in op.mapOperands:
            if operand is iv:
                used = sorted(expr.used_dims())
                positions = {d: dim(self.values[d]) for d in used}
                dims.append(
                    expr.replace_dims_and_symbols([positions.get(d, AffineDimExpr(d)) for d in range(len(self.values))], ())
                )
            else:
                dims.append(dim(operand))
        result = op.map.data.results[0].replace_dims_and_symbols(dims, ())
        if isinstance(result, AffineConstantExpr):
            op.result.replace_all_uses_with(self.pool.index(result.value))
        elif isinstance(result, AffineDimExpr):
            op.result.replace_all_uses_with(operands[result.position])
        else:
            op.operands = operands
            op.properties["map"] = AffineMapAttr(AffineMap(len(operands), 0, (result,)))
            return
        op.detach()
        op.erase()


def _divides(expr: AffineExpr) -> bool:
    if not isinstance(expr, AffineBinaryOpExpr):
        return False
    if expr.kind not in (AffineBinaryOpKind.Add, AffineBinaryOpKind.Mul):
        return True
    return _divides(expr.lhs) or _divides(expr.rhs)


def _renumber(expr: AffineExpr, used: Sequence[int]) -> AffineExpr:
    dims: list[AffineExpr] = [AffineDimExpr(0)] * (used[-1] + 1)
    for new, old in enumerate(used):
        dims[old] = AffineDimExpr(new)
    return expr.replace_dims_and_symbols(dims, ())
