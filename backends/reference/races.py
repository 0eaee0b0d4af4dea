"""Who wrote what when: finds two parallel iterations that touch one element, at least one of them writing.

Time is a counter that steps at the start of every parallel iteration. Each element of memory remembers when it was last written.
A parallel loop that began at time s and whose current iteration began at time t races where it meets an element written in
[s, t): the write is this loop's, and an earlier iteration's. Nested loops, blocks, and threads between two barriers are each one
such level, so the same comparison covers them all.

A read before another iteration's write shows up when the iterations run in another order: run a program forward and reversed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .values import Array, Memref

NEVER = 1 << 62


class Race(Exception):
    """Two iterations touch one element. The block that runs the op adds the op's name."""


class Clock:
    """Time, and the parallel loops that are running. `floor` is when the outermost began, `NEVER` outside of any."""

    def __init__(self) -> None:
        self.now = 0
        self.floor = NEVER
        self.turn = 0
        self.levels: list[list[int]] = []

    def enter(self) -> None:
        """A parallel loop begins. Call `next` before each iteration, `leave` at the end."""
        self.now += 1
        self.levels.append([self.now, self.now])
        if len(self.levels) == 1:
            self.floor = self.now

    def next(self) -> None:
        self.now += 1
        self.turn = self.now
        self.levels[-1][1] = self.now

    def phase(self) -> None:
        """All threads of the innermost level met at a barrier: what they wrote before it may now be read by all."""
        self.now += 1
        self.levels[-1][:] = [self.now, self.now]

    def leave(self) -> None:
        self.levels.pop()
        self.turn = self.levels[-1][1] if self.levels else 0
        if not self.levels:
            self.floor = NEVER

    def wrote(self, memref: Memref, index: Any) -> None:
        """Record a write; raises Race where another iteration wrote there. Call it only while a loop runs."""
        root = memref.root
        if root.born >= self.turn:
            return
        writers = self._writers(memref)
        if root.written >= self.floor:
            self._compare(writers[index], index, "written by two iterations")
        writers[index] = self.now
        root.written = self.now

    def reads(self, memref: Memref, index: Any) -> None:
        """Raises Race where another iteration wrote what is read. Needed only where `root.written >= floor`."""
        if memref.root.born < self.turn:
            self._compare(self._writers(memref)[index], index, "read by one iteration and written by another")

    def _compare(self, times: Any, index: Any, what: str) -> None:
        if isinstance(times, np.ndarray):
            for start, turn in self.levels:
                clash: Array = (times >= start) & (times < turn)
                if clash.any():
                    found = np.argwhere(clash)
                    raise Race(f"an element is {what}, at {tuple(map(int, found[0]))} of this access")
        elif times >= self.floor:
            for start, turn in self.levels:
                if start <= times < turn:
                    raise Race(f"an element is {what}, index {index}")

    @staticmethod
    def _writers(memref: Memref) -> Array:
        """The time of the last write of each element, in the geometry of the memref."""
        if memref.writers is not None:
            return memref.writers
        root, array = memref.root, memref.array
        if root.shadow is None:
            root.shadow = np.full(root.array.size, -1, dtype=np.int64)
            root.address = _address(root.array)
        size = root.array.itemsize
        memref.writers = np.ndarray(
            array.shape,
            np.int64,
            buffer=root.shadow,
            offset=(_address(array) - root.address) // size * 8 if array.size else 0,
            strides=tuple(stride // size * 8 for stride in array.strides),
        )
        return memref.writers


def _address(array: Array) -> int:
    return array.__array_interface__["data"][0]
