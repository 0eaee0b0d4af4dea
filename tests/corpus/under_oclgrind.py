"""Run programs of the corpus on the OpenCL device of this process and print a line of JSON for each; meant to run under oclgrind.

A process of its own, because oclgrind replaces the OpenCL library. What it finds goes to the file in OCLGRIND_LOG, whose new
part is quoted with the program that earned it. Numbers are not compared: oclgrind 21.10 gives 0 for the remainder of two
vectors, where PoCL and NumPy agree (2026-11).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from corpus import program

from rung.compile import compile_module
from rung.frontend.runtime import HostBuffer


def judge(name: str) -> str:
    """What is wrong with this program; nothing if all is well."""
    log = Path(os.environ["OCLGRIND_LOG"])
    before = log.stat().st_size if log.exists() else 0
    each = program(name)
    compiled = compile_module(each.module(), "opencl", function="main", cache=False)
    compiled.run([HostBuffer(array) for array in each.inputs()])
    compiled.executable.finish()
    return log.read_bytes()[before:].decode() if log.exists() else ""


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            wrong = judge(name)
        except Exception as problem:
            wrong = f"{type(problem).__name__}: {problem}"
        print(json.dumps({"name": name, "wrong": wrong[:3000]}), flush=True)
