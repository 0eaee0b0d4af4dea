"""What is known elsewhere, run on the payload: CSE, canonicalization, and passes by name."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import PassPipeline
from xdsl.pattern_rewriter import GreedyRewritePatternApplier, PatternRewriter, PatternRewriterListener, PatternRewriteWalker
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern
from xdsl.transforms.common_subexpression_elimination import cse
from xdsl.transforms.dead_code_elimination import region_dce
from xdsl.utils.hints import isa

from rung.dialects.upstream.transform.apply import ApplyCseOp, ApplyPatternsOp, ApplyRegisteredPassOp, parameters_in
from rung.dialects.upstream.transform.patterns import PLAIN_PATTERNS
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.state import Payload

_CANONICALIZATION = PLAIN_PATTERNS["canonicalization"]


def _follow(run: Interpreter, old: Operation, new: Sequence[SSAValue | None]) -> None:
    """Handles go from an op to the op of its name that gives all its results now; else they lose it."""
    owners = {id(value.owner): value.owner for value in new if value is not None}
    (owner,) = owners.values() if len(owners) == 1 else (None,)
    if isinstance(owner, Operation) and owner is not old and owner.name == old.name:
        run.state.replaced(old, [owner])


def _cse(run: Interpreter, target: Operation) -> None:
    rewriter = PatternRewriter(target)
    rewriter.operation_replacement_handler = [lambda old, new: _follow(run, old, new)]
    for _ in range(20):  # what is merged may make its users equal
        before = sum(1 for _ in target.walk())
        cse(target, rewriter)
        if sum(1 for _ in target.walk()) == before:
            return


@rule(ApplyCseOp)
def apply_cse(run: Interpreter, op: ApplyCseOp) -> None:
    for target in run.state.ops(op.target):
        _cse(run, target)


@rule(ApplyPatternsOp)
def apply_patterns(run: Interpreter, op: ApplyPatternsOp) -> None:
    """Canonicalization is xDSL's: its patterns and folds, and dead code goes. Other sets are refused by name."""
    for each in op.patterns.block.ops:
        if not isinstance(each, _CANONICALIZATION):
            raise DefiniteFailure(each, f'"{each.name}" is legal upstream, not supported here')
    if op.max_iterations.value.data != -1 or op.max_num_rewrites.value.data != -1:
        raise DefiniteFailure(op, "max_iterations and max_num_rewrites are legal upstream, not supported here")
    for target in run.state.ops(op.target):
        if any(op.patterns.block.ops):
            listener = PatternRewriterListener(operation_replacement_handler=[lambda old, new: _follow(run, old, new)])
            patterns = GreedyRewritePatternApplier([CanonicalizationRewritePattern()], ctx=run.ctx, folding_enabled=True)
            for region in target.regions:
                PatternRewriteWalker(patterns, post_walk_func=region_dce, listener=listener).rewrite_region(region)
        if op.apply_cse is not None:
            _cse(run, target)


@rule(ApplyRegisteredPassOp)
def apply_registered_pass(run: Interpreter, op: ApplyRegisteredPassOp) -> list[list[Payload]]:
    """Our passes and xDSL's, by their names and with their options; they run on modules only."""
    from rung.plugins import everything

    name, passes = op.pass_name.data, everything().all_passes
    if name not in passes:
        raise DefiniteFailure(op, f"unknown pass {name!r}: it is none of rung's or xDSL's (rung-opt --help lists them)")
    if any(parameters_in(op.options)):
        raise DefiniteFailure(op, "options by parameters are legal upstream, not supported here")
    options = " ".join(f"{key}={_spell(op, value)}" for key, value in op.options.data.items())
    try:
        pipeline = PassPipeline.parse_spec(passes, f"{name}{{{options}}}" if options else name)
    except Exception as problem:  # xDSL's parser of options raises what it likes
        raise DefiniteFailure(op, f"options of {name} do not fit: {problem}") from problem
    targets = run.state.ops(op.target)
    for target in targets:
        if not isinstance(target, ModuleOp):
            raise SilenceableFailure(op, f"payload is {target.name}, expected builtin.module: passes run on modules here", target)
        try:
            pipeline.apply(run.ctx, target)
            target.verify()
        except Exception as problem:  # a pass that fails half way leaves what nobody may rely on
            raise DefiniteFailure(op, f"pass {name} failed: {problem}", target) from problem
    return [list(targets)]


def _spell(op: ApplyRegisteredPassOp, value: Attribute) -> str:
    """An option as rung-opt is given it."""
    if isa(value, IntegerAttr):
        return str(value)[: str(value).index(" ")] if " " in str(value) else str(value)
    if isinstance(value, StringAttr):
        return f'"{value.data}"'
    if isa(value, ArrayAttr[Attribute]):
        return ",".join(_spell(op, each) for each in value.data)
    raise DefiniteFailure(op, f"an option is {value}, expected an integer, a string or an array of them")
