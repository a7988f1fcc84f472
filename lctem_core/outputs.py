"""Files appear whole or not at all."""

from __future__ import annotations

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
    """Folder for data sets and training runs that can be made again.

    Parameters
    ----------
    *parts : str
        Names of subfolders.

    Returns
    -------
    Path
        Below the folder that ``LCTEM_WORKSPACE`` names, by default ``runs`` in the source tree.
    """
    root = os.environ.get("LCTEM_WORKSPACE") or Path(__file__).resolve().parents[1] / "runs"
    return Path(root, *parts)
