import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lctem_core.errors import InputError
from lctem_core.io.frames import write_tiff
from lctem_core.train import pairs
from lctem_core.train.pairs import Pair, load_pair, overlap, read_list, split, write_list

LINE = "dry_1 10 20 110 100 wet_1 3 4"
PAIR = Pair("dry_1", 10, 20, 110, 100, "wet_1", 3, 4)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    write_tiff(tmp_path / "dry_1.tif", rng.poisson(900, (128, 128)).astype(np.uint16))
    write_tiff(tmp_path / "wet_1.tif", rng.poisson(9, (128, 128)).astype(np.uint16))
    return tmp_path


@pytest.fixture
def published(real_data):
    return read_list(real_data("list_dataset.txt"))


# The list --------------------------------------------------------------------------------------


def test_the_published_list(published):
    assert len(published) == 1204
    assert len({pair.dry for pair in published}) == 297
    assert len({pair.wet for pair in published}) == 873
    assert len({pair.truth_key for pair in published}) == 395
    assert published[0] == ("OV1_8600", 141, 378, 4043, 4054, "OV1_8802", 53, 46)
    assert all(pair.x2 <= 4096 and pair.y2 <= 4096 for pair in published)
    assert all(pair.wet_x1 + pair.width <= 4096 for pair in published)
    assert all(pair.wet_y1 + pair.height <= 4096 for pair in published)


def test_list_round_trip(published, tmp_path, real_data):
    write_list(tmp_path / "list.txt", published)
    assert (tmp_path / "list.txt").read_bytes() == real_data("list_dataset.txt").read_bytes()


def test_pair_and_tolerated_layouts(tmp_path):
    assert (PAIR.width, PAIR.height, PAIR.line) == (100, 80, LINE)
    assert PAIR.truth_key == ("dry_1", 10, 20, 110, 100)
    path = tmp_path / "list.txt"
    path.write_bytes(f"\ufeff\n  {LINE.replace(' ', chr(9))}\r\n\r\n".encode())
    assert read_list(path) == [PAIR]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"lines 'dry x1 y1 x2 y2 wet x1 y1'; got .*list\.txt without any"),
        ("\n\n", "without any"),
        (f"{LINE}\n{LINE} 7\n", r"whole numbers; got '.* 7' \(.*list\.txt, line 2\)"),
        (f"{LINE}\n\nonly three words\n", r"got 'only three words' \(.*, line 3\)"),
        (LINE.replace("20", "20.5"), r"whole numbers; got .*line 1\)\. Correct that line"),
        (LINE.replace(" 110", " 10"), r"x2 > x1, y2 > y1 and no negative position; got .*line 1"),
        (LINE.replace(" 100", " 15"), "x2 > x1, y2 > y1"),
        (LINE.replace(" 10 ", " -1 "), "no negative position"),
        (LINE.replace(" 3 ", " -3 "), "no negative position"),
    ],
)
def test_bad_lists(tmp_path, content, message):
    path = tmp_path / "list.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_list(path)


def test_missing_or_binary_list(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a pair list; got no file at .*Check the path"):
        read_list(tmp_path / "none.txt")
    (tmp_path / "image.tif").write_bytes(b"\xff\xfe\xfa" * 9)
    with pytest.raises(InputError, match="a pair list in plain text"):
        read_list(tmp_path / "image.tif")


def test_only_readable_lists_are_written(tmp_path):
    with pytest.raises(InputError, match="at least one pair"):
        write_list(tmp_path / "list.txt", [])
    with pytest.raises(InputError, match=r"got 'dry 1 .*pair 2"):
        write_list(tmp_path / "list.txt", [PAIR, PAIR._replace(dry="dry 1")])
    assert not list(tmp_path.iterdir())


def test_check_list_names_the_first_absent_files(folder):
    pairs.check_list([PAIR, PAIR], folder)
    more = [PAIR._replace(wet=f"wet_{i}") for i in range(1, 7)]
    message = r"the 7 images .*; got 5 absent \(wet_2\.tif, wet_3\.tif, wet_4\.tif, …\)"
    with pytest.raises(FileNotFoundError, match=message):
        pairs.check_list(more, folder)


# Crops -----------------------------------------------------------------------------------------


def test_load_pair_crops_both(folder):
    noisy, truth = load_pair(PAIR, folder)
    assert noisy.shape == truth.shape == (80, 100)
    np.testing.assert_array_equal(truth, pairs.read_counts(folder / "dry_1.tif")[20:100, 10:110])
    np.testing.assert_array_equal(noisy, pairs.read_counts(folder / "wet_1.tif")[4:84, 3:103])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"x1": 40, "x2": 140}, InputError, r"128 × 128 pixels of dry_1\.tif; got x 40 to 140"),
        ({"wet_y1": 60}, InputError, r"of wet_1\.tif; got .* y 60 to 140 \(list line 'dry_1 10 20"),
        ({"wet": "none"}, FileNotFoundError, r"none\.tif; got no such file \(list line 'dry_1 10"),
        ({"x2": 50}, InputError, r"at least 64 × 64 pixels; got crop of wet_1\.tif \(list line"),
    ],
)
def test_bad_crops(folder, changes, error, message):
    with pytest.raises(error, match=message):
        load_pair(PAIR._replace(**changes), folder)


