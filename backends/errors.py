"""What goes wrong in a backend, by who can mend it."""

from __future__ import annotations


class BackendError(ValueError):
    """A program that a target cannot spell, such as `opencl: no rule for math.erf in kernel @gelu`."""


class BuildError(RuntimeError):
    """The target's own compiler refused a source of ours. The message shows its log and where the source was kept."""


class DeviceError(RuntimeError):
    """There is no device to run on, or it refused a launch. The message names `rung doctor`."""


def missing_device(target: str, reason: str) -> DeviceError:
    return DeviceError(f"{target}: {reason}. `rung doctor` lists the devices of this machine and how to get one.")
