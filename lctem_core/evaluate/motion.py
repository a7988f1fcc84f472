"""What may be integrated when particles move: movies of every motion, speed and dose, scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from tqdm import tqdm

from lctem_core.evaluate import following
from lctem_core.evaluate.measures import Measure
from lctem_core.refine.clip_refiner import ClipRefiner
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.fields import MOTIONS, moving_field

TEMPORAL, SINGLE = "temporal network", "single frame"


def measure(
    speeds: Sequence[float] = (0, 0.5, 1, 2, 4),
    electrons: Sequence[float] = (1, 4, 16, 64),
    fields: int = 2,
    empty: int = 2,
    integrate: int = 10,
    seed: int = 5,
) -> dict[str, Any]:
    """Score every way to refine on movies of moving particles.

    Parameters
    ----------
    speeds : sequence of float
        [diameters in ten frames]
    electrons : sequence of float
        [e-/px]
    fields : int
        Movies for each motion, speed and dose; the same fields for all of these.
    empty : int
        Empty movies for each dose, for the thresholds.
    integrate : int
        Frames.
    seed : int

    Returns
    -------
    dict
        ``outcomes``, a list of dictionaries: motion, speed, electrons, name of the way, field,
        and what `lctem_core.evaluate.following.Outcome` has. What does not move is in it once,
        under the first motion.
    """
    ways = following.treatments(Refiner.load(), ClipRefiner.load(), integrate)
    thresholds = following.thresholds(ways, electrons, seed, fields=empty)
    still = next(iter(MOTIONS))
    cases = [(m, s, e) for m in MOTIONS for s in speeds for e in electrons if s or m == still]
    rows = []
    for motion, speed, dose in tqdm(cases, "movies"):
        for i in range(fields):
            # The same fields at every speed and dose: differences are then those of speed and dose.
            movie = moving_field(dose, speed, motion, np.random.default_rng([seed, i]))
            frames = movie.frames()
            for name, treat in ways.items():
                scored = following.outcome(treat(frames), movie, thresholds[name])
                case = {"motion": motion, "speed": speed, "electrons": dose, "way": name}
                rows.append(case | {"field": i} | asdict(scored))
    return {"outcomes": rows}


MOTION = Measure("in_situ/motion", measure, ("faithful", "temporal"))


class Outcomes:
    """Outcomes of `measure`, to be asked by motion, speed, dose and way.

    Parameters
    ----------
    rows : iterable of dict
        ``outcomes`` of `measure`.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows: dict[tuple, list[Mapping[str, Any]]] = {}
        for row in rows:
            case = (row["motion"], row["speed"], row["electrons"], row["way"])
            self._rows.setdefault(case, []).append(row)
        self.ways: list[str] = list(dict.fromkeys(case[3] for case in self._rows))

    def of(self, motion: str, speed: float, electrons: float, way: str) -> list[Mapping[str, Any]]:
        """Outcomes of one case, movie by movie; particles at rest have no motion."""
        if not speed:
            motion = next(iter(MOTIONS))
        return self._rows[motion, speed, electrons, way]

    def values(
        self, motion: str, speed: float, electrons: float, way: str, what: str
    ) -> np.ndarray:
        """One value of every movie of a case, (fields,)."""
        return np.array([row[what] for row in self.of(motion, speed, electrons, way)])

    def recall(self, motion: str, speed: float, electrons: float, way: str) -> float:
        """Share of the particles that are found."""
        found, missed = (
            self.values(motion, speed, electrons, way, what).sum() for what in ("found", "missed")
        )
        return float(found / (found + missed))

    def position_error(self, motion: str, speed: float, electrons: float, way: str) -> float:
        """Median distance of found particles from their true places [nm]; NaN if none was found."""
        rows = self.of(motion, speed, electrons, way)
        errors = [error for row in rows for error in row["errors"]]
        return float(np.median(errors)) if errors else float("nan")

    def gain(
        self, motion: str, speed: float, electrons: Iterable[float], way: str, other: str
    ) -> np.ndarray:
        """PSNR of a way less that of another, movie by movie, over several doses [dB].

        Parameters
        ----------
        motion : str
        speed : float
        electrons : iterable of float
            [e-/px]
        way, other : str

        Returns
        -------
        ndarray, (doses × fields,)
        """
        return np.concatenate(
            [
                self.values(motion, speed, dose, way, "psnr")
                - self.values(motion, speed, dose, other, "psnr")
                for dose in electrons
            ]
        )
