"""Where a source that a compiler refused is kept, for whoever reads the error."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def keep_source(source: str, suffix: str) -> Path:
    """A new file with the source, in the working folder or else where temporary files go."""
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            descriptor, name = tempfile.mkstemp(prefix="rung-failed-", suffix=f".{suffix}", dir=folder)
            with os.fdopen(descriptor, "w") as file:
                file.write(source)
            return Path(name)
        except OSError:
            continue
    return Path(os.devnull)
