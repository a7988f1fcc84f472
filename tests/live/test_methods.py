"""Methods: what is integrated belongs to what refines it, under each name."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.live import methods
from lctem_core.live.methods import METHODS, Method, method
from lctem_core.refine.adaptive import adapted, means

FRAMES = np.random.default_rng(0).poisson(40, (14, 64, 64)).astype(np.uint16)


class Temporal:
    """Stands in for a temporal network of four frames: its first channel."""

    frames = 4

    def of_means(self, averages):
        return adapted(averages, self.frames)[0]


def made(name, n=10):
    return method(name, Temporal() if name == "temporal" else np.float32, n)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_refined_is_one_image_in_counts_of_one_frame(name):
    one = made(name)
    for t, frame in enumerate(FRAMES):
        refined = one.refine(one.push(frame, 0.01 * t, 0.01))
        assert refined.shape == (64, 64)
        assert refined.mean() == pytest.approx(40, rel=0.05)
    assert one.restarts == 0


@pytest.mark.parametrize(
    ("name", "number"), [("none", 1), ("sum", 10), ("adaptive", 10), ("temporal", 4)]
)
def test_the_noise_is_that_of_the_frames_that_count(name, number):
    assert made(name).newest(FRAMES).var() == pytest.approx(40 / number, rel=0.1)


def test_the_adaptive_mean_is_that_of_the_newest_frames():
    expected = adapted(means(FRAMES[-10:].astype(np.float32)), 10)[0]
    np.testing.assert_allclose(made("adaptive").newest(FRAMES), expected, rtol=1e-3)


def test_the_newest_of_a_recording_does_not_know_the_one_before():
    one = made("sum")
    first = one.newest(FRAMES)
    one.newest(FRAMES[:3] * 9)
    np.testing.assert_array_equal(one.newest(FRAMES), first)
    assert one.restarts == 0


def test_a_refiner_alone():
    alone, frame = Method(np.float32), FRAMES[0]
    assert alone.push(frame, 0.0) is frame
    alone.reset()
    assert alone.restarts == 0


def test_a_change_of_shape_is_a_restart():
    one = made("sum")
    one.push(FRAMES[0], 0.0)
    assert one.push(FRAMES[1, :32], 1.0).shape == (32, 64)
    assert one.restarts == 1


def test_a_method_is_loaded_with_its_network():
    loaded = methods.load("temporal", 3, runtime="onnxruntime")
    assert loaded.window.n == 10  # the network's own
    assert loaded.runtime == "onnxruntime"
    refined = loaded.newest(FRAMES)
    assert refined.std() < 0.3 * FRAMES[0].std()


@pytest.mark.parametrize(("arguments", "words"), [(("most",), "none, sum"), (("sum", 0), "whole")])
def test_wrong_arguments_are_told_before_a_network_is_loaded(arguments, words, monkeypatch):
    monkeypatch.setattr("lctem_core.refine.refiner.Refiner.load", None)
    with pytest.raises(InputError, match=words):
        methods.load(*arguments)
