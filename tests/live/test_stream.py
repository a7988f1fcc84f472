import os
import signal
import sys
import threading
import time
import tracemalloc

import cv2
import numpy as np
import pytest
import tifffile

from lctem_core.live import stream as streams
from lctem_core.live.integrate import Means, Sum
from lctem_core.live.methods import Method
from lctem_core.live.sinks import Display, Sink, recorder
from lctem_core.live.sources import CameraFrame, replay
from lctem_core.live.stream import BUFFER, Stream

FRAME = np.random.default_rng(0).integers(0, 200, (64, 64)).astype(np.uint16)


class Kept(Sink):
    """Keeps the frames that it gets."""

    def __init__(self, lossless=True, pause=0.0, interval=0.0, fails_at=None):
        self.lossless, self.pause, self.interval = lossless, pause, interval
        self.images, self.times, self.closed, self.fails_at = [], [], 0, fails_at

    def write(self, image, time_):
        if len(self.images) == self.fails_at:
            raise OSError("disk full")
        time.sleep(self.pause)
        self.images.append(image)
        self.times.append(time_)

    def close(self):
        self.closed += 1


def numbered(number, shape=(64, 64)):
    for i in range(number):
        yield np.full(shape, i, np.uint16)


def as_they_are(image):
    return image.astype(np.float32)


def balanced(seen):
    return seen.seen == seen.invalid + seen.skipped + seen.failed + seen.refined


def test_a_recording_gets_every_frame_in_order():
    sink = Kept()
    seen = Stream(replay(numbered(300), None), Method(as_they_are), [sink]).run()
    assert [int(image[0, 0]) for image in sink.images] == list(range(300))
    assert (seen.seen, seen.refined, seen.skipped) == (300, 300, 0)
    assert seen.sinks["sink"].written == 300
    assert sink.closed == 1


def test_a_slow_recording_holds_the_source_and_loses_nothing():
    sink = Kept(pause=0.005)
    seen = Stream(replay(numbered(80), None), Method(as_they_are), [sink]).run()
    assert len(sink.images) == 80
    assert seen.sinks["sink"].waited > 0
    assert balanced(seen)


def test_a_slow_display_does_not_hold_the_source():
    shown = []
    slow = Display(lambda grey: (time.sleep(0.03), shown.append(grey)), rate=1000, limits=(0, 255))
    started = time.perf_counter()
    # At a rate: all at once, the refiner itself may get hardly a frame.
    seen = Stream(replay(numbered(400), 1000), Method(as_they_are), [slow]).run()
    assert time.perf_counter() - started < 400 * 0.03 / 3
    report = seen.sinks["display"]
    assert report.dropped > 0
    assert report.written + report.dropped == seen.refined
    assert balanced(seen)
    assert shown[-1].max() == shown[-1].min()


def test_the_last_frame_is_shown():
    sink = Kept(lossless=False)
    Stream(replay(numbered(50), None), Method(as_they_are), [sink]).run()
    assert sink.images[-1][0, 0] == 49


def test_the_integrator_sees_every_frame_although_refinement_skips_some():
    sink = Kept(lossless=False)

    def slow(image):
        time.sleep(0.004)
        return image.astype(np.float32)

    source = replay(numbered(200), None)
    seen = Stream(source, Method(slow, Sum(10)), [sink]).run()
    assert seen.skipped > 0
    assert balanced(seen)
    assert sink.images[-1][0, 0] == sum(range(190, 200))


def test_a_display_is_slower_than_its_rate_never_faster():
    sink = Kept(lossless=False, interval=0.02)
    begun = time.perf_counter()
    Stream(replay(numbered(100), 400), Method(as_they_are), [sink]).run()
    took = time.perf_counter() - begun
    assert 3 < len(sink.images) <= took / 0.02 + 2  # one at the start, and the last of all


def test_a_sink_that_fails_is_switched_off_and_the_rest_goes_on():
    bad, good = Kept(fails_at=5), Kept()
    seen = Stream(replay(numbered(60), None), Method(as_they_are), [bad, good]).run()
    assert len(good.images) == 60
    assert "disk full" in seen.sinks["sink"].problem
    assert seen.sinks["sink"].written == 5
    assert seen.sinks["sink"].written + seen.sinks["sink"].dropped == 60
    assert bad.closed == 1
    assert seen.sinks["sink'"].problem == ""


