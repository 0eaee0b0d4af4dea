"""Compile a program and run it on arrays.

    rung run softmax.mlir --arg x.npy                  print the results
    rung run softmax.mlir --random 0 --out results/    seeded inputs; each result becomes results/0.npy, results/1.npy, ...
    rung run softmax.mlir --random 0 --time 50         and the median of 50 runs
    rung run matmul.mlir --random 0 --schedule s.mlir  tiled as a transform script says
    rung run kernel.mlir --target reference            by the NumPy evaluator, on whatever rung the file is

The file is on the `nd` or the `linalg` rung; one from elsewhere (torch-mlir, JAX, mlir-opt) is on the second. Arrays are .npy
files, in the order of the function's parameters.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from xdsl.dialects.func import FuncOp
    from xdsl.ir import Attribute

SUMMARY = "compile a program and run it on arrays"
Array = NDArray[Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="MLIR text; - reads standard input")
    parser.add_argument(
        "--arg", action="append", default=[], metavar="FILE.npy", help="the next argument; once for each parameter"
    )
    parser.add_argument(
        "--random", type=int, metavar="SEED", help="make the arguments that no --arg gives: seeded normal numbers"
    )
    parser.add_argument("--function", metavar="NAME", help="which public function (default: main, or the only one)")
    default = os.environ.get("RUNG_TARGET") or "opencl"
    parser.add_argument(
        "--target", default=default, metavar="T", help="opencl, cuda, reference, ... (default: RUNG_TARGET, else opencl)"
    )
    parser.add_argument(
        "--schedule", metavar="FILE.mlir", help="a transform script for the kernels on linalg, in place of the default schedules"
    )
    parser.add_argument("--out", metavar="FOLDER", help="write each result there as 0.npy, 1.npy, ... instead of printing it")
    parser.add_argument("--time", type=int, metavar="N", help="run N times more and report the median")


def run(args: argparse.Namespace) -> int:
    from rung.backends.target import target_names
    from rung.blame import telling_where
    from rung.files import UsageError, entry, read_module

    if args.time is not None and args.time < 1:
        raise UsageError(f"--time is {args.time}, expected at least 1")
    if args.random is not None and args.random < 0:
        raise UsageError(f"--random is {args.random}, expected at least 0")
    if args.target not in target_names():
        raise UsageError(f"--target: no target {args.target!r}, expected one of {', '.join(target_names())}")
    if args.schedule is not None and args.target == "reference":
        raise UsageError(
            "--schedule with --target reference: the evaluator runs the file as it is, expected a target that compiles"
        )
    module = read_module(args.file)
    function = entry(module, args.function)
    if args.out is not None:
        Path(args.out).mkdir(parents=True, exist_ok=True)  # before the work, so that no result is lost to a wrong name
    arrays = arguments(function, args.arg, args.random)
    name = function.sym_name.data
    start = time.perf_counter()
    if args.target == "reference":
        from rung.backends.reference.evaluate import evaluate

        how = "read"

        def call() -> list[Array]:
            return evaluate(module, name, arrays)
    else:
        from rung.compile import compile_module
        from rung.frontend.runtime import HostBuffer

        script = None if args.schedule is None else read_module(args.schedule)
        with telling_where(module):
            program = compile_module(module, args.target, function=name, schedule=script)
        inputs = [HostBuffer(array) for array in arrays]
        how = "found in the kernel cache" if program.from_cache else "compiled"

        def call() -> list[Array]:
            return [buffer.numpy() for buffer in program.run(inputs)]

    compiled = time.perf_counter()
    with telling_where(module):
        results = call()
    done = time.perf_counter()
    show(results, args.out)
    print(f"{how} in {1e3 * (compiled - start):.1f} ms; first run {1e3 * (done - compiled):.1f} ms", file=sys.stderr)
    if args.time:
        report(call, args.time)
    return 0


def arguments(function: FuncOp, files: list[str], seed: int | None) -> list[Array]:
    """An array for each parameter, from the files and then from the seed. Raises UsageError that names what does not fit."""
    from rung.compile import outs_of
    from rung.files import UsageError, place

    name, types = function.sym_name.data, list(function.function_type.inputs)
    types = types[: len(types) - outs_of(function)]
    hints = [value.name_hint for value in function.body.block.args]
    if len(files) > len(types):
        raise UsageError(f"@{name} takes {len(types)} arguments, found {len(files)} times --arg")
    if len(files) < len(types) and seed is None:
        missing = ", ".join(str(kind) for kind in types[len(files) :])
        raise UsageError(
            f"@{name} takes {len(types)} arguments, found {len(files)} times --arg; missing {missing} (or --random SEED)"
        )
    rng = np.random.default_rng(seed)
    arrays: list[Array] = []
    for position, (kind, hint) in enumerate(zip(types, hints)):
        label = f"argument {position}{f' (%{hint})' if hint else ''} of @{name}"
        try:
            dtype, shape = layout(kind)
        except TypeError as problem:
            raise UsageError(f"{place(function)}: {label} is {kind}, {problem}") from problem
        if position < len(files):
            arrays.append(load(files[position], dtype, shape, label))
        else:
            try:
                arrays.append(random_array(rng, dtype, shape))
            except (ValueError, MemoryError) as problem:  # more elements or axes than NumPy has
                raise UsageError(f"{place(function)}: {label} is {kind}, which NumPy cannot make: {problem}") from None
    return arrays


def layout(kind: Attribute) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The NumPy dtype and shape of a tensor or memref type. Raises TypeError for any other type and for a dynamic shape."""
    from xdsl.dialects.builtin import MemRefType, TensorType
    from xdsl.utils.hints import isa

    from rung.dialects.nd.dtype import to_numpy

    if not (isa(kind, TensorType) or isa(kind, MemRefType)) or any(extent < 0 for extent in kind.get_shape()):
        raise TypeError("expected a tensor of static shape")
    return to_numpy(kind.element_type), tuple(kind.get_shape())