def test_stacks_and_constant_crops_are_refused(folder):
    write_tiff(folder / "wet_1.tif", np.zeros((3, 128, 128), np.uint16))
    with pytest.raises(InputError, match=r"single images; got wet_1\.tif .*a stack of 3"):
        load_pair(PAIR, folder)
    write_tiff(folder / "wet_1.tif", np.zeros((128, 128), np.uint16))
    with pytest.raises(InputError, match=r"varies; got crop of wet_1\.tif \(list line .*value 0"):
        load_pair(PAIR, folder)


# Splits ----------------------------------------------------------------------------------------


def test_the_random_split_is_as_the_audit_found(published):
    found = [overlap(published, *split(published, "random", seed=seed)) for seed in range(200)]
    assert np.mean([one["dry"] for one in found]) == pytest.approx(0.98, abs=0.005)
    assert np.mean([one["wet"] for one in found]) == pytest.approx(0.46, abs=0.01)
    assert np.median([one["iou"] for one in found]) == 1.0
    training, validation = split(published, "random")
    assert (len(training), len(validation)) == (1083, 121)


def test_the_grouped_split_shares_nothing(published):
    for seed in range(20):
        training, validation = split(published, seed=seed)
        assert overlap(published, training, validation) == {"dry": 0, "wet": 0, "iou": 0}
        assert len(validation) == 120  # every group of the list has an even number of pairs
        assert sorted([*training, *validation]) == list(range(1204))


def test_groups_of_the_published_list_are_its_dry_images(published):
    groups = pairs._groups(published)
    assert len(groups) == 297
    assert max(map(len, groups)) == 16
    assert all(len({published[i].dry for i in group}) == 1 for group in groups)


def test_splits_repeat_with_their_seed(published):
    for how in ("grouped", "random"):
        first, again, other = (split(published, how, seed=seed)[1] for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        assert (np.diff(first) > 0).all()


lists = st.lists(
    st.builds(
        Pair,
        dry=st.sampled_from("abcdefgh"), x1=st.integers(0, 5), y1=st.integers(0, 5),
        x2=st.integers(6, 9), y2=st.integers(6, 9), wet=st.sampled_from("abcdefghijklmnop"),
        wet_x1=st.just(0), wet_y1=st.just(0),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@given(lists, st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_no_image_is_ever_on_both_sides(listed, fraction, seed):
    if len(pairs._groups(listed)) < 2:
        with pytest.raises(InputError, match="at least two pairs that share no image"):
            split(listed, "grouped", fraction, seed)
        return
    training, validation = split(listed, "grouped", fraction, seed)
    assert len(training)
    assert len(validation)
    assert sorted([*training, *validation]) == list(range(len(listed)))
    for name in ("dry", "wet"):
        sides = [{getattr(listed[i], name) for i in side} for side in (training, validation)]
        assert not sides[0] & sides[1]
    assert overlap(listed, training, validation) == {"dry": 0, "wet": 0, "iou": 0}


@given(lists, st.floats(0.01, 0.99), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_random_splits_have_the_public_codes_size(listed, fraction, seed):
    if len(listed) < 2:
        return
    training, validation = split(listed, "random", fraction, seed)
    assert len(validation) == min(int(fraction * len(listed) + 1), len(listed) - 1)
    assert len(training) + len(validation) == len(listed)


def test_wet_images_join_groups():
    chain = [PAIR._replace(dry=dry, wet=wet) for dry, wet in ("aw", "bw", "bx", "cx", "dy")]
    assert pairs._groups(chain) == [[0, 1, 2, 3], [4]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("by mood", 0.1), "a split 'grouped' or 'random'; got 'by mood'"),
        (("random", 0), "a share for validation between 0 and 1; got 0"),
        (("grouped", 1.0), "a share for validation between 0 and 1; got 1"),
        (("grouped", 0.1), "at least two pairs that share no image; got 2 in 1 group"),
    ],
)
def test_bad_splits(arguments, message):
    with pytest.raises(InputError, match=message):
        split([PAIR, PAIR], *arguments)
    with pytest.raises(InputError, match="at least two pairs; got 1"):
        split([PAIR], "random")


def test_overlap_measures_the_nearest_training_crop():
    box = PAIR._replace(x1=0, y1=0, x2=10, y2=10)
    half = box._replace(x1=5, x2=15, wet="other")
    apart = box._replace(x1=50, x2=60, wet="third")
    assert overlap([box, half, apart], [0, 2], [1]) == {
        "dry": 1.0, "wet": 0.0, "iou": pytest.approx(1 / 3),
    }  # fmt: skip
    assert overlap([box, box._replace(dry="new")], [0], [1]) == {"dry": 0, "wet": 1, "iou": 0}
