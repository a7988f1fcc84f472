"""At which dose raw, filtered and refined frames show particles; what they invent in empty fields.

Every kind of image gets, at each dose, the threshold at which it invents one particle in ten empty
fields; then all are asked for the same particles (`lctem_core.evaluate.detection`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from lctem_core.evaluate import detection
from lctem_core.evaluate.baselines import gaussian
from lctem_core.evaluate.detection import Treatment
from lctem_core.evaluate.measures import Measure
from lctem_core.evaluate.particles import find_dark
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.fields import DIAMETER, EMPTY, empty_field, gold_field

#: Pixels on a side of the fields.
SIZE = 512
#: Name of the count of dark objects in the dry look, beside the names of `kinds`.
BELOW_HALF = "dry, below 0.5"


def kinds(
    pixel: float,
    faithful: Callable[[np.ndarray], np.ndarray],
    dry: Callable[[np.ndarray], np.ndarray],
) -> dict[str, Treatment]:
    """Images that may be made of ten frames of one scene, by name.

    Parameters
    ----------
    pixel : float
        Its size [nm]; the matched filter is 0.3 of a particle's diameter wide.
    faithful, dry : callable
        The refiner with either look.

    Returns
    -------
    dict
        Name -> function of the frames (10, H, W).
    """
    return {
        "raw": lambda ten: ten[0],
        "raw, sum of 10": lambda ten: ten.sum(axis=0),
        "matched filter": lambda ten: gaussian(ten[0], 0.3 * DIAMETER / pixel),
        "refined": lambda ten: faithful(ten[0]),
        "refined, sum of 10": lambda ten: faithful(ten.sum(axis=0)),
        "refined, dry": lambda ten: dry(ten[0]),
    }


def doses_of(width: float, electrons: Sequence[float], doses: Sequence[float]) -> np.ndarray:
    """Doses of a curve: those of some electrons per pixel, and above them some doses.

    Parameters
    ----------
    width : float
        Of the field [nm].
    electrons : sequence of float
        Ascending [e-/px].
    doses : sequence of float
        [e-/nm²]

    Returns
    -------
    ndarray
        Ascending [e-/nm²].
    """
    first = [e / (width / SIZE) ** 2 for e in electrons]
    return np.array(first + [dose for dose in doses if dose > first[-1]])


@dataclass(frozen=True, eq=False)
class Curve:
    """What was found and invented at each dose in fields of one width.

    Attributes
    ----------
    pixel : float
        Pixel size [nm].
    doses : ndarray, (D,)
        Of one frame [e-/nm²].
    thresholds : dict of ndarray, (D,)
        By kind of image [standard deviations].
    found, false : dict of ndarray, (D, F)
        Particles found and invented in each field, by kind of image.
    present : ndarray, (D, F)
        Particles in each field.
    """

    pixel: float
    doses: np.ndarray
    thresholds: dict[str, np.ndarray]
    found: dict[str, np.ndarray]
    false: dict[str, np.ndarray]
    present: np.ndarray

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Curve:
        """Curve of a record."""
        arrays = {
            name: {kind: np.array(one) for kind, one in content[name].items()}
            for name in ("thresholds", "found", "false")
        }
        doses, present = np.array(content["doses"], float), np.array(content["present"])
        return cls(content["pixel"], doses, **arrays, present=present)

    def recall(self, kind: str) -> np.ndarray:
        """Share of the particles that is found, (D,)."""
        return self.found[kind].sum(axis=1) / self.present.sum(axis=1)

    def nearest(self, dose: float) -> int:
        """Index of the dose that is nearest on a logarithmic axis."""
        return int(np.abs(np.log(self.doses / dose)).argmin())

    def lowest(self) -> dict[str, Lowest]:
        """Dose from which on 95 % of the particles are found, for each kind of image."""
        draws = detection.lowest_dose_interval(self.doses, self.found, self.present)
        raw = detection.lowest_dose(self.doses, self.found["raw"], self.present)
        summed = {}
        for kind, found in self.found.items():
            dose = detection.lowest_dose(self.doses, found, self.present)
            with np.errstate(invalid="ignore"):
                ratio = draws["raw"] / draws[kind]
            summed[kind] = Lowest(
                dose, *np.percentile(draws[kind], [2.5, 97.5]),
                raw / dose, *np.nanpercentile(ratio, [2.5, 97.5]), bool(dose <= self.doses[0]),
            )  # fmt: skip
        return summed


@dataclass(frozen=True)
class Lowest:
    """Dose from which on particles are found, with its 95 % interval over fields.

    Attributes
    ----------
    dose, low, high : float
        [e-/nm²]
    factor, factor_low, factor_high : float
        The raw frame's dose over that.
    below : bool
        Particles are found at the lowest dose already: `dose` is then a bound.
    """

    dose: float
    low: float
    high: float
    factor: float
    factor_low: float
    factor_high: float
    below: bool


def curve(
    width: float,
    doses: np.ndarray,
    faithful: Callable[[np.ndarray], np.ndarray],
    dry: Callable[[np.ndarray], np.ndarray],
    *,
    fields: int = 6,
    empty: int = 4,
    seed: int = 7000,
) -> Curve:
    """Measure one curve.

    Parameters
    ----------
    width : float
        Of the fields [nm].
    doses : ndarray, (D,)
        Ascending [e-/nm²].
    faithful, dry : callable
    fields : int
        Per dose, with eight particles each, four in the smallest fields; the same at every dose.
    empty : int
        Empty fields of two kinds per dose, for the thresholds.
    seed : int

    Returns
    -------
    Curve
    """
    pixel = width / SIZE
    ways = kinds(pixel, faithful, dry)
    limit = _thresholds(width, doses, ways, empty, seed)
    shape = (len(doses), fields)
    present = np.zeros(shape, int)
    found, false = ({name: np.zeros(shape, int) for name in ways} for _ in range(2))
    for i, dose in enumerate(tqdm(doses, f"{pixel:g} nm per pixel")):
        own = {name: of_doses[i] for name, of_doses in limit.items()}
        for j in range(fields):
            # The same fields at every dose: their resampling keeps curves whole.
            rng = np.random.default_rng([seed, 6, j])
            field = gold_field(width, rng, number=8 if pixel > 2 else 4)
            rng = np.random.default_rng([seed, 7, i, j])
            seen = detection.contrasts(field, dose, ways, rng)
            for name, one in detection.matches(field, seen, own).items():
                found[name][i, j], false[name][i, j] = one.found, one.false
                present[i, j] = one.found + one.missed
    return Curve(pixel, doses, limit, found, false, present)


def _thresholds(
    width: float, doses: np.ndarray, ways: dict[str, Treatment], empty: int, seed: int
) -> dict[str, np.ndarray]:
    """Threshold of each kind of image at each dose, from empty fields that serve nothing else."""
    seen: dict[str, list[list]] = {name: [[] for _ in doses] for name in ways}
    for i, dose in enumerate(tqdm(doses, "empty fields")):
        for k, kind in enumerate(("even", "vignetted")):
            for j in range(empty):
                field = empty_field(kind, width, np.random.default_rng([seed, 4, i, k, j]))
                rng = np.random.default_rng([seed, 5, i, k, j])
                for name, one in detection.contrasts(field, dose, ways, rng).items():
                    seen[name][i].append(one)
    return {name: detection.thresholds_by_dose(many) for name, many in seen.items()}


def false_alarms(
    one: Curve,
    faithful: Callable[[np.ndarray], np.ndarray],
    dry: Callable[[np.ndarray], np.ndarray],
    *,
    electrons: Sequence[float] = (2, 30, 1000),
    fields: int = 5,
    seed: int = 7000,
) -> dict[str, dict[str, list[int]]]:
    """Particles invented in fields without any, at the thresholds of a curve.

    Parameters
    ----------
    one : Curve
        Its thresholds at the nearest dose are used.
    faithful, dry : callable
    electrons : sequence of float
        [e-/px]
    fields : int
        Of each kind and dose.
    seed : int

    Returns
    -------
    dict of dict of list
        By kind of field (`lctem_core.simulate.fields.EMPTY`) and kind of image; of `BELOW_HALF`
        the objects darker than 0.5 in the dry look, which needs no background to compare with.
    """
    ways = kinds(one.pixel, faithful, dry)
    invented: dict[str, dict[str, list[int]]] = {}
    for k, kind in enumerate(tqdm(EMPTY, "empty fields")):
        own = invented.setdefault(kind, {name: [] for name in (*ways, BELOW_HALF)})
        for e, dose in enumerate(np.array(electrons) / one.pixel**2):
            at = one.nearest(dose)
            for j in range(fields):
                rng = np.random.default_rng([seed, 8, k, e, j])
                field = empty_field(kind, one.pixel * SIZE, rng)
                ten = field.frames(dose, 10, np.random.default_rng([seed, 9, k, e, j]))
                for name, treat in ways.items():
                    image = treat(ten)
                    regions = detection.contrast_of(image).regions(one.thresholds[name][at])
                    own[name].append(int(regions.max()))
                    if name == "refined, dry":
                        own[BELOW_HALF].append(len(find_dark(image)))
    return invented


def measure(
    widths: Sequence[float] = (5120.0, 2560.0, 512.0),
    electrons: Sequence[float] = (0.3, 0.7, 1.5, 3, 6, 12, 25, 60),
    doses: Sequence[float] = (0.5, 2, 10, 50, 200, 1000),
    fields: int = 6,
    empty: int = 4,
    alarm_fields: int = 5,
    seed: int = 7000,
) -> dict[str, Any]:
    """Curves at several magnifications, and false alarms in empty fields at the middle one.

    Parameters
    ----------
    widths : sequence of float
        Of the fields [nm].
    electrons, doses
        See `doses_of`.
    fields, empty, seed
        See `curve`.
    alarm_fields : int
        Empty fields of each kind and dose, see `false_alarms`.

    Returns
    -------
    dict
        ``curves``, a list of what `Curve.of` reads, width by width; ``alarms``.
    """
    faithful, dry = Refiner.load(), Refiner.load(look="dry")
    every = [
        curve(
            width, doses_of(width, electrons, doses), faithful, dry, fields=fields, empty=empty,
            seed=seed,
        )
        for width in widths
    ]  # fmt: skip
    alarms = false_alarms(every[middle(every)], faithful, dry, fields=alarm_fields, seed=seed)
    return {"curves": [dict(vars(one)) for one in every], "alarms": alarms}


def middle(curves: Sequence[Curve]) -> int:
    """Index of the curve that the text speaks of: the second one, or the only one."""
    return min(1, len(curves) - 1)


CURVES = Measure("trust/curves", measure, ("faithful", "dry-look"))