def load(path: str, dtype: np.dtype[Any], shape: tuple[int, ...], label: str) -> Array:
    """The array in a .npy file, which must have this dtype and shape. Never unpickles."""
    from rung.files import UsageError

    try:
        array: Array = np.load(path, allow_pickle=False)
    except Exception as problem:  # NumPy reads the header as Python text, and lets through whatever comes of that
        reason = problem.strerror if isinstance(problem, OSError) else " ".join(str(problem).split())[:200]
        raise UsageError(f"{label}: {path}: {reason or type(problem).__name__}") from problem
    if not isinstance(array, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"{label}: {path} is an archive of several arrays, expected a .npy file")
    if array.dtype.kind == "V" and array.dtype.itemsize == dtype.itemsize:
        array = array.view(dtype)  # how NumPy stores a dtype that it does not know, bfloat16 for one
    if array.dtype != dtype or array.shape != shape:
        raise UsageError(f"{label}: {path} is {array.dtype}{list(array.shape)}, expected {dtype}{list(shape)}")
    return np.ascontiguousarray(array)


def random_array(rng: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Normal numbers; small integers; fair coins."""
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        return rng.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def show(results: list[Array], folder: str | None) -> None:
    from rung.files import replacing

    for position, array in enumerate(results):
        head = f"result {position}: {array.dtype}{list(array.shape)}"
        if folder is None:
            print(f"{head}\n{np.array2string(array, threshold=64, edgeitems=3, precision=6)}")
        else:
            path = Path(folder) / f"{position}.npy"
            with replacing(path) as file:
                np.save(file, array, allow_pickle=False)
            print(f"{head} -> {path}")


def report(call: Any, runs: int) -> None:
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    low, median, high = np.quantile(times, (0.25, 0.5, 0.75))
    print(f"{runs} runs, each with its results copied to NumPy: median {median:.3f} ms, quartiles {low:.3f} .. {high:.3f}")