def test_a_nan_frame_is_left_out_and_told():
    images = [FRAME.astype(np.float32) for _ in range(5)]
    images[2] = images[2].copy()
    images[2][3, 3] = np.nan
    sink = Kept()
    seen = Stream(replay(images, None), Method(as_they_are, Sum(2)), [sink]).run()
    assert (seen.seen, seen.invalid, len(sink.images)) == (5, 1, 4)
    assert "NaN" in seen.problem
    np.testing.assert_array_equal(sink.images[2], 2 * images[0])


def test_a_resized_stream_starts_the_sum_again():
    sizes = [(64, 64)] * 3 + [(96, 64)] * 3
    images = [np.ones(size, np.uint16) for size in sizes]
    sink = Kept()
    seen = Stream(replay(images, None), Method(as_they_are, Sum(10)), [sink]).run()
    assert seen.restarts == 1
    assert [int(image[0, 0]) for image in sink.images] == [1, 2, 3, 1, 2, 3]
    assert sink.images[-1].shape == (96, 64)


def test_a_frame_that_cannot_be_refined_does_not_end_the_session():
    def picky(image):
        if image[0, 0] == 3:
            raise ValueError("nothing varies")
        return as_they_are(image)

    sink = Kept()
    seen = Stream(replay(numbered(6), None), Method(picky), [sink]).run()
    assert (seen.failed, len(sink.images)) == (1, 5)
    assert "nothing varies" in seen.problem


def test_an_error_of_the_source_comes_through_after_what_came_before():
    def broken():
        yield from numbered(4)
        raise OSError("camera unplugged")

    sink = Kept()
    with pytest.raises(OSError, match="camera unplugged"):
        Stream(replay(broken(), None), Method(as_they_are), [sink]).run()
    assert len(sink.images) == 4
    assert sink.closed == 1


def test_a_stall_and_a_burst_lose_nothing():
    source = replay(numbered(60), 300, stalls={20: 0.15})
    sink = Kept()
    seen = Stream(source, Method(as_they_are, Sum(3)), [sink]).run()
    assert len(sink.images) == 60
    assert seen.late > 5
    assert seen.latency.largest > 0.1


def test_stop_ends_an_endless_source():
    def endless():
        i = 0
        while True:
            yield CameraFrame(FRAME, time.perf_counter(), i)
            i += 1

    sink = Kept(lossless=False)
    stream = Stream(endless(), Method(as_they_are), [sink])
    before = set(threading.enumerate())
    timer = threading.Timer(0.1, stream.stop)
    timer.start()
    seen = stream.run()
    timer.join()
    assert seen.refined > 0
    assert sink.closed == 1
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:  # each has said that it is done, and ends
        thread.join(5)
    assert not any(thread.is_alive() for thread in left)


def test_stop_does_not_wait_for_a_source_that_gives_nothing(monkeypatch):
    monkeypatch.setattr(streams, "PATIENCE", 0.3)
    released = threading.Event()

    def stuck():
        yield from replay(numbered(3), None)
        threading.Timer(0.2, stream.stop).start()
        released.wait(60)
        yield from replay(numbered(3), None)

    sink = Kept()
    stream = Stream(stuck(), Method(as_they_are), [sink])
    seen = stream.run()
    assert not released.is_set()
    assert len(sink.images) == 3
    assert sink.closed == 1
    assert "gave nothing" in seen.problem
    released.set()
    for thread in threading.enumerate():
        if thread.name == "capture":
            thread.join(10)
    assert seen.seen == 3


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to itself")
@pytest.mark.parametrize("presses", [1, 3])
def test_ctrl_c_ends_a_stream_with_all_that_came_written(monkeypatch, presses):
    monkeypatch.setattr(streams, "PATIENCE", 0.3)
    released = threading.Event()

    def stuck():
        yield from replay(numbered(40), None)
        pressing.start()
        released.wait(60)

    def press():
        for _ in range(presses):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.15)

    sink = Kept(pause=0.02)
    # A shell lets what it runs in the background ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressing = threading.Timer(0.2, press)
    try:
        seen = Stream(stuck(), Method(as_they_are), [sink]).run()
    finally:
        released.set()
        pressing.join()
        signal.signal(signal.SIGINT, before)
    assert seen.interrupted
    assert seen.as_dict()["interrupted"]
    assert len(sink.images) == seen.refined == seen.seen
    assert sink.closed == 1


