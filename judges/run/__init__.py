"""The numerical judges: does a pass keep what the program computes? `rung-opt f.mlir -p my-pass --judge run --judge upstream`.

judge           --judge run: the evaluator, before and after each pass
upstream_judge  --judge upstream: mlir-opt and mlir-runner beside the evaluator, after each pass (`independent` runs them)
inputs          arrays made to find mistakes: special values, limits, plain numbers
work            what a run will cost, estimated before it is begun
freedom         what a program leaves open, and what a pass may declare to take
draw, chains    runs in which all that is open is decided at random
policy          when two answers agree
"""

from .judge import RunJudge, Verdict, judge_passes
from .upstream_judge import UpstreamJudge

JUDGES = {"run": RunJudge, "upstream": UpstreamJudge}
"""What `rung-opt --judge` takes."""

__all__ = ["JUDGES", "RunJudge", "UpstreamJudge", "Verdict", "judge_passes"]
