"""Refinement while the camera runs: sources, integration, the stream, sinks."""

from importlib import import_module
from typing import Any

#: Names of the public face and where they are; imported when first asked for.
_FROM = {"Stream": "lctem_core.live.stream", "run": "lctem_core.live.replay"}
__all__ = ["Stream", "run"]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
