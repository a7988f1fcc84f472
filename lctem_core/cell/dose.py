"""Electron dose in every unit: per area, per pixel, and as energy absorbed in water.

A dose rate converts like a dose, each unit per second: e-/nm²/s, e-/px/s, Gy/s.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from scipy.constants import N_A, e, physical_constants

from lctem_core.errors import InputError

#: A number, or an array of numbers.
Value = TypeVar("Value", float, np.ndarray)

#: Mean excitation energy of liquid water [eV]: ICRU Report 37 (1984), and what ESTAR tabulates.
EXCITATION = 75.0
#: The same by ICRU Report 90 (2016).
EXCITATION_ICRU90 = 78.0
#: Electrons per molecule over molar mass [mol/g]: Z/A of water.
_Z_OVER_A = 10 / 18.0153
_REST_ENERGY = physical_constants["electron mass energy equivalent in MeV"][0] * 1e6  # [eV]
_RADIUS = physical_constants["classical electron radius"][0] * 100  # [cm]
#: Below 0.5 MeV water has no density effect; below 10 keV shell corrections are needed.
_VOLTAGES = (10.0, 500.0)


def stopping_power(voltage: Value, excitation: float = EXCITATION) -> Value:
    """Collision stopping power of liquid water for electrons, by Bethe's formula.

    The relativistic form for electrons (Rohrlich and Carlson) that ICRU Report 37 and NIST's ESTAR
    use, with τ = T/mc²:

    S/ρ = 2π r² mc² N_A (Z/A) / β² · [ln((T/I)² (1 + τ/2)) + F(τ)],
    F(τ) = (1 - β²) [1 + τ²/8 - (2τ + 1) ln 2].

    The density effect is left out: in water it is zero below 0.5 MeV. So is bremsstrahlung, which
    adds 0.2 % at 200 kV and mostly leaves the liquid.

    Parameters
    ----------
    voltage : float or ndarray
        Acceleration voltage [kV], 10 to 500.
    excitation : float
        Mean excitation energy I [eV].

    Returns
    -------
    float or ndarray
        [MeV cm²/g]

    Raises
    ------
    InputError
        If a voltage is outside 10–500 kV, or the excitation energy is not positive.
    """
    kilovolts = np.asarray(voltage, dtype=float)
    low, high = _VOLTAGES
    if not np.all((kilovolts >= low) & (kilovolts <= high)):
        raise InputError(
            f"an acceleration voltage of {low:g} to {high:g} kV",
            str(voltage),
            "Give it in kilovolts, for instance 200.",
        )
    if not (np.isfinite(excitation) and excitation > 0):
        raise InputError(
            "a mean excitation energy above 0 eV", str(excitation), "Water has 75 to 78."
        )
    energy = 1e3 * kilovolts
    tau = energy / _REST_ENERGY
    beta2 = tau * (tau + 2) / (tau + 1) ** 2
    exchange = (1 - beta2) * (1 + tau**2 / 8 - (2 * tau + 1) * np.log(2))
    logarithm = np.log((energy / excitation) ** 2 * (1 + tau / 2))
    front = 2 * np.pi * _RADIUS**2 * _REST_ENERGY / 1e6 * N_A * _Z_OVER_A
    return _like(voltage, front / beta2 * (logarithm + exchange))


def gray_per_electron(voltage: Value) -> Value:
    """Dose that one electron per square nanometre leaves in a thin layer of water.

    Thin means that the electrons lose a small part of their energy; the energy of secondary
    electrons counts as absorbed where they were set free. No factor for multiple scattering, see
    `path_factor`.

    Parameters
    ----------
    voltage : float or ndarray
        [kV]

    Returns
    -------
    float or ndarray
        [Gy/(e-/nm²)]
    """
    # 1 MeV cm²/g = 1e6 e J · 1e-4 m² / 1e-3 kg; 1 nm⁻² = 1e18 m⁻².
    return stopping_power(voltage) * (1e6 * e * 1e-4 / 1e-3 * 1e18)


def to_gray(dose: Value, voltage: float) -> Value:
    """Energy absorbed in water from a dose in electrons; a rate gives a rate.

    Parameters
    ----------
    dose : float or ndarray
        On the specimen [e-/nm²], or a dose rate [e-/nm²/s].
    voltage : float
        [kV]

    Returns
    -------
    float or ndarray
        [Gy], or [Gy/s].

    Raises
    ------
    InputError
        If a dose is negative or no number, or the voltage is outside 10–500 kV.
    """
    return _like(dose, _amount(dose, "dose") * gray_per_electron(float(voltage)))


def from_gray(gray: Value, voltage: float) -> Value:
    """Inverse of `to_gray`.

    Parameters
    ----------
    gray : float or ndarray
        [Gy], or [Gy/s].
    voltage : float
        [kV]

    Returns
    -------
    float or ndarray
        [e-/nm²], or [e-/nm²/s].

    Raises
    ------
    InputError
        As for `to_gray`.
    """
    return _like(gray, _amount(gray, "dose") / gray_per_electron(float(voltage)))


def to_pixel(dose: Value, pixel_size: float) -> Value:
    """Electrons per pixel from electrons per square nanometre; a rate gives a rate.

    Parameters
    ----------
    dose : float or ndarray
        [e-/nm²], or [e-/nm²/s].
    pixel_size : float
        [nm]

    Returns
    -------
    float or ndarray
        [e-/px], or [e-/px/s].

    Raises
    ------
    InputError
        If a dose is negative or no number, or the pixel size not positive.
    """
    return _like(dose, _amount(dose, "dose") * _side(pixel_size) ** 2)


def from_pixel(electrons: Value, pixel_size: float) -> Value:
    """Inverse of `to_pixel`.

    Parameters
    ----------
    electrons : float or ndarray
        [e-/px], or [e-/px/s].
    pixel_size : float
        [nm]

    Returns
    -------
    float or ndarray
        [e-/nm²], or [e-/nm²/s].

    Raises
    ------
    InputError
        As for `to_pixel`.
    """
    return _like(electrons, _amount(electrons, "dose") / _side(pixel_size) ** 2)


def path_factor(thickness: Value, mean_free_path: float = 380.0) -> Value:
    """Factor 1 + t/λ by which some authors multiply the absorbed dose; not used here.

    Their reason is multiple scattering. The public code of Fritsch et al. (2022) has it, with 380
    nm as its default λ at 300 kV. The stopping power already is the mean loss per length over all
    collisions, however many of them one electron makes.

    Parameters
    ----------
    thickness : float or ndarray
        Of the liquid [nm].
    mean_free_path : float
        Inelastic, in the liquid [nm].

    Returns
    -------
    float or ndarray
        Dimensionless, at least 1.

    Raises
    ------
    InputError
        If the thickness is negative or the mean free path not positive.
    """
    if not (np.isfinite(mean_free_path) and mean_free_path > 0):
        raise InputError(
            "a mean free path above 0 nm", str(mean_free_path), "Give it in nanometres."
        )
    return _like(thickness, 1 + _amount(thickness, "thickness") / mean_free_path)


def in_all_units(
    voltage: float,
    *,
    dose: float | None = None,
    rate: float | None = None,
    exposure: float | None = None,
    pixel_size: float | None = None,
) -> list[tuple[str, float, str]]:
    """A dose or a dose rate, or both if the exposure is known, in every unit.

    Parameters
    ----------
    voltage : float
        [kV]
    dose : float, optional
        [e-/nm²]
    rate : float, optional
        [e-/nm²/s]
    exposure : float, optional
        [s]; gives the dose from the rate, or the rate from the dose.
    pixel_size : float, optional
        [nm]

    Returns
    -------
    list of (str, float, str)
        Quantity, value and unit.

    Raises
    ------
    InputError
        If neither dose nor rate is given, if all three of dose, rate and exposure are, or if a
        value is out of range.
    """
    given = [value for value in (dose, rate, exposure) if value is not None]
    if (dose is None and rate is None) or len(given) == 3:
        raise InputError(
            "a dose, a dose rate, or one of them with the exposure",
            "all three" if given[2:] else "neither dose nor dose rate",
            "Two of the three give the third.",
        )
    if exposure is not None and not (np.isfinite(exposure) and exposure > 0):
        raise InputError("an exposure above 0 s", str(exposure), "Give it in seconds.")
    if exposure is not None:
        dose, rate = (rate * exposure, rate) if dose is None else (dose, dose / exposure)
    rows = []
    for name, value, per in (("dose", dose, ""), ("dose rate", rate, "/s")):
        if value is None:
            continue
        rows.append((name, value, f"e-/nm²{per}"))
        rows.append((name, to_gray(value, voltage), f"Gy{per}"))
        if pixel_size is not None:
            rows.append((name, to_pixel(value, pixel_size), f"e-/px{per}"))
    return rows


def _like(given: Value, result: np.ndarray) -> Value:
    """`result` as a plain float where a plain number was given."""
    return float(result) if np.ndim(given) == 0 else result


def _amount(value: float | np.ndarray, name: str) -> np.ndarray:
    amount = np.asarray(value, dtype=float)
    if not np.all(np.isfinite(amount) & (amount >= 0)):
        raise InputError(f"a {name} of at least 0", str(value), "Correct the sign or the number.")
    return amount


def _side(pixel_size: float) -> float:
    if not (np.isfinite(pixel_size) and pixel_size > 0):
        raise InputError(
            "a pixel size above 0 nm", str(pixel_size), "Give it in nanometres per pixel."
        )
    return float(pixel_size)
