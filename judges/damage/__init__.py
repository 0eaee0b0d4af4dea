"""Damaged input: whatever a file holds, the answer is a result or a diagnostic with a place.

Programs of every rung are damaged (`mutations.py`) and given to `rung-opt` (as they are, held to a rung, through the rest of the
pipeline), `rung run` (the evaluator; OpenCL for some) and `rung ladder`, in a process of their own with bounded memory and time
(`server.py`). So are the .npy files beside them (`arrays.py`). `kills.py` ends processes that fill the kernel cache, or write an
output file, at random instants, and looks at what they leave.

Checked (`verdict.py`)
    status 0, or 1 or 2 with a message that names file, line and column, inside the file; for a pass, also the pass
    no traceback, no exception of Python's passed on as a message, no signal, no time or memory beyond the bounds
    nothing written that no message announces; what rung-opt prints is text that rung-opt reads and prints again the same

Not checked
    whether a damaged program that is accepted is computed right: the other judges are for that
    drivers under damage of their own caches (PoCL's `kcache`), GPUs, plug-ins that mean harm
    programs that ask for much and would get it: 10**9 iterations by the evaluator are counted as `long`, not as a fault

`python -m rung.judges.damage --count N --seed S` runs it; the record of the large run is in benchmarks/results/damage-*.json.
"""
