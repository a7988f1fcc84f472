"""Networks as ONNX models, which run without PyTorch."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from lctem_core.networks.cards import FREE, INPUT, OPSET, OUTPUT

if TYPE_CHECKING:
    from torch import nn

#: Smaller constants are not worth an operation that converts them.
_LEAST_HALVED = 64


def to_onnx(
    network: nn.Module, channels: int = 1, size: int | None = None, *, folded: bool = False
) -> bytes:
    """Network as an ONNX model, with the operations of `lctem_core.networks.shortened.shortened`.

    Parameters
    ----------
    network : torch.nn.Module
        (N, C, H, W) -> (N, 1, H, W).
    channels : int
        C.
    size : int, optional
        Height and width [px], fixed in the model with N = 1; without it, all three are free.
    folded : bool
        Make normalisation part of the convolution before it, as 8-bit integers need it. Else it
        stays apart: the weights then are those of the file, exact in half precision, and runtimes
        join the two when they load.

    Returns
    -------
    bytes
        Operators of version 17; input ``image``, output ``refined``.
    """
    import torch

    from lctem_core.networks.shortened import shortened

    network = shortened(network).cpu().float().to(memory_format=torch.contiguous_format)
    axes = dict(zip((0, 2, 3), FREE, strict=True))
    free = None if size else {name: axes for name in (INPUT, OUTPUT)}
    example = torch.zeros(1, channels, size or 256, size or 256)
    written = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter writes version 18 and later only. The other warnings are of checks
        # that the sides are divisible, which the caller sees to, and of what is not folded.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", UserWarning)
        torch.onnx.export(
            network, (example,), written, opset_version=OPSET, dynamo=False,
            input_names=[INPUT], output_names=[OUTPUT], dynamic_axes=free,
            do_constant_folding=folded,
            training=torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE,
        )  # fmt: skip
    return written.getvalue()


def halved(model: bytes) -> bytes:
    """The same model with constants in half precision wherever that loses nothing.

    Parameters
    ----------
    model : bytes
        ONNX.

    Returns
    -------
    bytes
        ONNX that computes in float32 with equal numbers; about half as long.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    loaded = onnx.load_from_string(model)
    graph = loaded.graph
    converted = []
    for constant in list(graph.initializer):
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if values.size < _LEAST_HALVED or not np.array_equal(half.astype(np.float32), values):
            continue
        graph.initializer.remove(constant)
        graph.initializer.append(numpy_helper.from_array(half, f"{constant.name}/half"))
        converted.append(
            helper.make_node(
                "Cast",
                [f"{constant.name}/half"],
                [constant.name],
                name=f"{constant.name}/float",
                to=TensorProto.FLOAT,
            )
        )
    for place, node in enumerate(converted):
        graph.node.insert(place, node)
    return loaded.SerializeToString()


def checked(model: bytes) -> bytes:
    """The model itself, after ONNX's own checker has found nothing wrong with it."""
    import onnx

    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    return model
