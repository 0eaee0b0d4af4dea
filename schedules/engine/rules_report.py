"""What a script says: remarks, with the place of what they are about."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, SSAValue

from rung.dialects.upstream.transform.gpu import EmitParamAsRemarkOp, EmitRemarkAtOp
from rung.files import place
from rung.schedules.engine.interpreter import Interpreter, rule


@rule(EmitRemarkAtOp)
def emit_remark_at(run: Interpreter, op: EmitRemarkAtOp) -> None:
    for each in run.state.payload(op.at):
        at = each.owner if isinstance(each, SSAValue) else each
        owner = at if isinstance(at, Operation) else op
        run.say(f"{place(owner)}: remark: {op.message.data}")


@rule(EmitParamAsRemarkOp)
def emit_param_as_remark(run: Interpreter, op: EmitParamAsRemarkOp) -> None:
    values = [str(each.value.data) if isinstance(each, IntegerAttr) else str(each) for each in run.state.payload(op.param)]
    text = " ".join([] if op.message is None else [op.message.data])
    text = f"{text} {', '.join(values)}".strip()
    for at in [op] if op.anchor is None else run.state.ops(op.anchor):
        run.say(f"{place(at)}: remark: {text}")
