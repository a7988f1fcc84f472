import json
import os
import pickle
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.io.frames import write_tiff
from lctem_core.refine.preprocess import reduce, rescale
from lctem_core.train import store
from lctem_core.train.pairs import Pair, load_pair, write_list
from lctem_core.train.store import Store, prepare


@pytest.fixture
def source(tmp_path):
    """A folder with 3 dry and 6 wet images, and a list of 12 pairs in an order that jumps."""
    folder, rng = tmp_path / "source", np.random.default_rng(0)
    listed = []
    for d in range(3):
        write_tiff(folder / f"d{d}.tif", rng.poisson(900, (96, 120)).astype(np.uint16))
        for w in (2 * d, 2 * d + 1):
            write_tiff(folder / f"w{w}.tif", rng.poisson(9, (96, 120)).astype(np.uint16))
            for x in (0, 30):
                listed.append(Pair(f"d{d}", x, 2, x + 90, 90, f"w{w}", x, 5))
    write_list(folder / "list.txt", [listed[i] for i in rng.permutation(len(listed))])
    return folder


@pytest.fixture
def make(source, tmp_path):
    def run(out=tmp_path / "store", **options):
        options = {"size": 32, "progress": False} | options
        return prepare(source, source / "list.txt", out, **options)

    return run


def contents(path):
    return {name: (path / name).read_bytes() for name in ("noisy.npy", "truth.npy", "store.json")}


def test_the_store_holds_the_preprocessed_pairs(make, source, tmp_path):
    made = make(least_contrast=0.3, facts={"seed": 1})
    assert len(made) == 12
    assert made.size == 32
    names = list(dict.fromkeys(pair.dry for pair in made.pairs))
    assert [names[scene] for scene in made.scenes] == [pair.dry for pair in made.pairs]
    assert made.facts == {"seed": 1}
    assert made.parameters == {"size": 32, "low": 0.1, "high": 99.9, "least_contrast": 0.3}
    for i, pair in enumerate(made.pairs):
        noisy, truth = load_pair(pair, source)
        assert made.noisy(i).dtype == np.float32
        np.testing.assert_allclose(made.noisy(i), rescale(reduce(noisy, 32)), atol=1 / 65535)
        expected = rescale(reduce(truth, 32), least_contrast=0.3)
        np.testing.assert_allclose(made.truth(i), expected, atol=1 / 65535)
    assert sorted(one.name for one in made.path.iterdir()) == [
        "noisy.npy", "store.json", "truth.npy",
    ]  # fmt: skip
    assert not (tmp_path / "store.part").exists()
    assert np.load(made.path / "noisy.npy").dtype == np.uint16


def test_each_image_is_read_once_and_two_are_remembered(make, monkeypatch):
    seen = []
    read = store.read_counts
    monkeypatch.setattr(store, "read_counts", lambda path: seen.append(path.name) or read(path))
    make()
    assert sorted(seen) == sorted({*seen})
    assert len(seen) == 9


def test_large_images_do_not_pile_up(make, monkeypatch):
    size = 1024
    image = np.random.default_rng(0).poisson(9, (size, size)).astype(np.uint16)
    monkeypatch.setattr(store, "read_counts", lambda path: image.copy())
    tracemalloc.start()
    make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * image.nbytes + 1_000_000


def test_a_finished_store_is_returned_at_once(make, monkeypatch):
    first = make()
    monkeypatch.setattr(store, "load_pair", None)
    again = make()
    np.testing.assert_array_equal(first.noisy(3), again.noisy(3))


def test_a_finished_store_outlives_its_images(make, source):
    make()
    for path in source.glob("*.tif"):
        path.unlink()
    assert len(make()) == 12
    with pytest.raises(InputError, match="a store made with"):
        make(low=1)


@pytest.mark.parametrize("unfinished", [False, True])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"size": 48},
            r"a store made with \{'size': 48, .*; got .*made with \{'size': 32, .*Delete",
        ),
        ({"low": 1}, "'low': 1"),
        ({"high": 99}, "'high': 99"),
        ({"least_contrast": 0.5}, "'least_contrast': 0.5"),
    ],
)
def test_other_parameters_are_refused(make, monkeypatch, unfinished, options, message):
    if unfinished:
        interrupt(monkeypatch, make, after=3)
    else:
        make()
    with pytest.raises(InputError, match=message):
        make(**options)


def test_another_list_and_other_images_are_refused(make, source):
    made = make()
    write_list(source / "list.txt", made.pairs[:-1])
    with pytest.raises(InputError, match=r"made from the given list; got .*from another list"):
        make()
    write_list(source / "list.txt", made.pairs)
    rng = np.random.default_rng(9)
    write_tiff(source / "d1.tif", rng.poisson(700, (96, 120)).astype(np.uint16))
    with pytest.raises(InputError, match=r"from the images in the given folder; got .*from other"):
        make()


