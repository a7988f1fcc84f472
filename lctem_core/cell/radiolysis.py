"""Chemistry of water under the beam: 16 species, 73 reactions, uniform irradiation.

The model of Schneider et al. (2014): each gray makes fixed amounts of the primary products, mass
action does the rest. The water is closed and well mixed: no diffusion out of the beam, no walls,
no gas bubbles, no solutes but acid, base and oxygen; 25 °C.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from scipy.constants import N_A, e
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from lctem_core.errors import InputError

#: Hydrogen atoms, oxygen atoms and charge [e] of each species.
COMPOSITION = {
    "e-aq": (0, 0, -1), "H+": (1, 0, 1), "OH-": (1, 1, -1), "H2O2": (2, 2, 0),
    "HO2-": (1, 2, -1), "H": (1, 0, 0), "OH": (1, 1, 0), "O-": (0, 1, -1), "HO2": (1, 2, 0),
    "O2-": (0, 2, -1), "O2": (0, 2, 0), "H2": (2, 0, 0), "O3-": (0, 3, -1), "O3": (0, 3, 0),
    "HO3": (1, 3, 0), "H2O": (2, 1, 0),
}  # fmt: skip
SPECIES = tuple(COMPOSITION)

#: Molecules made (water: consumed) per 100 eV absorbed, for electrons of 200–300 keV, after
#: Schneider et al. (2014). That of water follows from the balance of oxygen, and of hydrogen.
YIELDS = {
    "e-aq": 3.47, "H+": 4.42, "OH-": 0.95, "H2O2": 0.47, "H": 1.00, "OH": 3.63, "HO2": 0.08,
    "H2": 0.17, "H2O": -5.68,
}  # fmt: skip

#: Oxygen in water in equilibrium with air at 25 °C [mol/L].
AERATED = 255e-6
WATER = 55.56  # [mol/L]
#: Species that are absent start here [mol/L]: far below one molecule in the cell.
FLOOR = 1e-30
#: At a density of 1 kg/L, molecules per 100 eV become mol/L per Gy.
_PER_GRAY = 1 / (100 * e * N_A)
#: Evaluations of the rates after which an integration is given up; a usual one needs thousands.
_PATIENCE = 500_000


@dataclass(frozen=True)
class Network:
    """Reactions as arrays.

    Attributes
    ----------
    reactions : tuple of str
        As printed, (R,).
    stoichiometry : ndarray, (16, R)
        Molecules of each species that a reaction makes.
    k : ndarray, (R,)
        Rate constants [s and mol/L].
    factors : ndarray of int, (2, R)
        The two species whose concentrations multiply k; 16 stands for none.
    """

    reactions: tuple[str, ...]
    stoichiometry: np.ndarray
    k: np.ndarray
    factors: np.ndarray

    def imbalance(self) -> np.ndarray:
        """Hydrogen, oxygen and charge that each reaction makes from nothing, (3, R); all zero."""
        return _composition() @ self.stoichiometry

    def rates(self, concentrations: np.ndarray) -> np.ndarray:
        """Rate of each reaction [mol/L/s] at concentrations (16,) [mol/L]."""
        padded = _padded(concentrations)
        return self.k * padded[self.factors[0]] * padded[self.factors[1]]

    def change(self, concentrations: np.ndarray) -> np.ndarray:
        """Change of each concentration by the reactions, (16,) [mol/L/s]."""
        return self.stoichiometry @ self.rates(concentrations)

    def jacobian(self, concentrations: np.ndarray) -> np.ndarray:
        """Derivative of `change` by the concentrations, (16, 16) [1/s]."""
        padded = _padded(concentrations)
        first, second = self.factors
        row = np.arange(len(self.k))
        slope = np.zeros((len(self.k), len(SPECIES) + 1))
        slope[row, first] = self.k * padded[second]
        slope[row, second] += self.k * padded[first]
        return self.stoichiometry @ slope[:, :-1]


@dataclass(frozen=True)
class Trajectory:
    """Concentrations against time.

    Attributes
    ----------
    dose_rate : float
        [Gy/s]
    time : ndarray, (T,)
        [s]
    concentrations : ndarray, (16, T)
        In the order of `SPECIES` [mol/L].
    """

    dose_rate: float
    time: np.ndarray
    concentrations: np.ndarray

    def of(self, species: str) -> np.ndarray:
        """Concentration of one species, (T,) [mol/L]."""
        return self.concentrations[_index(species)]

    @property
    def ph(self) -> np.ndarray:
        """Minus the logarithm of the concentration of H+, (T,); activities are not considered."""
        return -np.log10(self.of("H+"))

    def drift(self) -> np.ndarray:
        """Hydrogen, oxygen and charge gained since the start, (3, T) [mol/L]; rounding errors."""
        return _composition() @ (self.concentrations - self.concentrations[:, :1])

    def turnover(self) -> float:
        """Amount that passed through all reactions [mol/L]: what `drift` is to be seen against."""
        rates = [water().rates(at).sum() for at in self.concentrations.T]
        return float(np.trapezoid(rates, self.time))

    def settled(self, species: str, within: float = 0.01) -> float:
        """Time from which on a species stays near its last value.

        Parameters
        ----------
        species : str
        within : float
            Relative deviation from the last value.

        Returns
        -------
        float
            [s]
        """
        values = self.of(species)
        return self._last(np.abs(values / values[-1] - 1) > within)

    def slowest(self, within: float = 0.01) -> tuple[float, str]:
        """Time from which on all species but water stay near their last values.

        Parameters
        ----------
        within : float
            As for `settled`.

        Returns
        -------
        time : float
            [s]
        species : str
            The last of them.
        """
        each = ((self.settled(one, within), one) for one in SPECIES if one != "H2O")
        return max(each, key=lambda found: found[0])

    def ph_settled(self, within: float = 0.05) -> float:
        """Time from which on the pH stays within `within` of its last value [s]."""
        return self._last(np.abs(self.ph - self.ph[-1]) > within)

    def _last(self, away: np.ndarray) -> float:
        found = np.flatnonzero(away)
        return float(self.time[found[-1] + 1]) if found.size else float(self.time[0])


@cache
def water() -> Network:
    """The 73 reactions of irradiated water of Schneider et al. (2014)."""
    table = resources.files("lctem_core.cell") / "water_radiolysis.csv"
    lines = (line for line in table.read_text("utf8").splitlines() if not line.startswith("#"))
    rows = list(csv.DictReader(lines))
    stoichiometry = np.zeros((len(SPECIES), len(rows)))
    factors = np.full((2, len(rows)), len(SPECIES))
    for number, row in enumerate(rows):
        left, right = (_molecules(side) for side in row["reaction"].split(" -> "))
        for species, count in right.items():
            stoichiometry[_index(species), number] += count
        for species, count in left.items():
            stoichiometry[_index(species), number] -= count
        order = [] if row["order"] == "-" else row["order"].split()
        for slot, species in enumerate(order):
            factors[slot, number] = _index(species)
    k = np.array([float(row["k"]) for row in rows])
    return Network(tuple(row["reaction"] for row in rows), stoichiometry, k, factors)


def initial(ph: float = 7.0, oxygen: float = 0.0) -> np.ndarray:
    """Water before the beam.

    A strong acid or base sets the pH. Its counter-ion takes part in nothing and does not appear:
    it is the charge that the listed species lack. Real ones do react (chloride, nitrate).

    Parameters
    ----------
    ph : float
        0 to 14.
    oxygen : float
        Dissolved O2 [mol/L]; `AERATED` for water under air, 0 for water without.

    Returns
    -------
    ndarray, (16,)
        In the order of `SPECIES` [mol/L].

    Raises
    ------
    InputError
        If the pH is outside 0–14, or the oxygen negative or beyond what dissolves.
    """
    if not 0 <= ph <= 14:  # also catches NaN
        raise InputError("a pH between 0 and 14", str(ph), "Correct the initial pH.")
    if not 0 <= oxygen <= 0.05:
        raise InputError(
            "dissolved oxygen of 0 to 0.05 mol/L",
            str(oxygen),
            "Give it in mol/L: 255e-6 for water under air.",
        )
    forward, backward = water().k[:2]
    concentrations = np.full(len(SPECIES), FLOOR)
    concentrations[_index("H+")] = 10.0**-ph
    concentrations[_index("OH-")] = forward / backward / 10.0**-ph
    concentrations[_index("O2")] = max(oxygen, FLOOR)
    concentrations[_index("H2O")] = WATER
    return concentrations


def production(dose_rate: float) -> np.ndarray:
    """What the beam makes per second, before any reaction.

    Parameters
    ----------
    dose_rate : float
        [Gy/s]

    Returns
    -------
    ndarray, (16,)
        In the order of `SPECIES` [mol/L/s]; negative for water.

    Raises
    ------
    InputError
        If the dose rate is negative, no number, or above 1e12 Gy/s.
    """
    if not 0 <= dose_rate <= 1e12:
        raise InputError(
            "a dose rate of 0 to 1e12 Gy/s",
            str(dose_rate),
            "Give it in Gy/s; dose.to_gray converts e-/nm²/s.",
        )
    return np.array([YIELDS.get(species, 0.0) for species in SPECIES]) * _PER_GRAY * dose_rate


def irradiate(
    dose_rate: float,
    *,
    ph: float = 7.0,
    oxygen: float = 0.0,
    duration: float = 1e3,
    times: np.ndarray | None = None,
) -> Trajectory:
    """Integrate the concentrations from the moment the beam is switched on.

    LSODA with the analytic Jacobian: it changes between a method for stiff and one for smooth
    stretches, which takes some ten milliseconds for thirteen decades of time.

    Parameters
    ----------
    dose_rate : float
        [Gy/s], constant.
    ph, oxygen : float
        As for `initial`.
    duration : float
        [s], up to 1e4.
    times : ndarray, optional
        Increasing times to report, from 0 to `duration` [s]; by default the solver's steps.

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        If an input is out of range, or the integration does not come to its end.
    """
    start, source, network = initial(ph, oxygen), production(dose_rate), water()
    if not 0 < duration <= 1e4:
        raise InputError("a duration above 0 and up to 1e4 s", str(duration), "Correct it.")
    if times is not None and not (
        np.ndim(times) == 1
        and np.all(np.diff(times) > 0)
        and 0 <= times[0] <= times[-1] <= duration
    ):
        raise InputError(
            f"increasing times between 0 and {duration:g} s", str(times), "Sort or shorten them."
        )
    evaluations = 0

    def change(_: float, concentrations: np.ndarray) -> np.ndarray:
        nonlocal evaluations
        evaluations += 1
        if evaluations > _PATIENCE:
            raise InputError(
                f"an integration that ends within {_PATIENCE:,} steps",
                f"{dose_rate:g} Gy/s for {duration:g} s from pH {ph:g}",
                "Shorten the duration.",
            )
        return network.change(concentrations) + source

    solution = solve_ivp(
        change, (0.0, duration), start, method="LSODA", t_eval=times, rtol=1e-7, atol=1e-18,
        first_step=min(1e-12, duration / 10),  # the fastest reactions; else LSODA tries too much
        jac=lambda _, concentrations: network.jacobian(concentrations),
    )  # fmt: skip
    if not solution.success:
        raise InputError(
            "conditions that the solver can follow",
            f"{dose_rate:g} Gy/s from pH {ph:g} ({solution.message})",
            "Change the dose rate, the pH or the duration.",
        )
    return Trajectory(float(dose_rate), solution.t, solution.y)


def final_ph(dose_rate: float, *, ph: float = 7.0, oxygen: float = 0.0) -> float:
    """PH after 1,000 s in the beam; parameters and errors as for `irradiate`."""
    return float(irradiate(dose_rate, ph=ph, oxygen=oxygen).ph[-1])


def ph_limit(dose_rate: float, *, shift: float = 0.1, oxygen: float = 0.0) -> float:
    """Initial pH up to which the beam lowers the pH by less than `shift`, for acid solutions.

    Parameters
    ----------
    dose_rate : float
        [Gy/s]
    shift : float
        Largest fall of the pH that counts as none.
    oxygen : float
        [mol/L]

    Returns
    -------
    float
        Below 7; NaN if even neutral water stays within `shift`.

    Raises
    ------
    InputError
        If an input is out of range.
    """
    if not 0 < shift < 7:
        raise InputError("a shift of the pH between 0 and 7", str(shift), "0.1 is usual.")

    def excess(ph: float) -> float:
        return ph - final_ph(dose_rate, ph=ph, oxygen=oxygen) - shift

    return float(brentq(excess, 0.0, 7.0, xtol=1e-4)) if excess(7.0) > 0 else float("nan")


def _padded(concentrations: np.ndarray) -> np.ndarray:
    """With a last 1 for the factors that are none; np.append would take twice as long."""
    padded = np.empty(len(SPECIES) + 1)
    padded[:-1], padded[-1] = concentrations, 1.0
    return padded


@cache
def _composition() -> np.ndarray:
    return np.array(list(COMPOSITION.values()), dtype=float).T


def _index(species: str) -> int:
    if species not in COMPOSITION:
        raise InputError(f"one of {', '.join(SPECIES)}", species, "Correct the name.")
    return SPECIES.index(species)


def _molecules(side: str) -> Counter[str]:
    """``2 e-aq + H2O`` as counts."""
    counts: Counter[str] = Counter()
    for term in side.split(" + "):
        number, species = re.fullmatch(r"(?:(\d) )?(\S+)", term).groups()
        counts[species] += int(number or 1)
    return counts
