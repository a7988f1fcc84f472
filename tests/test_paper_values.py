"""The paper's values: form, completeness of the tables, and arithmetic between entries."""

import math
import re
from pathlib import Path

import pytest

from lctem_core import paper

ROOT = Path(__file__).resolve().parents[1]
ENTRIES = paper.read_entries()  # itself refuses an entry that breaks a rule
BY_ID = {entry["id"]: entry for entry in ENTRIES}
OURS = [entry for entry in ENTRIES if "here" in entry]

UNITS = {
    "", "px", "nm", "µm", "mm⁻¹", "°", "ms", "s", "min", "Hz", "frames/s", "GHz", "kV", "×", "%",
    "dB", "e-/nm²", "e-/nm²/s", "Gy/s",
}  # fmt: skip
#: What every place in `where` begins with.
PLACES = (
    "Abstract", "Summary", "Collection of training data", "Machine learning model", "Training",
    "Examples of refined images", "Quality of improvement", "Time necessary",
    "Test for in situ observation", "Figure", "Table", "Tables S1 and S2",
    "Supplement, 1 Methods", "Supplement, 2 Results",
)  # fmt: skip
CELLS = ("w20_s50", "w20_s150", "w20_s500", "w50_s150", "w50_s500", "w50_s5000")


def value(id):
    return BY_ID[id]["value"]


def ids(prefix):
    return {id for id in BY_ID if id.startswith(prefix)}


# Form --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
def test_form(entry):
    assert re.fullmatch(r"[a-zA-Z]\w*(\.\w+)+", entry["id"])
    # At the start of a table cell Markdown reads these as a quotation or a heading.
    assert not str(entry["value"]).startswith((">", "#"))
    assert entry["unit"] in UNITS
    for field in ("quantity", "where", "reason"):
        assert isinstance(entry[field], str)
        assert entry[field].strip()
    assert entry["reason"].endswith(".")
    for place in entry["where"].split("; "):
        assert place.startswith(PLACES) or place == "equation S1", place
    if "here" in entry:
        assert re.fullmatch(r"[a-z]\w*", entry["here"])


def test_our_names_are_unique():
    names = [entry["here"] for entry in OURS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", OURS, ids=[entry["here"] for entry in OURS])
def test_the_notebook_records_our_number(entry):
    notebook = ROOT / "notebooks" / f"{entry['notebook']}.py"
    assert f'"{entry["here"]}"' in notebook.read_text("utf8")


# Completeness ------------------------------------------------------------------------------------


def test_table_1_is_complete():
    rows = [f"ssim_loss.resnet{n}" for n in (18, 34, 50, 101, 152)]
    rows += ["l1_loss.resnet18", "l2_loss.resnet18", "original"]
    assert ids("table1.") == {
        f"table1.{row}.{metric}" for row in rows for metric in ("psnr", "ssim")
    }


def test_table_2_is_complete():
    processors = ("i7_9700", "gtx_1650", "rtx_a2000", "quadro_rtx_8000")
    assert ids("table2.") == {f"table2.{p}.{side}" for p in processors for side in (256, 512, 1024)}


def test_table_s1_is_complete():
    columns = ("window_actual", "a", "b")
    assert ids("tableS1.") == {f"tableS1.{cell}.{column}" for cell in CELLS for column in columns}


def test_table_s2_is_complete():
    columns = ("g_upper", "g_lower", "h_upper", "h_lower")
    assert ids("tableS2.") == {f"tableS2.{cell}.{column}" for cell in CELLS for column in columns}


# Arithmetic that the printed numbers obey --------------------------------------------------------


def test_split_adds_up():
    pairs, training, validation = (
        value(f"dataset.{name}") for name in ("pairs", "training_pairs", "validation_pairs")
    )
    assert training + validation == pairs
    assert round(100 * training / pairs) == value("dataset.training_share")
    assert round(100 * validation / pairs) == value("dataset.validation_share")
    assert int(0.1 * pairs + 1) == validation  # the public code's rule


def test_times_grow_with_the_image_and_shrink_with_the_processor():
    table = [
        [value(f"table2.{p}.{side}") for side in (256, 512, 1024)]
        for p in ("i7_9700", "gtx_1650", "rtx_a2000", "quadro_rtx_8000")
    ]
    assert all(row == sorted(row) for row in table)
    assert all(list(column) == sorted(column, reverse=True) for column in zip(*table, strict=True))


def test_drawing_is_the_rest_of_the_latency():
    rest = value("insitu.latency") - value("table2.rtx_a2000.512")
    assert rest == pytest.approx(value("insitu.drawing"), abs=0.5)


def test_exposure_rate_and_dose_of_the_in_situ_test():
    exposure = value("insitu.exposure")
    assert exposure * value("insitu.camera_rate") == pytest.approx(1)
    assert value("figure4.dose_b") / exposure == pytest.approx(value("figure4.dose_rate_b"))
    reduction = value("insitu.usual_dose_rate") / value("figure4.dose_rate_b")
    assert value("insitu.dose_reduction") == f"1/{reduction:.0f}"
    assert 10 ** value("dose.reduction_orders") == reduction
    assert value("figure4.preceding") + 1 == value("figure4.integrated_dose_ratio")


def test_film_layers_add_up():
    carbon, cellulose, total = (
        [int(n) for n in value(f"film.{layer}").split("–")]
        for layer in ("carbon", "cellulose", "total")
    )
    assert [a + b for a, b in zip(carbon, cellulose, strict=True)] == total


def test_thickness_is_distance_plus_particle():
    particle = value("sample.particle_diameter") / 1000  # nm -> µm
    assert value("parallax.distance") + particle == pytest.approx(value("parallax.thickness"))


def test_equation_s1_combines_the_coefficients():
    mean = math.sqrt(value("bulge.a_upper") * value("bulge.a_lower"))
    assert round(mean, 2) == value("bulge.a_mean")
    total = value("bulge.b_upper") + value("bulge.b_lower")
    assert total == pytest.approx(value("bulge.b_sum"))
    assert value("bulge.spacer_bound") == value("bulge.eta")


# What the printed numbers do not obey: no transcription is “corrected” ---------------------


def test_window_ratios_contradict_table_s1():
    for window, recomputed in ((20, 1.8), (50, 1.32)):
        actual = [value(f"tableS1.{c}.window_actual") for c in CELLS if c.startswith(f"w{window}_")]
        assert len(actual) == 3
        ratio = sum(actual) / len(actual) / window
        assert ratio == pytest.approx(recomputed)
        assert ratio > value(f"cells.window_ratio_{window}") + 0.2


def test_latency_contradicts_the_display_rate():
    assert 1000 / value("insitu.latency") > 1.5 * value("insitu.display_rate")


def test_mean_ssim_contradicts_figure_1b():
    lowest = float(value("dataset.ssim_low_range").split("–")[0])
    assert value("table1.original.ssim") < lowest


def test_ratios_of_times_contradict_the_text_on_two_gpus():
    ratios = [
        value(f"table2.{gpu}.1024") / value(f"table2.{gpu}.512")
        for gpu in ("gtx_1650", "rtx_a2000", "quadro_rtx_8000")
    ]
    assert [round(ratio, 1) for ratio in ratios] == [4.2, 3.1, 3.2]
