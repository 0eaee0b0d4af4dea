"""Which dims of a loop nest may be vector dims, decided from its accesses alone, and the reason for each that may not.

Every value of the nest is a *form* over the candidate loop indices: an index has a coefficient for each of them, anything else
just depends on some. A candidate dim can become lanes if each access either does not depend on it or has it, with coefficient 1,
in one index only; for the innermost vector dim that must be the last index of a memref whose last stride is 1. Reads along the
other vector dims are strided, which a permutation map says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import IndexType, MemRefType, NoneAttr, StridedLayoutAttr, i1
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr
from xdsl.utils.hints import isa

from rung.lowering.constant_pool import static_index


@dataclass(frozen=True)
class Form:
    """How a value depends on the candidates: a coefficient for each, and the bits of those it depends on in any other way."""

    coefficients: tuple[int, ...]
    bent: int = 0

    @property
    def mask(self) -> int:
        """The bits of all candidates the value depends on."""
        return self.bent | sum(1 << bit for bit, c in enumerate(self.coefficients) if c)

    def plus(self, other: Form) -> Form:
        pairs = zip(self.coefficients, other.coefficients, strict=True)
        return Form(tuple(a + b for a, b in pairs), self.bent | other.bent)

    def times(self, factor: int) -> Form:
        return Form(tuple(factor * c for c in self.coefficients), self.bent)


@dataclass(frozen=True)
class Access:
    """One load or store: the form of each of its indices."""

    op: memref.LoadOp | memref.StoreOp
    indices: tuple[Form, ...]
    unit_stride: bool

    @property
    def mask(self) -> int:
        mask = 0
        for form in self.indices:
            mask |= form.mask
        return mask


@dataclass
class Study:
    """What a walk over a nest found out about its candidate dims `ivs`."""

    ivs: Sequence[SSAValue]
    forms: dict[SSAValue, Form] = field(default_factory=dict[SSAValue, Form])
    accesses: dict[Operation, Access] = field(default_factory=dict[Operation, Access])
    numbers: dict[Operation, Form] = field(default_factory=dict[Operation, Form])
    """index_cast ops that turn a loop index into data."""
    obstacles: dict[Operation, tuple[int, str]] = field(default_factory=dict[Operation, tuple[int, str]])
    """Ops that want something not to depend on any of the candidates in the mask."""

    def __post_init__(self) -> None:
        self.flat = Form((0,) * len(self.ivs))
        self.all = (1 << len(self.ivs)) - 1
        for bit, iv in enumerate(self.ivs):
            self.forms[iv] = Form(tuple(int(bit == other) for other in range(len(self.ivs))))

    def form(self, value: SSAValue) -> Form:
        return self.forms.get(value, self.flat)

    def mask(self, values: Sequence[SSAValue]) -> int:
        mask = 0
        for value in values:
            if (form := self.forms.get(value)) is not None:
                mask |= form.mask
        return mask

    def name(self, bit: int) -> str:
        return f"%{self.ivs[bit].name_hint or f'dim {bit}'}"

    def block(self, block: Block) -> None:
        for op in block.ops:
            self._op(op)

    def _op(self, op: Operation) -> None:
        match op:
            case arith.ConstantOp():
                pass
            case ApplyOp():
                self._keep(op.result, self._affine(op.map.data.results[0], op.mapOperands))
            case memref.LoadOp():
                access = self._access(op, op.memref, op.indices)
                self._depends(op, access.mask)
            case memref.StoreOp():
                self._access(op, op.memref, op.indices)
            case arith.IndexCastOp():
                self._index_cast(op)
            case scf.ForOp():
                self._for(op)
            case scf.ParallelOp():
                self._uniform(op, [*op.lowerBound, *op.upperBound, *op.step], "has loop bounds that depend on")
                self.block(op.body.block)
            case scf.IfOp():
                self._uniform(op, [op.cond], "has a guard that depends on")
                self._if(op)
            case scf.YieldOp() | scf.ReduceOp():
                pass
            case _:
                self._elementwise(op)

    def _keep(self, value: SSAValue, form: Form) -> None:
        if form is not self.flat:
            self.forms[value] = form

    def _depends(self, op: Operation, mask: int) -> None:
        """The results of `op` depend on the candidates in `mask`, no matter how."""
        form = Form(self.flat.coefficients, mask) if mask else self.flat
        for result in op.results:
            self._keep(result, form)

    def _uniform(self, op: Operation, values: Sequence[SSAValue], problem: str) -> None:
        if mask := self.mask(values):
            self.obstacles[op] = (mask, problem)

    def _access(self, op: memref.LoadOp | memref.StoreOp, memory: SSAValue, indices: Sequence[SSAValue]) -> Access:
        type_ = memory.type
        assert isa(type_, MemRefType[Attribute])
        access = Access(op, tuple(self.form(index) for index in indices), _last_stride_is_1(type_))
        self.accesses[op] = access
        if type_.element_type == i1 and access.mask:
            # upstream packs the lanes of vector<..xi1> into bits when they go through memory; our bools are bytes
            self.obstacles[op] = (access.mask, "reads or writes i1 memory along")
        return access

    def _affine(self, expr: AffineExpr, operands: Sequence[SSAValue]) -> Form:
        match expr:
            case AffineDimExpr():
                return self.form(operands[expr.position])
            case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Add):
                lhs, rhs = self._affine(expr.lhs, operands), self._affine(expr.rhs, operands)
                return rhs if lhs is self.flat else lhs if rhs is self.flat else lhs.plus(rhs)
            case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mul, rhs=AffineConstantExpr() as factor):
                of = self._affine(expr.lhs, operands)
                return of if of is self.flat else of.times(factor.value)
            case AffineBinaryOpExpr():
                mask = self._affine(expr.lhs, operands).mask | self._affine(expr.rhs, operands).mask
                return Form(self.flat.coefficients, mask) if mask else self.flat
            case _:
                return self.flat

    def _index_cast(self, op: arith.IndexCastOp) -> None:
        form = self.form(op.input)
        if isinstance(op.input.type, IndexType) and form.mask:
            self.numbers[op] = form
            if form.bent:
                self.obstacles[op] = (form.bent, "uses as data an index that divides")
        self._depends(op, form.mask)

    def _for(self, op: scf.ForOp) -> None:
        self._uniform(op, [op.lb, op.ub, op.step], "has loop bounds that depend on")
        block = op.body.block
        arguments = block.args[1:]
        inits = tuple(op.iter_args)
        carried: Sequence[SSAValue] = ()
        # An accumulator depends on what its start and what is yielded to it depend on: walk again until that settles.
        while True:
            before = [self.mask([argument]) for argument in arguments]
            for argument, *sources in zip(arguments, inits, carried or inits):
                if mask := self.mask([argument, *sources]):
                    self.forms[argument] = Form(self.flat.coefficients, mask)
            if carried and before == [self.mask([argument]) for argument in arguments]:
                break
            self.block(block)
            assert isinstance(block.last_op, scf.YieldOp)
            carried = tuple(block.last_op.arguments)
            if not carried:
                break
        for argument, result in zip(arguments, op.results):
            if mask := self.mask([argument]):
                self.forms[result] = Form(self.flat.coefficients, mask)

    def _if(self, op: scf.IfOp) -> None:
        masks = [self.mask([op.cond])] * len(op.results)
        for region in op.regions:
            if region.blocks:
                self.block(region.block)
                assert isinstance(region.block.last_op, scf.YieldOp)
                masks = [mask | self.mask([value]) for mask, value in zip(masks, region.block.last_op.arguments)]
        for result, mask in zip(op.results, masks):
            if mask:
                self.forms[result] = Form(self.flat.coefficients, mask)

    def _elementwise(self, op: Operation) -> None:
        if op.regions or not op.name.startswith(("arith.", "math.")):
            self.obstacles[op] = (self.all, f"has {op.name}, which has no lanes:")
            return
        mask = self.mask(op.operands)
        self._depends(op, mask)
        indices = any(isinstance(value.type, IndexType) for value in op.operands)
        if mask and indices and not any(isinstance(value.type, IndexType) for value in op.results):
            self.obstacles[op] = (mask, f"has {op.name} of an index that depends on")


@dataclass(frozen=True)
class Choice:
    """The vector dims of a nest: lanes by candidate bit, the outermost first, and why candidates were refused."""

    lanes: dict[int, int]
    reasons: tuple[str, ...]


def choose(study: Study, wanted: Sequence[int], extents: Sequence[int], *, gather: bool = False) -> Choice:
    """As many of the wanted dims as are legal; wanted lanes are cut to the extent, innermost to a power of two of at least 2.

    With `gather` the innermost dim may also read across rows, lane by lane.
    """
    dims = [bit for bit, lanes in enumerate(wanted) if min(lanes, extents[bit]) > 1]
    reasons: list[str] = []
    while dims:
        refused = _refused(study, dims, gather)
        if refused is None:
            break
        mask, reason = refused
        names = ", ".join(study.name(bit) for bit in dims if mask >> bit & 1)
        reasons.append(f"{reason} {names}")
        dims = [bit for bit in dims if not mask >> bit & 1]
    lanes = {bit: min(wanted[bit], extents[bit]) for bit in dims}
    if dims:
        lanes[dims[-1]] = 1 << lanes[dims[-1]].bit_length() - 1
    return Choice(lanes, tuple(reasons))


def _refused(study: Study, dims: Sequence[int], gather: bool) -> tuple[int, str] | None:
    """The first problem with these vector dims: the bits to give up and why; None if they are fine."""
    chosen = sum(1 << bit for bit in dims)
    inner = dims[-1]
    for mask, problem in study.obstacles.values():
        if mask & chosen:
            return mask, problem
    for access in study.accesses.values():
        what = "writes" if isinstance(access.op, memref.StoreOp) else "reads"
        memory = f"%{access.op.memref.name_hint or 'memory'}"
        taken: dict[int, int] = {}
        for bit in reversed(dims):
            if any(form.bent >> bit & 1 for form in access.indices):
                return 1 << bit, f"{what} {memory} at an index that is not affine in"
            places = [(place, form.coefficients[bit]) for place, form in enumerate(access.indices) if form.coefficients[bit]]
            if not places:
                if isinstance(access.op, memref.StoreOp):
                    return 1 << bit, f"writes {memory} at the same place for all"
                continue
            if len(places) > 1:
                return 1 << bit, f"{what} a diagonal of {memory} along"
            ((place, coefficient),) = places
            if coefficient != 1:
                return 1 << bit, f"{what} {memory} with stride {coefficient} along"
            contiguous = (place == len(access.indices) - 1 and access.unit_stride) or (gather and what == "reads")
            if bit == inner and not contiguous:
                return 1 << bit, f"{what} {memory} across its rows along"
            if place in taken:
                return 1 << bit, f"{what} {memory} at an index that also has {study.name(taken[place])}:"
            taken[place] = bit
    return None


def _last_stride_is_1(type_: MemRefType[Attribute]) -> bool:
    layout = type_.layout
    if isinstance(layout, StridedLayoutAttr):
        last = layout.strides.data[-1] if layout.strides.data else None
        return last is None or (not isinstance(last, NoneAttr) and last.data == 1)
    return isinstance(layout, NoneAttr)


def static_extent(lower: SSAValue, upper: SSAValue, step: SSAValue) -> tuple[int, int] | None:
    """(lower bound, trips) of a loop with static bounds and step 1, else None."""
    low, high, by = static_index(lower), static_index(upper), static_index(step)
    if low is None or high is None or by != 1:
        return None
    return low, max(0, high - low)
