"""Ways in which the kernels of cuda_kernels.py are broken, and how each shows.

A fault is a replacement in the text of a correct kernel, its sibling, and how it shows: under which orders of threads the numbers
are wrong, or the shim faults, while races are not looked for (F, R, S, I: forward, reversed, shuffled, interleaved); and what the
shim says when they are, in forward order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cuda_kernels import KERNELS


@dataclass(frozen=True)
class Fault:
    """`shows` are the orders without a look for races, `says` the answer with one; none if only the numbers are wrong."""

    name: str
    of: str
    replaced: Sequence[tuple[str, str]]
    says: str
    shows: str = "FRSI"
    late: str | None = None
    """The same as `shows`, where asynchronous copies happen late; None for a kernel without."""

    def text(self) -> str:
        text = KERNELS[self.of].text
        for old, new in self.replaced:
            assert text.count(old) == 1, f"{self.name}: {old!r} occurs {text.count(old)} times"
            text = text.replace(old, new)
        return text


BARRIER = "    __syncthreads();\n"
REFILL = "    if (i + 2 < 8) cp_async_16(tile + (i + 2) % 3 * 128 + t * 4, x + (i + 2) * 128 + t * 4);\n"
FAULTS = [
    Fault(
        "no barrier before the read",
        "reverse",
        [(f"{BARRIER}    out", "    out")],
        "it reads byte 252 of a shared array, which has 256, before any thread has written it; line 7",
    ),
    Fault(
        "tile released early: no barrier before the next fill",
        "reverse",
        [(f"{BARRIER}  }}", "  }")],
        "data race: it reads byte 252 of a shared array, which has 256, and thread 63 of its block writes it",
    ),
    Fault(
        "wrong index: one to the right",
        "reverse",
        [("tile[63 - t]", "tile[64 - t]")],
        "an index is beyond the end of its array; line 8: out[at + t] = tile[64 - t];",
    ),
    Fault(
        "wrong index: negative",
        "reverse",
        [("tile[63 - t]", "tile[62 - t]")],
        "thread (63, 0, 0): an index is beyond the end of its array",
    ),
    Fault("wrong index: not reversed", "reverse", [("tile[63 - t]", "tile[t]")], ""),
    Fault(
        "wrong index: everybody writes one element",
        "reverse",
        [("tile[t] =", "tile[t / 2] =")],
        "thread (1, 0, 0): data race: it writes byte 0 of a shared array",
    ),
    Fault(
        "wrong index through a pointer: beyond the array",
        "reverse",
        [("= tile[63 - t]", "= *(tile + 63 - t + 1)")],
        "it reads byte 256 of a shared array, which has 256 bytes",
    ),
    Fault(
        "shared memory not written",
        "reverse",
        [("tile[t] = x[at + t];", "if (t != 5) tile[t] = x[at + t];")],
        "thread (58, 0, 0): it reads byte 20 of a shared array, which has 256, before any thread",
    ),
    Fault(
        "divergent barrier: half of the threads",
        "reverse",
        [(f"{BARRIER}    out", "    if (t < 32) __syncthreads();\n    out")],
        "data race",
    ),
    Fault(
        "divergent barrier: one on each side",
        "reverse",
        [
            (
                f"{BARRIER}    out",
                "    if (t < 32) {\n      __syncthreads();\n    } else {\n      __syncthreads();\n    }\n    out",
            )
        ],
        "divergent barrier: 32 at __syncthreads in line 8 (thread 0), 32 at __syncthreads in line 10 (thread 32)",
    ),
    Fault(
        "early release: a thread leaves before the barrier",
        "reverse",
        [("int t = threadIdx.x;", "int t = threadIdx.x;\n  if (t == 40) return;")],
        "deadlock: 63 at __syncthreads in line 8 (thread 0), 1 ended (thread 40)",
    ),
    Fault(
        "early release: the last round is cut for some",
        "reverse",
        [("i < 3; i++", "i < 3 - t / 63; i++")],
        "deadlock: 63 at __syncthreads in line 7 (thread 0), 1 ended (thread 63)",
    ),
    Fault(
        "load one beyond",
        "reverse",
        [("= x[at + t]", "= x[at + t + 1]")],
        "thread (63, 0, 0): it reads byte 1539 of argument 0, which has 1536 bytes; line 6: tile[t] = x[at + t + 1];",
    ),
    Fault(
        "store one beyond",
        "reverse",
        [("out[at + t]", "out[at + t + 1]")],
        "it writes byte 1539 of argument 1, which has 1536 bytes",
    ),
    Fault(
        "store one before",
        "reverse",
        [("out[at + t]", "out[at + t - 1]")],
        "it writes byte -4 of argument 1, which has 1536 bytes",
    ),
    Fault(
        "blocks overlap",
        "reverse",
        [("blockIdx.x * 3 + i", "blockIdx.x * 2 + i")],
        "data race: it writes byte 764 of argument 1, which has 1536, and thread 63 of another block writes it",
    ),
    Fault(
        "reads what another block writes",
        "reverse",
        [("= x[at + t]", "= blockIdx.x ? out[t] : x[at + t]")],
        "data race: it reads byte 0 of argument 1, which has 1536, and thread 0 of another block writes it",
    ),
    Fault(
        "no barrier in the tree",
        "row sum",
        [(f"    }}\n{BARRIER}  }}", "    }\n  }")],
        "data race: it writes byte 4 of a shared array, which has 256, and another thread of its block reads it",
    ),
    Fault(
        "no barrier before the tree",
        "row sum",
        [("  part[t] = sum;\n  __syncthreads();", "  part[t] = sum;")],
        "before any thread has written it; line 13: part[t] += part[t + step];",
        "F-SI",
    ),
    Fault(
        "barrier within the guard of the tree",
        "row sum",
        [(f"    }}\n{BARRIER}", "      __syncthreads();\n    }\n")],
        "deadlock: 32 at __syncthreads in line 15 (thread 0), 32 ended (thread 32)",
    ),
    Fault("tree one too wide", "row sum", [("t < step", "t <= step")], "an index is beyond the end of its array"),
    Fault("tree starts too low", "row sum", [("step = 32", "step = 16")], ""),
    Fault(
        "rows overlap: wrong pitch",
        "row sum",
        [("blockIdx.x * 300", "blockIdx.x * 304")],
        "block (4, 0, 0), thread (7, 0, 0): it reads byte 6003 of argument 0, which has 6000 bytes",
    ),
    Fault(
        "everybody stores the result",
        "row sum",
        [("if (t == 0)", "if (t >= 0)")],
        "data race: it writes byte 0 of argument 1, which has 20",
        "----",
    ),
    Fault(
        "misaligned vector",
        "row sum",
        [("blockIdx.x * 300 + i", "blockIdx.x * 299 + i")],
        "misaligned: no value of this type begins at byte 1196 of argument 0, which has 6000; line 7",
    ),
    Fault(
        "missing guard on the last block",
        "scale",
        [("at + 4 <= 1003", "true")],
        "block (3, 0, 0), thread (58, 0, 0): it reads byte 4015 of argument 0, which has 4012 bytes",
    ),
    Fault(
        "guard one too wide",
        "scale",
        [("at + 4 <= 1003", "at + 3 <= 1003")],
        "it reads byte 4015 of argument 0, which has 4012 bytes",
    ),
    Fault("guard one too narrow", "scale", [("i < 1003", "i < 1002")], ""),
    Fault(
        "vectors overlap",
        "scale",
        [("threadIdx.x) * 4", "threadIdx.x) * 3")],
        "misaligned: no value of this type begins at byte 12 of argument 0",
    ),
    Fault(
        "missing guard of a load",
        "matmul",
        [("i < 40 && k + tx < 24 ?", "k + tx < 24 ?")],
        "it reads byte 3843 of argument 0, which has 3840 bytes",
    ),
    Fault(
        "missing guard of the reduction",
        "matmul",
        [("i < 40 && k + tx < 24 ?", "i < 40 ?"), ("k + ty < 24 && j < 33 ?", "j < 33 ?")],
        "it reads byte 4151 of argument 1, which has 3168 bytes",
    ),
    Fault("no barrier before the products", "matmul", [(f"{BARRIER}    for", "    for")], "before any thread has written it"),
    Fault(
        "tiles released early",
        "matmul",
        [(f"{BARRIER}  }}", "  }")],
        "data race: it reads byte 0 of a shared array, which has 1024",
    ),
    Fault("swapped index of a tile", "matmul", [("tb[l][tx]", "tb[tx][l]")], ""),
    Fault(
        "missing guard of the store",
        "matmul",
        [("if (i < 40 && j < 33)", "if (i < 40)")],
        "data race: it writes byte 132 of argument 2, which has 5280, and thread 16 of another block",
    ),
    Fault("one product short", "matmul", [("l < 16", "l < 15")], ""),
    Fault("integer division by zero", "integers", [("1000 / x[t]", "1000 / (x[t] / 2)")], "integer division by zero"),
    Fault(
        "private array read beyond its end",
        "integers",
        [("own[t % 4]", "own[t % 5]")],
        "thread (4, 0, 0): an index is beyond the end of its array",
    ),
    Fault("private array read before it is written", "integers", [("i < 4; i++", "i < 3; i++")], ""),
    Fault("shift by the width", "integers", [("x[t] >> i", "x[t] >> i * 11")], "a shift by as many bits as the type has"),
    Fault("signed overflow", "integers", [("1000 / x[t]", "1000000000 * x[t]")], "a product of signed integers overflows"),
    Fault(
        "no wait for the copies", "ring", [("    cp_async_wait(1);\n", "")], "before any thread has written it", "----", "FRSI"
    ),
    Fault(
        "wait too loose", "ring", [("cp_async_wait(1)", "cp_async_wait(2)")], "before any thread has written it", "----", "FRSI"
    ),
    Fault("no barrier after the wait", "ring", [(BARRIER, "")], "before any thread has written it", "FRSI", "FRSI"),
    Fault(
        "barrier before the wait",
        "ring",
        [(f"    cp_async_wait(1);\n{BARRIER}", f"{BARRIER}    cp_async_wait(1);\n")],
        "before any thread has written it",
        "----",
        "FRSI",
    ),
    Fault(
        "ring one too small",
        "ring",
        [("(i + 2) % 3", "(i + 2) % 2"), ("tile[i % 3", "tile[i % 2")],
        "data race: it writes byte 0 of a shared array, which has 1536, and thread 31 of its block reads it",
        "FRSI",
        "----",
    ),
    Fault(
        "refill before the barrier",
        "ring",
        [
            (REFILL, ""),
            (
                "    cp_async_wait(1);\n",
                "    cp_async_wait(1);\n" + REFILL,
            ),
        ],
        "data race: it reads byte 496 of a shared array",
        "FRSI",
        "----",
    ),
    Fault(
        "no commit of the next copies",
        "ring",
        [("    cp_async_commit(); // next\n", "")],
        "before any thread has written it",
        "----",
        "FRSI",
    ),
    Fault(
        "copies between addresses that are no multiples",
        "ring",
        [("(i + 2) * 128 + t * 4", "(i + 2) * 128 + t * 3")],
        "cp.async of 16 bytes between addresses that are no multiples",
        "FRSI",
        "FRSI",
    ),
]
