"""From the IR of a module to the model: one walk, each op once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import IndexType, IntegerAttr, MemRefType, ModuleOp, TensorType
from xdsl.ir import Block, Operation, Region, SSAValue

from rung.dialects.upstream import gpu

from .access_reading import ACCESSES
from .linear import (
    ALWAYS,
    Condition,
    Dim,
    DimKind,
    Linear,
    TooManyAlternatives,
    at_least_0,
    both,
    constant,
    negated,
    variable,
)
from .model import Barrier, Call, Function, Model, Place, Problem, Root, Space
from .value_rules import CONDITIONS, RULES
from .values import Values, is_integer, name_of, type_range
from .views import (
    NotFollowed,
    View,
    arena_view,
    check_layout,
    collapse_shape,
    expand_shape,
    memref_type,
    reinterpret_cast,
    same_view,
    shape_of,
    space_of,
    subview,
)

Sizes = tuple[int, int, int]


def read_module(module: ModuleOp) -> Model:
    """The model of every function that has a body. Never raises: what cannot be followed is in `Function.problems`."""
    functions: dict[str, Function] = {}
    kernels: list[tuple[str, gpu.FuncOp]] = []
    for op in module.ops:
        if isinstance(op, func.FuncOp) and op.body.blocks:
            functions[op.sym_name.data] = Reader(op.sym_name.data, op).read_host()
        elif isinstance(op, gpu.ModuleOp):
            for inner in op.body.block.ops:
                if isinstance(inner, gpu.FuncOp):
                    kernels.append((f"{op.sym_name.data}::{inner.sym_name.data}", inner))
    launches = [call for function in functions.values() for call in function.calls if call.grid]
    for name, kernel in kernels:
        functions[name] = Reader(name, kernel).read_kernel([call for call in launches if call.callee == name])
    return Model(functions)


class Reader:
    """Reads one function. `place` and `phase` are where the walk stands."""

    def __init__(self, name: str, op: Operation):
        outs = op.attributes.get("outs")
        self.function = Function(name, op, isinstance(op, gpu.FuncOp), outs.value.data if isinstance(outs, IntegerAttr) else 0)
        self.values = Values(RULES, CONDITIONS)
        self.views: dict[int, View] = {}
        self.globals: dict[str, Root] = {}
        self.place = self.enter("function", op, None)
        self.block_place: Place | None = None
        self.phase: Linear | None = constant(0)
        self.order = 0

    def read_host(self) -> Function:
        op = cast(func.FuncOp, self.function.op)
        self._parameters(op.body.block.args)
        self._region(op.body)
        return self.function

    def read_kernel(self, launches: list[Call]) -> Function:
        op = cast(gpu.FuncOp, self.function.op)
        try:
            grid = self._sizes(op, "known_grid_size", [call.grid for call in launches])
            block = self._sizes(op, "known_block_size", [call.block for call in launches])
        except NotFollowed as problem:
            self._problem(op, str(problem))
            return self.function
        self.function.grid, self.function.block = grid, block
        self._parameters(op.arguments)
        outer = self.place
        self.block_place = self.enter("block", op, outer, self._ids("block", grid))
        inner = self.enter("thread", op, self.block_place, self._ids("thread", block))
        for axis, (b, t) in zip("xyz", zip(grid, block)):
            ids = self.values.ids
            ids["grid_dim", axis], ids["block_dim", axis] = constant(b), constant(t)
            ids["global_id", axis] = ids["block_id", axis].times(t).plus(ids["thread_id", axis])
        for buffer in op.workgroup_buffers:
            self.root(buffer, "alloc", self.block_place, "workgroup")
        for buffer in op.private_buffers:
            self.root(buffer, "alloc", inner, "private")
        self.place = inner
        self._region(op.body)
        return self.function

    def _sizes(self, op: gpu.FuncOp, known: str, launched: list[tuple[int | None, ...]]) -> Sizes:
        attr = op.properties.get(known)
        if attr is not None:
            x, y, z = (int(size) for size in cast(Any, attr).get_values())
            return x, y, z
        if not launched or any(None in sizes for sizes in launched) or len(set(launched)) != 1:
            raise NotFollowed(f"has no {known} and is not launched with one constant size")
        x, y, z = (cast(int, size) for size in launched[0])
        return x, y, z

    def _ids(self, kind: DimKind, sizes: Sizes) -> list[tuple[str, Dim]]:
        found: list[tuple[str, Dim]] = []
        for axis, size in zip("xyz", sizes):
            dim = self._dim(f"{kind}_{axis}", kind, size)
            self.values.ids[f"{kind}_id", axis] = variable(dim)
            found.append((dim.name, dim))
        return found

    def _dim(self, name: str, kind: DimKind, extent: int) -> Dim:
        return Dim(self.values.fresh_name(name), kind, 0, extent - 1)

    def enter(
        self,
        kind: Any,
        op: Operation,
        parent: Place | None,
        dims: list[tuple[str, Dim]] | None = None,
        guard: Condition = ALWAYS,
    ) -> Place:
        pairs = dims or []
        place = Place(kind, op, parent, tuple(dim for _, dim in pairs if dim.extent != 1), guard)
        place.indices = [(name, variable(dim)) for name, dim in pairs]
        self.function.places.append(place)
        return place

    def _parameters(self, args: Any) -> None:
        for position, arg in enumerate(args):
            root = None
            if isinstance(arg.type, MemRefType):
                root = self.root(arg, "parameter", None, "global")
                if root is not None:
                    root.position = position
                    root.is_out = position >= len(args) - self.function.outs
            elif isinstance(arg.type, TensorType):
                self._problem(self.function.op, f"%{name_of(arg)} is a tensor, expected loops, vector or gpu: memrefs")
            elif is_integer(arg.type):
                low, high = type_range(arg.type)
                self.values.define(arg, variable(Dim(self.values.fresh_name(name_of(arg)), "argument", low, high)))
            self.function.parameters.append(root)

    def root(self, value: SSAValue, kind: Any, place: Place | None, default: Space) -> Root | None:
        try:
            type_ = memref_type(value)
            check_layout(type_)
            space = space_of(type_) or default
            root = Root(name_of(value), value, shape_of(type_), type_.element_type, space, kind, place)
        except NotFollowed as problem:
            self._problem(self.function.op, f"%{name_of(value)} {problem}")
            return None
        self.function.roots.append(root)
        self.views[id(value)] = View(root, root.shape)
        return root

    def _problem(self, op: Operation, reason: str) -> None:
        self.function.problems.append(Problem(op, reason))

    def view(self, value: SSAValue) -> View:
        found = self.views.get(id(value))
        if found is None:
            raise NotFollowed(f"it is not known where %{name_of(value)} comes from")
        return found

    def _region(self, region: Region) -> None:
        if len(region.blocks) > 1:
            self._problem(
                region.blocks[1].parent_op() or self.function.op, "has several blocks, expected structured control flow"
            )
            return
        for block in region.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        for op in block.ops:
            self.place.ops.append(op)
            rule = _RULES.get(op.name)
            try:
                if rule is not None:
                    rule(self, op)
                elif op.name in ACCESSES:
                    for access in ACCESSES[op.name](self, op):
                        self.function.accesses.append(access)
                    self.order += 1
                elif op.name not in _KNOWN and (op.regions or _touches_memory(op) or op.name.startswith(ABOVE)):
                    self._problem(op, _why_not(op))
            except NotFollowed as problem:
                self._problem(op, str(problem))
            except TooManyAlternatives:
                self._problem(op, "its condition has too many alternatives")

    def inside(self, place: Place, region: Region) -> None:
        """Read a region as `place`, then stand where we stood."""
        outer, self.place = self.place, place
        self._region(region)
        self.place = outer

    def loop(self, op: Operation, kind: Any, region: Region, bounds: list[tuple[SSAValue, Linear, Linear, Linear]]) -> Place:
        """Enter a loop nest: of each dim its variable, lower and upper bound, and step."""
        dims: list[tuple[str, Dim]] = []
        guard = ALWAYS
        defined: list[tuple[str, Linear]] = []
        for iv, lower, upper, step in bounds:
            if step.terms or step.const <= 0:
                raise NotFollowed(f"its step is {step}, expected a positive constant: the loop may not end")
            by = step.const
            length = upper.plus(lower, -1)
            _, longest = length.interval()
            dim = self._dim(name_of(iv), kind, max(0, -(-longest // by)))
            dims.append((dim.name, dim))
            if length.terms:
                guard = both(guard, at_least_0(length.shifted(-1).plus(Linear({dim: 1} if dim.extent != 1 else {}), -by)))
            value = lower.plus(variable(dim), by)
            self.values.define(iv, value)
            defined.append((dim.name, value))
        place = self.enter(kind, op, self.place, dims, guard)
        place.indices = defined
        self._around_barriers(op, place, region)
        return place

    def _around_barriers(self, op: Operation, place: Place, region: Region) -> None:
        """Read the body; each iteration passes the barriers in it, and so does what follows the loop."""
        passed = barriers_in(region)
        before = self.phase
        if passed == 0 or before is None:
            self.inside(place, region)
            return
        if passed is None or place.kind != "for" or len(place.dims) > 1:
            self.phase = None
            self.inside(place, region)
            return
        (dim,) = place.dims or (None,)
        if dim is not None:
            self.phase = before.plus(Linear({dim: passed}))
        self.inside(place, region)
        constant_trip = place.guard.always
        trips = 1 if dim is None else max(0, dim.extent)
        self.phase = before.shifted(passed * trips) if constant_trip else None


def barriers_in(region: Region) -> int | None:
    """How many barriers one run of the region passes; None where that depends on the run."""
    total = 0
    for block in region.blocks:
        for op in block.ops:
            if op.name == "gpu.barrier":
                total += 1
            elif op.regions:
                counts = [barriers_in(inner) for inner in op.regions]
                if op.name == "scf.if":
                    if counts[0] != counts[1] or counts[0] is None:
                        return None
                    total += counts[0]
                elif any(count != 0 for count in counts):
                    trips = _constant_trips(op)
                    if trips is None or None in counts:
                        return None
                    total += trips * sum(cast("list[int]", counts))
    return total


def _constant_trips(op: Operation) -> int | None:
    """How often an scf.for with constant bounds runs."""
    if op.name != "scf.for":
        return None
    numbers: list[int] = []
    for operand in op.operands[:3]:
        owner = operand.owner
        if not isinstance(owner, Operation) or owner.name != "arith.constant":
            return None
        numbers.append(cast(Any, owner.properties["value"]).value.data)
    lower, upper, step = numbers
    return max(0, -(-(upper - lower) // step)) if step > 0 else None


DIVISIONS = (
    "arith.divsi", "arith.divui", "arith.remsi", "arith.remui", "arith.floordivsi", "arith.ceildivsi", "arith.ceildivui"
)  # fmt: skip


def _touches_memory(op: Operation) -> bool:
    return any(isinstance(value.type, MemRefType) for value in (*op.operands, *op.results))


def _for(reader: Reader, op: Any) -> None:
    values = reader.values
    iv = op.body.block.args[0]
    reader.loop(op, "for", op.body, [(iv, values.linear(op.lb), values.linear(op.ub), values.linear(op.step))])


def _parallel(reader: Reader, op: Any) -> None:
    linear = reader.values.linear
    bounds = [
        (iv, linear(lower), linear(upper), linear(step))
        for iv, lower, upper, step in zip(op.body.block.args, op.lowerBound, op.upperBound, op.step)
    ]
    reader.loop(op, "parallel", op.body, bounds)


def _forall(reader: Reader, op: Any) -> None:
    def bound(value: int | SSAValue) -> Linear:
        return constant(value) if isinstance(value, int) else reader.values.linear(value)

    if op.results:
        raise NotFollowed("has results, expected no tensors on this rung")
    bounds = [
        (iv, bound(lower), bound(upper), bound(step))
        for iv, (lower, upper, step) in zip(op.induction_variables, op.mixed_bounds())
    ]
    reader.loop(op, "forall", op.body, bounds)


def _if(reader: Reader, op: Any) -> None:
    values = reader.values
    condition = values.condition(op.cond)
    try:
        opposite = negated(condition)
    except TooManyAlternatives:
        opposite = at_least_0(values.unknown("otherwise", 0, 1).shifted(-1))
    before = reader.phase
    after: list[Linear | None] = []
    for region, holds in ((op.true_region, condition), (op.false_region, opposite)):
        reader.phase = before
        if region.blocks:
            reader.inside(reader.enter("if", op, reader.place, None, holds), region)
        after.append(reader.phase)
    yes, no = after
    reader.phase = yes if yes is not None and no is not None and yes.same(no) else None


def _alloc(reader: Reader, op: Any) -> None:
    (result,) = op.results[:1]
    space = space_of(memref_type(result))
    if reader.function.is_kernel:
        place = reader.block_place if space == "workgroup" else reader.place
        reader.root(result, "alloc", place, "private")
    else:
        inner = any(outer.kind in ("forall", "parallel") for outer in reader.place.chain)
        reader.root(result, "alloc", reader.place, "private" if inner else "global")


def _get_global(reader: Reader, op: Any) -> None:
    name = op.name_.string_value()
    root = reader.globals.get(name)
    if root is None:
        type_ = memref_type(op.results[0])
        space = space_of(type_) or "global"
        place = reader.block_place if space == "workgroup" else None
        root = Root(name, op.results[0], shape_of(type_), type_.element_type, space, "global", place)
        reader.globals[name] = root
        reader.function.roots.append(root)
    reader.views[id(op.results[0])] = View(root, root.shape)


def _division(reader: Reader, op: Operation) -> None:
    if isinstance(op.results[0].type, IndexType):
        reader.function.divisions.append((op, reader.place, reader.values.linear(op.operands[1])))


def _viewing(make: Callable[[Any, View, Values], View]) -> Callable[[Reader, Any], None]:
    def rule(reader: Reader, op: Any) -> None:
        found = make(op, reader.view(op.operands[0]), reader.values)
        reader.views[id(op.results[0])] = found
        if found.root not in reader.function.roots:
            reader.function.roots.append(found.root)

    return rule


def _barrier(reader: Reader, op: Operation) -> None:
    if not reader.function.is_kernel:
        raise NotFollowed("stands outside of a kernel")
    syncs = op.name == "gpu.barrier"
    reader.function.barriers.append(Barrier(op, reader.place, syncs))
    if syncs and reader.phase is not None:
        reader.phase = reader.phase.shifted(1)


def _call(reader: Reader, op: Any) -> None:
    if reader.place.kind != "function":
        raise NotFollowed("is a call inside of a loop or kernel, which is not followed")
    _note_call(reader, op, op.callee.string_value(), op.operands, (), ())


def _launch(reader: Reader, op: Any) -> None:
    if reader.place.kind != "function":
        raise NotFollowed("is a launch inside of control flow, which is not followed")
    sizes = [reader.values.linear(value) for value in (*op.grid, *op.block)]
    numbers = tuple(None if size.terms else size.const for size in sizes)
    name = "::".join([op.kernel.root_reference.data, *(part.data for part in op.kernel.nested_references)])
    _note_call(reader, op, name, op.kernel_operands, numbers[:3], numbers[3:])


def _note_call(reader: Reader, op: Any, callee: str, operands: Any, grid: Any, block: Any) -> None:
    arguments: list[Root | None] = []
    for operand in operands:
        view = reader.view(operand) if isinstance(operand.type, MemRefType) else None
        if view is not None and view.way is not None:
            raise NotFollowed("passes a part of a buffer to a function, which is not followed")
        arguments.append(None if view is None else view.root)
    reader.function.calls.append(Call(op, callee, tuple(arguments), grid, block, reader.order))
    reader.order += 1


_RULES: dict[str, Callable[[Reader, Any], None]] = {
    "scf.for": _for,
    "scf.parallel": _parallel,
    "scf.forall": _forall,
    "scf.if": _if,
    "memref.alloc": _alloc,
    "memref.alloca": _alloc,
    "gpu.alloc": _alloc,
    "memref.get_global": _get_global,
    "memref.subview": _viewing(subview),
    "memref.view": _viewing(arena_view),
    "memref.cast": _viewing(lambda op, source, values: same_view(op, source)),
    "memref.memory_space_cast": _viewing(lambda op, source, values: same_view(op, source)),
    "memref.assume_alignment": _viewing(lambda op, source, values: same_view(op, source)),
    "memref.expand_shape": _viewing(lambda op, source, values: expand_shape(op, source)),
    "memref.collapse_shape": _viewing(collapse_shape),
    "memref.reinterpret_cast": _viewing(reinterpret_cast),
    "gpu.barrier": _barrier,
    "gpu.all_reduce": _barrier,
    "gpu.subgroup_reduce": _barrier,
    "gpu.shuffle": _barrier,
    **dict.fromkeys(DIVISIONS, _division),
    "func.call": _call,
    "gpu.launch_func": _launch,
}

_KNOWN = frozenset(
    "memref.dealloc gpu.dealloc scf.reduce scf.forall.in_parallel func.return gpu.return memref.dim memref.rank".split()
)

ABOVE = ("nd.", "linalg.", "tensor.")
"""Dialects of the rungs above loops."""

_WHY_NOT = {
    "scf.while": "its trip count has no bound; use scf.for",
    "cf.br": "jumps have no bound; use scf.for and scf.if",
    "cf.cond_br": "jumps have no bound; use scf.for and scf.if",
}


def _why_not(op: Operation) -> str:
    if op.name.startswith(ABOVE):
        return "it is of a rung above loops, expected loops, vector or gpu"
    return _WHY_NOT.get(op.name, "there is no rule for it")
