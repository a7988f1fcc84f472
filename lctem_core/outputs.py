"""Files appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` and rename it onto `path` on success.

    A reader never meets a half-written file, and a failed or killed run leaves an earlier
    file at `path` untouched. The suffix is kept, because writers choose a format by it.

    Parameters
    ----------
    path : str or Path
        Where the finished file shall stand. Missing parent folders are made.

    Yields
    ------
    Path
        Where to write.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def workspace(*parts: str) -> Path:
    """Folder for a notebook's data sets and training runs, which can be made again.

    The path holds a fingerprint of the core's source: what an older simulator or training wrote is
    never taken for the present one's.

    Parameters
    ----------
    *parts : str
        Names of subfolders.

    Returns
    -------
    Path
        Below the folder that ``LCTEM_WORKSPACE`` names, by default
        ``_build/work`` in the source tree.
    """
    package = Path(__file__).resolve().parent
    sources = sorted(p for p in package.glob("*.py") if p.name not in ("cli.py", "figures.py"))
    fingerprint = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]
    root = os.environ.get("LCTEM_WORKSPACE") or package.parent / "_build" / "work"
    return Path(root, fingerprint, *parts)