def test_a_log_has_the_age_of_what_was_written_and_the_memory():
    seen = Stream(replay(numbered(200), 1000), Method(as_they_are), [Kept(pause=0.002)]).run()
    log = seen.as_dict()
    assert log["sink: age p50 [ms]"] > log["latency p50 [ms]"]
    assert log["memory early [MiB]"] > 10
    assert log["memory early [MiB]"] <= log["memory late [MiB]"] + 50
    assert "interrupted" not in log


def test_what_is_no_frame_is_left_out_and_told():
    images = [np.zeros((2, 64, 64)), FRAME, np.zeros((0, 64)), FRAME > 3, FRAME]
    sink = Kept()
    seen = Stream(replay(images, None), Method(as_they_are), [sink]).run()
    assert (seen.seen, seen.invalid, len(sink.images)) == (5, 3, 2)
    assert "real numbers" in seen.problem


@pytest.mark.parametrize("refused", [False, True])
def test_a_recording_that_failed_does_not_get_its_name(tmp_path, monkeypatch, refused):
    path = tmp_path / "out.tif"
    recording = recorder(path)
    append = recording._append

    def fails(image, time_):
        append(image, time_)
        if image[0, 0] == 4:
            raise OSError("disk full")

    monkeypatch.setattr(recording, "_append", fails)
    images = [*numbered(4), FRAME[:32] if refused else FRAME[:] * 0 + 4]
    seen = Stream(replay(images, None), Method(as_they_are), [recording]).run()
    # A frame of another size is refused before it is written: the file is whole.
    assert path.exists() == refused
    assert len(list(tmp_path.iterdir())) == 1
    assert seen.sinks["out.tif"].problem
    if refused:
        assert len(tifffile.imread(path)) == 4


def test_large_frames_are_reduced_before_they_are_integrated():
    sink = Kept()
    images = [np.random.default_rng(0).integers(0, 9, (256, 256)).astype(np.uint16)] * 3
    Stream(replay(images, None), Method(as_they_are, Means(2)), [sink], size=64).run()
    assert sink.images[-1].shape == (3, 64, 64)
    expected = images[0].reshape(64, 4, 64, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(sink.images[-1][0], expected, rtol=1e-5)


def test_memory_stays_flat_over_many_frames():
    """Twenty thousand frames here; chapter 06 says what 100,000 did."""

    class Counted(Sink):
        number = 0

        def write(self, image, time_):
            self.number += 1
            if self.number in (5000, 20000):
                peaks.append(tracemalloc.get_traced_memory()[0])

    peaks: list[int] = []
    frames = (FRAME for _ in range(20010))
    counted = Stream(replay(frames, None), Method(as_they_are, Sum(10)), [Counted()], size=None)
    tracemalloc.start()
    seen = counted.run()
    tracemalloc.stop()
    assert seen.refined == 20010
    assert len(peaks) == 2
    assert abs(peaks[1] - peaks[0]) < 2 * BUFFER * 2 * FRAME.nbytes * 4


def test_frames_are_reduced_by_one_thread(monkeypatch):
    used, reduce = [], streams.reduce_longer
    monkeypatch.setattr(
        streams, "reduce_longer", lambda *a, threads: used.append(threads) or reduce(*a, threads)
    )
    Stream(replay(numbered(2, (128, 128)), None), Method(as_they_are), [Kept()], size=64).run()
    assert used == [1, 1]


def test_opencv_takes_no_cores_from_the_network_while_any_stream_runs():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    seen, met = [], threading.Barrier(2)

    def first(image):
        met.wait(5)  # the second stream has begun
        met.wait(5)  # and has ended
        seen.append(cv2.getNumThreads())
        return as_they_are(image)

    def second(image):
        met.wait(5)
        seen.append(cv2.getNumThreads())
        return as_they_are(image)

    try:
        one = threading.Thread(target=Stream(replay(numbered(1), None), Method(first)).run)
        one.start()
        Stream(replay(numbered(1), None), Method(second)).run()
        met.wait(5)
        one.join(5)
        assert seen == [1, 1]
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
