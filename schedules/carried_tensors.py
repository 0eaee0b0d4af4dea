"""Which loops that carry tensors can compute in one buffer: those that tiling by scf.for makes."""

from __future__ import annotations

from xdsl.dialects import linalg, scf, tensor
from xdsl.ir import Operation, SSAValue

from rung.schedules.nests import fail


def check_carried(op: scf.ForOp) -> None:
    """Hold every tensor that `op` carries to destination-passing style; what is built on it may then write in place.

    Each state of a carried tensor is handed on once: written by a linalg op, carried by an inner loop, or yielded, whole; or
    sliced, the slice computed, and inserted at the same place. Raises with the op that reads it otherwise.
    """
    for argument in op.body.block.args[1:]:
        _check_state(argument)


def _check_state(value: SSAValue) -> None:
    users = [use.operation for use in value.uses]
    inserts = [user for user in users if isinstance(user, tensor.InsertSliceOp) and user.dest is value]
    if not inserts:
        if len(users) != 1 or not isinstance(users[0], linalg.ops.GenericOp | linalg.ops.FillOp | scf.ForOp | scf.YieldOp):
            other = next((user for user in users if not isinstance(user, scf.YieldOp)), None)
            if other is not None:
                raise fail(
                    other, "reads a tensor that an scf.for carries, expected it written whole, or sliced and inserted, once"
                )
        for user in users:
            for result, operand in zip(user.results, _inits(user), strict=True):
                if operand is value:
                    _check_state(result)
        return
    (insert, *more) = inserts
    for user in (*more, *users):
        if user is insert:
            continue
        fits = isinstance(user, tensor.ExtractSliceOp) and _same_slice(user, insert) and user.is_before_in_block(insert)
        if not fits:
            raise fail(user, "reads a tensor that an scf.for carries, expected only the slice that is inserted again")
    _check_state(insert.result)


def _inits(user: Operation) -> list[SSAValue]:
    if isinstance(user, scf.ForOp):
        return list(user.iter_args)
    return list(user.outputs) if isinstance(user, linalg.ops.GenericOp | linalg.ops.FillOp) else []


def _same_slice(read: tensor.ExtractSliceOp, write: tensor.InsertSliceOp) -> bool:
    return (
        read.static_offsets == write.static_offsets
        and read.static_sizes == write.static_sizes
        and read.static_strides == write.static_strides
        and tuple(read.offsets) == tuple(write.offsets)
        and not (read.sizes or read.strides or write.sizes or write.strides)
        and read.parent is write.parent
    )
