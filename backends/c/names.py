"""C names for the values of a kernel: those of the program, made unique in their scope and legal."""

from __future__ import annotations

import re

_MACRO = re.compile(
    r"(M|FP|FLT|DBL|HALF|INT|UINT|CHAR|SCHAR|UCHAR|SHRT|USHRT|LONG|ULONG|CLK|CL|CUDA|CUDART|RAND|EXIT)_[A-Z0-9_]+"
    r"|MAXFLOAT|HUGE_VALF?|EOF|NAN|NULL|INFINITY"
)
"""Names that C's, OpenCL's and CUDA's headers replace by something else before any scope is looked at."""


class Names:
    """Names in nested scopes. A name is unique among the scopes it can see; sibling loops may both have an `i`."""

    def __init__(self, reserved: frozenset[str]):
        self.reserved = reserved
        self._scopes: list[set[str]] = [set()]

    def open(self) -> None:
        self._scopes.append(set())

    def close(self) -> None:
        self._scopes.pop()

    def fresh(self, wanted: str, suffixes: tuple[str, ...] = ("",)) -> str:
        """A name like `wanted` that is free, and stays free with each suffix appended."""
        base = re.sub(r"\W", "_", wanted) or "t"
        if base[0].isdigit() or re.match("_[A-Z_]", base):  # the latter are the compiler's: __global, __LINE__
            base = f"v{base}"
        if _MACRO.fullmatch(base):
            base = base.lower()
        if not base.isascii():
            base = base.encode("ascii", "replace").decode().replace("?", "_")
        # a digit of the name must not run into one of the suffix: x1 + 0 would look like x10
        joint = "_" if base[-1].isdigit() and any(suffix[:1].isdigit() for suffix in suffixes) else ""
        name, number = base, 0
        while any(self._taken(name + joint + suffix if suffix else name) for suffix in suffixes):
            number += 1
            name = f"{base}_{number}"
            joint = "_" if any(suffix[:1].isdigit() for suffix in suffixes) else ""
        name += joint
        self._scopes[-1].update(name + suffix for suffix in suffixes)
        return name

    def _taken(self, name: str) -> bool:
        return name in self.reserved or any(name in scope for scope in self._scopes)
