"""From pairs to weights, and studies of it."""

from importlib import import_module
from typing import Any

from lctem_core.errors import needs

#: Names of the public face and where they are; imported when first asked for.
_FROM = {
    "fit": "lctem_core.train.fitting",
    "Config": "lctem_core.train.config",
    "Store": "lctem_core.train.store",
    "read_log": "lctem_core.train.callbacks",
}
__all__ = ["Config", "Store", "fit", "read_log"]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        with needs("train", "training"):
            return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
