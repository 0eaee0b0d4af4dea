"""Prove that a module is total, or refuse it: nothing in it changes.

before
    func.func @f(%x: memref<10xf32>, %o: memref<12xf32>) attributes {outs = 1 : i64} {
      %zero = arith.constant 0.0 : f32
      %c10 = arith.constant 10 : index
      scf.forall (%i) in (12) {
        %inside = arith.cmpi slt, %i, %c10 : index
        %v = scf.if %inside -> (f32) {
          %a = memref.load %x[%i] : memref<10xf32>
          scf.yield %a : f32
        } else {
          scf.yield %zero : f32
        }
        memref.store %v, %o[%i] : memref<12xf32>
      }
      return
    }
after
    func.func @f(%x: memref<10xf32>, %o: memref<12xf32>) attributes {outs = 1 : i64} {
      %zero = arith.constant 0.0 : f32
      %c10 = arith.constant 10 : index
      scf.forall (%i) in (12) {
        %inside = arith.cmpi slt, %i, %c10 : index
        %v = scf.if %inside -> (f32) {
          %a = memref.load %x[%i] : memref<10xf32>
          scf.yield %a : f32
        } else {
          scf.yield %zero : f32
        }
        memref.store %v, %o[%i] : memref<12xf32>
      }
      return
    }

Without the scf.if it is refused: `memref.load %a in @f: bounds: index [10] of %x is out of bounds at i = 10`, and the map.
What is proved is said in `rung.judges.total`: accesses in bounds, outputs written once, no races, uniform barriers, and so on.

Why here: at the end of any pipeline that should leave a total program; `compile_module` asks the same of every program it builds.
Needs and keeps rung loops, vector or gpu.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from rung.dialects.contract_rules import Refusal
from rung.judges.total.report import Report
from rung.judges.total.verify import verify_total


def require_total(module: ModuleOp, workgroup_bytes: int | None = None) -> Report:
    """The report of a module that is proved. Raises Refusal with the first finding, and how many more there are."""
    report = verify_total(module, workgroup_bytes=workgroup_bytes)
    if report.findings:
        first, more = report.findings[0], len(report.findings) - 1
        others = f" ({more} more finding{'s' * (more > 1)})" if more else ""
        raise Refusal(first.op, f"{first.kind}: {first.explanation}{others}")
    return report


@dataclass(frozen=True)
class RungVerifyTotalPass(ModulePass):
    """Refuse a module that is not proved total."""

    name = "rung-verify-total"
    workgroup_bytes: int | None = None
    """What a block may use of workgroup memory; None: any amount."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_total(op, self.workgroup_bytes)
