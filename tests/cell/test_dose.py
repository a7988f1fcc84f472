"""Stopping power against NIST's table, and conversions that come back to where they began."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lctem_core.cell import dose
from lctem_core.errors import InputError

#: Collision stopping power of liquid water, ESTAR (NIST): voltage [kV] -> [MeV cm²/g].
ESTAR = {
    10: 22.56, 20: 13.17, 50: 6.603, 80: 4.757, 100: 4.115, 125: 3.591, 150: 3.238, 175: 2.984,
    200: 2.793, 250: 2.528, 300: 2.355, 400: 2.148, 500: 2.034,
}  # fmt: skip

positive = st.floats(min_value=1e-6, max_value=1e12)
voltages = st.floats(min_value=10, max_value=500)
sizes = st.floats(min_value=1e-3, max_value=1e3)


@pytest.mark.parametrize(("voltage", "tabulated"), ESTAR.items())
def test_stopping_power_equals_the_table(voltage, tabulated):
    assert dose.stopping_power(voltage) == pytest.approx(tabulated, rel=5e-4)


def test_the_newer_excitation_energy_lowers_it_by_half_a_percent():
    ratio = dose.stopping_power(200.0, dose.EXCITATION_ICRU90) / dose.stopping_power(200.0)
    assert ratio == pytest.approx(0.995, abs=5e-4)


def test_an_electron_per_square_nanometre_at_200_kv():
    # By hand: 2.793e6 eV cm²/g × 1.602e-19 J/eV × 1e-4 m²/cm² × 1e3 g/kg × 1e18 nm²/m².
    assert dose.to_gray(1.0, 200) == pytest.approx(4.475e4, rel=1e-3)
    assert dose.to_gray(1e4, 200) == pytest.approx(4.5e8, rel=0.01)
    assert dose.from_gray(1e7, 200) == pytest.approx(223, abs=1)


def test_arrays_stay_arrays_and_numbers_numbers():
    voltage = np.array([80.0, 200.0, 300.0])
    assert dose.stopping_power(voltage).shape == (3,)
    assert np.all(np.diff(dose.stopping_power(voltage)) < 0)
    assert type(dose.stopping_power(200)) is float
    assert type(dose.to_gray(3, 200)) is float
    assert dose.to_gray(np.ones((2, 3)), 200).shape == (2, 3)


@given(positive, voltages)
def test_gray_and_back(electrons, voltage):
    there = dose.to_gray(electrons, voltage)
    assert dose.from_gray(there, voltage) == pytest.approx(electrons)


@given(positive, sizes)
def test_pixel_and_back(electrons, pixel_size):
    there = dose.to_pixel(electrons, pixel_size)
    assert dose.from_pixel(there, pixel_size) == pytest.approx(electrons)


@given(positive, sizes, st.integers(min_value=2, max_value=16))
def test_binned_pixels_share_the_electrons(electrons, pixel_size, bins):
    coarse = dose.to_pixel(electrons, bins * pixel_size)
    assert coarse == pytest.approx(bins**2 * dose.to_pixel(electrons, pixel_size))


def test_path_factor():
    assert dose.path_factor(0.0) == 1
    assert dose.path_factor(380.0) == 2
    assert dose.path_factor(1000.0, 500.0) == 3


@pytest.mark.parametrize("given_", [{"dose": 1.0}, {"rate": 100.0}])
def test_exposure_links_dose_and_rate(given_):
    rows = dose.in_all_units(200, exposure=0.01, pixel_size=10, **given_)
    assert {unit: value for _, value, unit in rows} == {
        "e-/nm²": pytest.approx(1),
        "e-/px": pytest.approx(100),
        "Gy": pytest.approx(dose.to_gray(1.0, 200)),
        "e-/nm²/s": pytest.approx(100),
        "e-/px/s": pytest.approx(1e4),
        "Gy/s": pytest.approx(dose.to_gray(100.0, 200)),
    }


def test_without_exposure_only_what_follows():
    assert [unit for *_, unit in dose.in_all_units(300, dose=5)] == ["e-/nm²", "Gy"]
    assert [unit for *_, unit in dose.in_all_units(300, rate=5)] == ["e-/nm²/s", "Gy/s"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dose.stopping_power(200_000.0), "in kilovolts"),
        (lambda: dose.stopping_power(0), "10 to 500 kV"),
        (lambda: dose.stopping_power(float("nan")), "got nan"),
        (lambda: dose.stopping_power(np.array([200.0, -1.0])), "10 to 500 kV"),
        (lambda: dose.stopping_power(200.0, 0.0), "mean excitation energy"),
        (lambda: dose.to_gray(-1.0, 200), "at least 0"),
        (lambda: dose.to_gray(float("inf"), 200), "got inf"),
        (lambda: dose.from_gray(-1.0, 200), "at least 0"),
        (lambda: dose.to_pixel(1.0, 0.0), "pixel size above 0"),
        (lambda: dose.from_pixel(1.0, -2.0), "pixel size above 0"),
        (lambda: dose.path_factor(-5.0), "thickness of at least 0"),
        (lambda: dose.path_factor(5.0, 0.0), "mean free path above 0"),
        (lambda: dose.in_all_units(200), "neither dose nor dose rate"),
        (lambda: dose.in_all_units(200, exposure=1.0), "neither dose nor dose rate"),
        (lambda: dose.in_all_units(200, dose=1, rate=1, exposure=1), "all three"),
        (lambda: dose.in_all_units(200, dose=1, exposure=0), "exposure above 0"),
    ],
)
def test_errors_say_what_to_do(call, words):
    with pytest.raises(InputError, match=words):
        call()
