"""Where a number comes from: commit, versions, machine."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: What numbers depend on; the light installation has some of them only.
PACKAGES = (
    "torch", "segmentation-models-pytorch", "lightning", "onnxruntime", "openvino", "numpy",
    "opencv-python-headless",
)  # fmt: skip


def commit() -> str:
    """Short commit of the source tree, with ``+changes`` when it was edited; else ``unknown``."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return "unknown"  # an installed wheel has no history, and may lie inside another project's
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--exclude=*", "--dirty=+changes"],
            cwd=root, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def processor() -> str:
    """Name of the processor as the operating system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions of those packages that are installed."""
    found = {}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def provenance(**facts: Any) -> dict[str, Any]:
    """Facts that a recorded number or a set of weights carries.

    Parameters
    ----------
    **facts
        What the caller knows: profile, seed, data, seconds.

    Returns
    -------
    dict
        The given facts with commit, date (UTC), processor, Python and package versions.
    """
    return facts | {
        "commit": commit(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "processor": processor(),
        "python": platform.python_version(),
        "versions": versions(),
    }
