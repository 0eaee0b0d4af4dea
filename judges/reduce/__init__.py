"""`rung reduce`: a failing module cut to a minimal one that fails in the same way.

edits, signatures, rewrite   what reductions are made of
ops, functions, regions, carried, attributes, constants, shapes, nd_shapes   ways to make a module smaller
table      those ways as one list, in the order in which they are tried
reducer    delta debugging: chunks of edits, halved; what verifies, is smaller and fails as before is kept
symptom    what makes two complaints the same one
checks     what can be asked of a module: passes, judges; commands: programs of the user's
testfile   the result as a test, named after the symptom
"""

from .reducer import Check, DoesNotFail, Progress, Reducer, reduce_module
from .symptom import slug, symptom
from .table import REDUCTIONS, Reduction

__all__ = ["REDUCTIONS", "Check", "DoesNotFail", "Progress", "Reducer", "Reduction", "reduce_module", "slug", "symptom"]
