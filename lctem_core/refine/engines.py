"""Ways to run a network: OpenVINO, ONNX Runtime, and PyTorch in `torch_engine`, by one call.

An engine takes a float32 array (N, C, H, W) and returns one (N, 1, H, W), both in the memory of the
host: whatever goes to a GPU and back is part of the call, and the call returns when it is done.
"""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from lctem_core.networks.cards import FREE, INPUT, OUTPUT


class Engine(Protocol):
    """What all of them do."""

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Refine a batch, (N, C, H, W) float32 -> (N, 1, H, W) float32."""

    def forget(self) -> None:
        """Give back the memory that is kept for the shapes seen so far."""


def threads() -> int:
    """Threads that a runtime takes: ``OMP_NUM_THREADS``, or one per core of this process."""
    if asked := os.environ.get("OMP_NUM_THREADS", "").split(",")[0]:
        return max(1, int(asked))
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on Windows and macOS
        cores = min(cores, len(os.sched_getaffinity(0)))
    return cores


#: Shapes for which OpenVINO and ONNX Runtime keep a compiled model. With free height and width both
#: would be slower, OpenVINO by a third.
KEPT_SHAPES = 4


class OpenVino:
    """OpenVINO on the CPU; compiled for each shape, of which the last few are kept.

    Parameters
    ----------
    model : bytes
        ONNX.
    precision : str
        ``f32`` or ``bf16``. Always given: left to itself, OpenVINO takes bf16 where it can. A
        network whose U-Net is a part of it has only that part in bf16: what the rest does to the
        frame itself needs more than eight bits.
    threads : int
    calibration : sequence of ndarray, (N, C, H, W), optional
        Batches from which the ranges of the activations are taken; convolutions are then computed
        with 8-bit integers (NNCF, post-training quantisation).
    """

    def __init__(
        self,
        model: bytes,
        precision: str,
        threads: int,
        calibration: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.graph = _openvino().read_model(io.BytesIO(model))
        if calibration is not None:
            self.graph = _quantised(self.graph, calibration)
        self.parts = _unet_and_rest(self.graph) if precision == "bf16" else None
        self.config = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
        }
        self.request = lru_cache(KEPT_SHAPES)(self._request)
        self.lock = threading.Lock()  # a request does one thing at a time

    def _request(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        if self.parts is None:
            return _compiled(self.graph, [shape], self.config)
        unet = _compiled(self.parts[0], [shape], self.config)
        answer = unet(np.zeros(shape, np.float32)).shape
        rest = _compiled(
            self.parts[1], [shape, answer], self.config | {"INFERENCE_PRECISION_HINT": "f32"}
        )
        return lambda batch: rest(batch, unet(batch))

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Refine a batch, (N, C, H, W) float32 -> (N, 1, H, W) float32."""
        with self.lock:
            return self.request(batch.shape)(batch).copy()

    def forget(self) -> None:
        """Give back the compiled models."""
        self.request.cache_clear()


class OnnxRuntime:
    """ONNX Runtime on the CPU; a session for each shape, of which the last few are kept.

    Parameters
    ----------
    model : bytes
        ONNX.
    threads : int
    """

    def __init__(self, model: bytes, threads: int) -> None:
        self.model, self.threads = model, threads
        self.session = lru_cache(KEPT_SHAPES)(self._session)

    def _session(self, shape: tuple[int, ...]) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        for axis, length in zip(FREE, (shape[0], *shape[2:]), strict=True):
            options.add_free_dimension_override_by_name(axis, length)
        # Idle threads that spin would take the processor from the camera and the display.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(self.model, options, providers=providers)

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Refine a batch, (N, C, H, W) float32 -> (N, 1, H, W) float32."""
        return self.session(batch.shape).run([OUTPUT], {INPUT: batch})[0]

    def forget(self) -> None:
        """Give back the sessions."""
        self.session.cache_clear()


@lru_cache(maxsize=1)
def _openvino() -> Any:
    import openvino

    return openvino.Core()


def _compiled(
    graph: Any, shapes: Sequence[tuple[int, ...]], config: dict[str, Any]
) -> Callable[..., np.ndarray]:
    """Graph for inputs of these shapes, as a function of them.

    Nothing is copied on the way in. The answer lies in memory that the next call overwrites.
    """
    graph = graph.clone()
    graph.reshape({place: list(shape) for place, shape in enumerate(shapes)})
    request = _openvino().compile_model(graph, "CPU", config).create_infer_request()
    return lambda *batches: request.infer(list(batches), share_inputs=True, share_outputs=True)[0]


# Operations inside the U-Net that OpenVINO reads without their names, or that feed no image.
_NAMELESS = ("ConvolutionBackpropData", "ShapeOf")


def _unet_and_rest(graph: Any) -> tuple[Any, Any] | None:
    """A network cut at the answer of its U-Net: (frame -> answer), (frame, answer -> image).

    None for a network whose operations are not those of a part called ``unet``, as the paper's.
    """
    from openvino import Model, opset13

    part = "/unet/"
    answers = [
        output
        for operation in graph.get_ordered_ops()
        if operation.get_friendly_name().startswith(part)
        for output in operation.outputs()
        if any(
            not target.get_node().get_friendly_name().startswith(part)
            and target.get_node().get_type_name() not in _NAMELESS
            for target in output.get_target_inputs()
        )
    ]
    if len(answers) != 1:
        return None
    name = answers[0].get_node().get_friendly_name()
    graphs = []
    for graph_of_part in (graph.clone(), graph.clone()):
        node = next(
            one for one in graph_of_part.get_ordered_ops() if one.get_friendly_name() == name
        )
        graphs.append((graph_of_part, node.output(0)))
    (whole, answer), (rest, replaced) = graphs
    unet = Model([answer], whole.get_parameters(), "unet")
    given = opset13.parameter(replaced.get_partial_shape(), np.float32, "answer")
    replaced.replace(given.output(0))
    return unet, Model(rest.get_results(), [*rest.get_parameters(), given], "rest")


def openvino_has_bf16() -> bool:
    """Whether OpenVINO computes in bfloat16 on this processor."""
    return "BF16" in _openvino().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _quantised(graph: Any, calibration: Sequence[np.ndarray]) -> Any:
    import nncf

    nncf.set_log_level(logging.WARNING)  # it lists every operation that it leaves as it is
    # What the network does to the frame itself stays in float32: eight bits of it would cost
    # decibels. So do the first and the last convolution of the slim and the light encoder's
    # networks, which are small.
    kept = ["^/[A-Z].*", "^/(fold|detail|enlarge)/.*", "^/unet/(enter|head)/.*", f"^{OUTPUT}.*"]
    outside = nncf.IgnoredScope(patterns=kept, validate=False)
    # Mixed: ranges of activations need not lie symmetrically about 0, which takes no more time.
    return nncf.quantize(
        graph, nncf.Dataset(calibration), subset_size=len(calibration), ignored_scope=outside,
        preset=nncf.QuantizationPreset.MIXED,
    )  # fmt: skip
