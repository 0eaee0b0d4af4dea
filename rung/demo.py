"""The main job: tell handwritten digits apart by their nearest neighbour, on kernels compiled here and now.

    python -m rung.demo

The digits are the 1,797 real 8x8 images that scikit-learn ships. For each image of a held-out part the nearest of the others is
found by squared distance, and its label is the answer. All of it is tensor arithmetic: the product inside is an expand, a
multiplication and a sum, the nearest is an argmin. Printed beside it: scikit-learn's own 1-NN, and NumPy's time for the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ROUNDS = 30


def nearest(queries: Any, examples: Any) -> Any:
    """For each query the number of its nearest example; of equally near ones the first. Tensors, (n, d) and (m, d) -> (n,)."""
    products = (queries @ examples.T).named("products")
    distances = (queries * queries).sum(1, keepdim=True) - 2.0 * products + (examples * examples).sum(1)
    return distances.named("distances").argmin(1).named("nearest")


def nearest_numpy(queries: Array, examples: Array) -> Array:
    """The same in NumPy."""
    distances = (queries * queries).sum(1, keepdims=True) - 2 * (queries @ examples.T) + (examples * examples).sum(1)
    return distances.argmin(1)


def load_digits() -> tuple[Array, Array, Array, Array]:
    """Queries, examples and their labels: a third of the images is held out. Raises ImportError without scikit-learn."""
    loaded: tuple[Array, Array] = import_module("sklearn.datasets").load_digits(return_X_y=True)
    images, labels = loaded
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order].astype(np.float32), labels[order]
    held = len(images) // 3
    return images[:held], images[held:], labels[:held], labels[held:]


class Progress:
    """One line on stderr that says what is being done and for how long it has been; gone when all is done."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    def __call__(self, what: str) -> None:
        line = f"{time.perf_counter() - self.start:5.1f} s  {what}"
        if sys.stderr.isatty():
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def done(self) -> None:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def interleaved_ms(*runs: Callable[[], object]) -> list[float]:
    """The median time of each, taken in turn so that drift of the machine meets all alike."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, taken in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            taken.append(1e3 * (time.perf_counter() - start))
    return [float(np.median(taken)) for taken in times]


def tied(queries: Array, examples: Array, labels: Array) -> Array:
    """Which queries have equally near examples of different labels: any of those answers is right."""
    distances = (queries * queries).sum(1, keepdims=True) - 2 * (queries @ examples.T) + (examples * examples).sum(1)
    nearest = distances == distances.min(1, keepdims=True)
    return np.array([len(set(labels[row])) > 1 for row in nearest])


def scikit(queries: Array, examples: Array, labels: Array) -> Array:
    """The answers of scikit-learn's own nearest neighbour."""
    model: Any = import_module("sklearn.neighbors").KNeighborsClassifier(1, algorithm="brute")
    return model.fit(examples, labels).predict(queries)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rung.demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="where the program is written (default: build/demo)")
    args = parser.parse_args()
    from rung import Tensor
    from rung.backends.errors import DeviceError
    from rung.backends.target import target
    from rung.cli_ladder import table
    from rung.compile import compile_module
    from rung.frontend.runtime import HostBuffer
    from rung.ladder import climb_down, module_of, owner

    progress = Progress()
    progress("reading the digits")
    try:
        queries, examples, answers, labels = load_digits()
    except ModuleNotFoundError as missing:
        print(
            f"the digits ship with scikit-learn, and {missing.name} is not installed: pip install scikit-learn", file=sys.stderr
        )
        return 1
    opencl = target("opencl")
    if (problem := opencl.available()) is not None:
        print(f"nothing can run kernels here: {problem}. Next: rung doctor", file=sys.stderr)
        return 1

    progress("building the expression")
    expression = nearest(Tensor.from_numpy(queries, name="queries"), Tensor.from_numpy(examples, name="examples"))
    module = module_of(expression)
    rungs = climb_down(module, opencl, on_rung=lambda rung: progress(f"lowering: {rung} done"))
    kernels = list(rungs[-1].kernels)

    progress(f"compiling {len(kernels)} kernels for the device")
    inputs = [HostBuffer(queries), HostBuffer(examples)]
    try:
        start = time.perf_counter()
        program = compile_module(module, "opencl")
        compiled = time.perf_counter()
        progress("first run")
        found = program.run(inputs)[0].numpy()
        ran = time.perf_counter()
    except DeviceError as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1

    progress("scikit-learn's own nearest neighbour")
    ours, theirs = labels[found], scikit(queries, examples, labels)
    progress("timing")

    def run() -> None:
        program.run(inputs)
        program.executable.finish()

    ours_ms, numpy_ms = interleaved_ms(run, lambda: nearest_numpy(queries, examples))
    each: dict[str, float] = {}
    for launch, seconds in program.executable.profile([program.upload(buffer) for buffer in inputs]):
        kernel = owner(launch, kernels)
        each[kernel] = each.get(kernel, 0.0) + 1e3 * seconds
    progress.done()

    same = ours == theirs
    ties = tied(queries, examples, labels)
    print(f"{len(queries)} held-out images of handwritten digits, each answered by the nearest of {len(examples)} others")
    print(f"  rung          {100 * (ours == answers).mean():.2f} % right")
    print(
        f"  scikit-learn  {100 * (theirs == answers).mean():.2f} % right; {same.sum()} of {len(same)} predictions equal", end=""
    )
    print(f", {(~same & ties).sum()} of the others are ties" if not same.all() else "")
    print(f"\n{table(rungs, kernels, each)}")
    how = "from the kernel cache" if program.from_cache else "nd to machine code"
    print(f"\ncompile   {1e3 * (compiled - start):8.1f} ms, {how}; first run {1e3 * (ran - compiled):.1f} ms")
    print(f"run       {ours_ms:8.3f} ms, median of {ROUNDS}")
    print(f"NumPy     {numpy_ms:8.3f} ms, the same arithmetic ({numpy_ms / ours_ms:.1f} times as long)")

    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "digits.mlir"
    path.write_text(f"{module!s}\n")
    print("\nlook next (in .venv/bin):")
    print(f"  rung ladder {path} --kernel 0      one kernel at every rung, down to its OpenCL C")
    print(f"  rung ladder {path} --rung source --target cuda")
    print(f"  rung run {path} --random 0 --time 20")
    print("  rung doctor                                        what else this machine could run")
    wrong = ~same & ~ties
    return 1 if wrong.any() else 0


if __name__ == "__main__":
    sys.exit(main())
