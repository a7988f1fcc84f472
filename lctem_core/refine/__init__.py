"""Counts in, refined image out."""

from importlib import import_module
from typing import Any

#: Names of the public face and where they are; imported when first asked for.
_FROM = {"Refiner": "lctem_core.refine.refiner", "ClipRefiner": "lctem_core.refine.clip_refiner"}
__all__ = ["ClipRefiner", "Refiner"]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
