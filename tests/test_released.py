"""Released weights: fetched from a server, checked, kept."""

import functools
import http.server
import json
import threading

import numpy as np
import pooch
import pytest

from lctem_core import Refiner, model, released
from lctem_core.errors import InputError


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Server with one set of weights, and a registry that lists it."""
    served = tmp_path / "served"
    served.mkdir()
    architecture = {"encoder": "light", "shuffle": 4, "depth": 3, "head": "detail"}
    card = {
        "architecture": architecture,
        "preprocessing": {"low": 0.1, "high": 99.9, "size": 512, "target": "faithful"},
    }
    model.save(model.unet(**architecture), card, served / "large.safetensors")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/large"
    registry = tmp_path / "released.json"
    registry.write_text(json.dumps({"large": released.entry(served / "large", address)}))
    monkeypatch.setattr(released, "REGISTRY", registry)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)

    def stop():
        server.shutdown()
        server.server_close()
        thread.join()

    yield served, stop
    stop()


def test_released_weights_load_by_name_and_are_kept(release):
    _, stop = release
    frame = np.random.default_rng(0).poisson(20, (64, 64)).astype(np.float32)
    first = Refiner.load("large", runtime="torch")(frame)
    stop()  # what is here already needs no server
    np.testing.assert_array_equal(Refiner.load("large", runtime="torch")(frame), first)


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_another_file_is_refused(release, suffix, tmp_path):
    served, _ = release
    with (served / f"large{suffix}").open("ab") as file:
        file.write(b" ")
    with pytest.raises(OSError, match=rf"large\{suffix} in .* or take shipped weights"):
        released.fetch("large")
    assert not list((tmp_path / "cache").rglob(f"large{suffix}"))


def test_a_server_that_does_not_answer(release):
    _, stop = release
    stop()
    with pytest.raises(OSError, match=r"from http.*or take shipped weights"):
        model.load("large")


def test_names_are_in_the_error(release):
    with pytest.raises(InputError, match=r"released ones .large."):
        model.load("nothing-of-the-kind")


def test_the_registry_of_the_package_is_complete():
    listed = json.loads(released.REGISTRY.read_text("utf8"))
    shipped = {path.stem for path in model.WEIGHTS.glob("*.safetensors")}
    assert not shipped & set(listed)
    for one in listed.values():
        assert set(one) == {"address", *released.FILES}
        assert one["address"].startswith("https://")
        assert all(len(one[key]) == 64 for key in released.FILES)