def interrupt(monkeypatch, make, after, place="load_pair"):
    """Run `prepare` and let the call number `after` of one of its steps fail."""
    calls, step = [], getattr(store, place)

    def failing(*arguments):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return step(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(store, place, failing)
        with pytest.raises(KeyboardInterrupt):
            make()


@pytest.mark.parametrize("place", ["load_pair", "_write"])  # between pairs; between two images
@pytest.mark.parametrize("after", [0, 1, 7])
def test_an_interrupted_run_goes_on(make, tmp_path, monkeypatch, after, place):
    whole = contents(make(out=tmp_path / "whole").path)
    interrupt(monkeypatch, make, after, place)
    assert not (tmp_path / "store").exists()
    with pytest.raises(FileNotFoundError, match=r"preparation is unfinished\. Run 'lctem prepare'"):
        Store.open(tmp_path / "store")
    finished = after if place == "load_pair" else after // 2
    assert sum((tmp_path / "store.part" / "done").read_bytes()) == finished
    calls, step = [], store.load_pair
    monkeypatch.setattr(store, "load_pair", lambda *a: calls.append(1) or step(*a))
    assert contents(make().path) == whole
    assert len(calls) == 12 - finished


def test_a_beginning_without_its_note_is_begun_again(make, tmp_path):
    (tmp_path / "store.part").mkdir()
    (tmp_path / "store.part" / "noisy.npy").write_bytes(b"half a hea")
    assert len(make()) == 12


def test_a_run_killed_before_its_last_step_is_finished(make, tmp_path, monkeypatch):
    whole = contents(make(out=tmp_path / "whole").path)
    with monkeypatch.context() as patch:
        patch.setattr(store.Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make()
    assert contents(make().path) == whole


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_kill_loses_nothing_that_is_done(make, source, tmp_path):
    whole = contents(make(out=tmp_path / "whole").path)
    code = (
        "import sys, time; from lctem_core.train import store; load = store.load_pair\n"
        "store.load_pair = lambda *a: (time.sleep(0.05), load(*a))[1]\n"
        "store.prepare(sys.argv[1], sys.argv[1] + '/list.txt', sys.argv[2], size=32)"
    )
    arguments = [sys.executable, "-c", code, str(source), str(tmp_path / "store")]
    marks = tmp_path / "store.part" / "done"
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    try:
        begun = time.monotonic()
        while not marks.exists() or sum(marks.read_bytes()) < 4:
            assert time.monotonic() - begun < 30
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert 4 <= sum(marks.read_bytes()) < 12
    assert contents(make().path) == whole


def test_absent_images_are_found_before_the_work(make, source, tmp_path):
    (source / "w3.tif").unlink()
    with pytest.raises(FileNotFoundError, match=r"9 images .*; got 1 absent \(w3\.tif\)"):
        make()
    assert not (tmp_path / "store.part").exists()


def test_a_bad_pair_is_named_and_the_rest_is_kept(make, source, tmp_path):
    write_tiff(source / "w5.tif", np.full((96, 120), 3, np.uint16))
    with pytest.raises(InputError, match=r"varies; got crop of w5\.tif \(list line 'd2 "):
        make()
    assert sum((tmp_path / "store.part" / "done").read_bytes()) == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "a size of 1 pixel or more; got 0"),
        ({"low": 50, "high": 20}, "0 ≤ low < high ≤ 100"),
        ({"least_contrast": -1}, "a least contrast of 0 to below 1"),
    ],
)
def test_bad_parameters(make, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        make(**options)
    assert not (tmp_path / "store.part").exists()


def test_a_store_of_format_1_is_the_same(make):
    made = make()
    note = json.loads((made.path / "store.json").read_text())
    note |= note.pop("source") | {"format": 1}
    assert set(note) == {
        "format", "parameters", "facts", "pairs", "list_sha256", "images_sha256",
    }  # fmt: skip
    (made.path / "store.json").write_text(json.dumps(note))
    old = Store.open(made.path)
    assert old.pairs == made.pairs
    assert old.identity == made.identity
    assert len(make()) == 12
    del note["pairs"]  # of either format: something is missing
    (made.path / "store.json").write_text(json.dumps(note))
    with pytest.raises(InputError, match=r"a readable store; got .*store\.json.*pairs"):
        Store.open(made.path)
    (made.path / "store.json").write_text(json.dumps(note | {"format": 2}))
    with pytest.raises(InputError, match=r"a readable store; got .*store\.json.*source"):
        Store.open(made.path)


def test_an_existing_folder_is_not_touched(make, tmp_path):
    (tmp_path / "store").mkdir()
    with pytest.raises(InputError, match=r"a new folder for the store; got .*, which exists"):
        make()


def test_missing_and_damaged_stores(make, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"got none at .*Make one with 'lctem prepare'"):
        Store.open(tmp_path / "nowhere")
    path = make().path
    whole = (path / "truth.npy").read_bytes()
    (path / "truth.npy").write_bytes(whole[:-100])
    with pytest.raises(InputError, match=r"a readable store; got .*truth\.npy.*prepare it again"):
        Store.open(path)
    (path / "truth.npy").unlink()
    with pytest.raises(InputError, match="a readable store"):
        Store.open(path)
    (path / "truth.npy").write_bytes(whole)
    note = json.loads((path / "store.json").read_text())
    (path / "store.json").write_text(json.dumps(note | {"format": 99}))
    with pytest.raises(InputError, match="a store of format 1 or 2; got 99"):
        Store.open(path)
    (path / "store.json").write_text("{")
    with pytest.raises(InputError, match=r"a readable store; got .*store\.json"):
        Store.open(path)


def test_a_store_travels_to_workers_without_its_images(make):
    made = make()
    sent = pickle.dumps(made)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).truth(5), made.truth(5))


def test_images_beyond_the_end_are_an_index_error(make):
    with pytest.raises(IndexError):
        make().noisy(12)
