"""Refinement of low-dose liquid-cell TEM images: the core behind the book's notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lctem_core.clip_refine import ClipRefiner
    from lctem_core.refine import Refiner

__all__ = ["ClipRefiner", "Refiner"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # PyTorch takes seconds to import; the simulator and the file readers do without it.
    if name == "Refiner":
        from lctem_core.refine import Refiner

        return Refiner
    if name == "ClipRefiner":
        from lctem_core.clip_refine import ClipRefiner

        return ClipRefiner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
