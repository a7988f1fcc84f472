"""Refinement of low-dose liquid-cell TEM images: the core behind the book's notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lctem_core.refine.clip_refiner import ClipRefiner
    from lctem_core.refine.refiner import Refiner

__all__ = ["ClipRefiner", "Refiner"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # `lctem --help` and the simulator need neither.
    if name == "Refiner":
        from lctem_core.refine.refiner import Refiner

        return Refiner
    if name == "ClipRefiner":
        from lctem_core.refine.clip_refiner import ClipRefiner

        return ClipRefiner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
