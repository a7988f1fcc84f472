"""A scene becomes counts: particles, optics, camera, movies, tilt series."""

from importlib import import_module
from typing import Any

#: Names of the public face and where they are; imported when first asked for.
_FROM = {
    "Example": "lctem_core.simulate.examples",
    "example": "lctem_core.simulate.examples",
    "Clip": "lctem_core.simulate.movie",
    "clip": "lctem_core.simulate.movie",
    "Movie": "lctem_core.simulate.movie",
    "RECIPES": "lctem_core.simulate.recipes",
}
__all__ = ["RECIPES", "Clip", "Example", "Movie", "clip", "example"]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
