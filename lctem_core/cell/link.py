"""Which particle is which in the frames of a tilt series, and which of them share a membrane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment, minimize_scalar
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from lctem_core.cell.locate import Spots
from lctem_core.cell.parallax import check_angles
from lctem_core.errors import InputError

#: Least gap between the two membranes' slopes, in standard errors of one particle's slope.
SEPARATION = 6.0


@dataclass(frozen=True, eq=False)
class Tracks:
    """Particles that were found in every frame.

    Attributes
    ----------
    positions : ndarray, (P, T, 2)
        Centres (x, y) as found [px].
    errors : ndarray, (P, T)
        Standard error of a coordinate [px].
    angles : ndarray, (T,)
        [°]
    opposite : ndarray, (P,), bool
        On the other membrane than the reference particle.
    reference : int
        The reference particle, the paper's Q.
    direction : ndarray, (2,)
        Unit vector in the image along which tilting moves the opposite particles.
    """

    positions: np.ndarray
    errors: np.ndarray
    angles: np.ndarray
    opposite: np.ndarray
    reference: int
    direction: np.ndarray

    def relative_to_reference(self) -> np.ndarray:
        """Positions after superimposing the frames on Q as in the paper, (P, T, 2) [px]."""
        return self.positions - self.positions[self.reference]

    def relative_to_membrane(self) -> np.ndarray:
        """The same, superimposed on the mean of Q's membrane: less noise than Q alone."""
        return self.positions - self.positions[~self.opposite].mean(axis=0)


def link(
    spots: Sequence[Spots],
    angles: Sequence[float],
    diameter: float,
    *,
    reference: tuple[float, float] | None = None,
    axis: float | None = None,
) -> Tracks:
    """Follow particles through a tilt series whose frames may be shifted at will.

    The particles of one membrane shift together. The shift that brings the most particles of the
    frame nearest to 0° onto particles of the frame tilted farthest is found by trying all pairs;
    the same particles are then found in the other frames. Those left over must lie along one line,
    at distances proportional to sin θ. Last, the slopes of all tracks against sin θ are divided at
    their largest gap: one side is Q's membrane, the other the opposite one.

    Parameters
    ----------
    spots : sequence of Spots
        One per frame.
    angles : sequence of float
        [°]
    diameter : float
        Of the particles [px]; a match is closer than half of it.
    reference : tuple of float, optional
        Position (x, y) of Q in the frame nearest to 0° [px]; by default the particle that was
        located best among those of the membrane with more particles.
    axis : float, optional
        Direction of the tilt axis in the image [°], from x towards y (down); by default found from
        the displacements.

    Returns
    -------
    Tracks

    Raises
    ------
    InputError
        For unusable angles, if fewer than two particles can be followed through all frames, if
        there is no particle at `reference`, or if all particles move alike.
    """
    angles = check_angles(angles, least=2)
    if len(spots) != len(angles):
        raise InputError(
            "one angle per frame", f"{len(angles)} angles for {len(spots)} frames",
            "Give the angles in the order of the frames.",
        )  # fmt: skip
    origin = int(np.argmin(np.abs(angles)))
    tolerance = diameter / 2
    matches = _follow(spots, angles, origin, tolerance)
    whole = np.flatnonzero((matches >= 0).all(axis=1))
    if len(whole) < 2:
        raise InputError(
            "two particles or more that are visible in every frame", f"{len(whole)}",
            "Use a smaller range of angles, a wider field or a larger dose.",
        )  # fmt: skip
    frames = range(len(angles))
    positions = np.stack([spots[i].positions[matches[whole, i]] for i in frames], axis=1)
    errors = np.stack([spots[i].errors[matches[whole, i]] for i in frames], axis=1)
    chosen = None if reference is None else _at(positions[:, origin], reference, diameter)
    return _divide(positions, errors, angles, chosen, axis)


def _at(points: np.ndarray, place: tuple[float, float], diameter: float) -> int:
    distance = np.hypot(*(points - place).T)
    nearest = int(distance.argmin())
    if distance[nearest] > diameter:
        x, y = points[nearest]
        raise InputError(
            "a reference particle that is visible in every frame",
            f"none within a diameter of x = {place[0]:g}, y = {place[1]:g}",
            f"The nearest is at x = {x:.0f}, y = {y:.0f} px in the frame closest to 0°.",
        )
    return nearest


def _follow(
    spots: Sequence[Spots], angles: np.ndarray, origin: int, tolerance: float
) -> np.ndarray:
    """Index in every frame of each particle of the frame `origin`, (P, T); -1 where not found."""
    first = spots[origin].positions
    sines = np.sin(np.deg2rad(angles)) - np.sin(np.deg2rad(angles[origin]))
    far = int(np.argmax(np.abs(sines)))
    matches = np.full((len(first), len(angles)), -1)
    matches[:, origin] = np.arange(len(first))
    everyone = np.ones(len(first), bool)
    shift = _common_shift(first, spots[far].positions, tolerance)
    together = _assign(first + shift, spots[far].positions, everyone, tolerance) >= 0
    shifts = np.zeros((len(angles), 2))
    for i, frame in enumerate(spots):
        if i == origin:
            continue
        points = frame.positions
        shifts[i] = _common_shift(first[together], points, tolerance)
        matches[:, i] = _assign(first + shifts[i], points, together, tolerance)
        # The mean over all of them places the rest better than the pair that was tried.
        found = matches[:, i] >= 0
        if found.any():
            shifts[i] = (points[matches[found, i]] - first[found]).mean(axis=0)
            matches[:, i] = _assign(first + shifts[i], points, together, tolerance)

    # One of the opposite membrane may have passed for one that moves with the rest in the frame
    # tilted farthest, where foreshortening can make up for part of its move, and be too far in
    # others: those are looked for where its own move puts it.
    strays = np.flatnonzero(together & (matches < 0).any(axis=1) & (matches[:, far] >= 0))
    for k in strays:
        move = spots[far].positions[matches[k, far]] - (first[k] + shifts[far])
        for i in np.flatnonzero(matches[k] < 0):
            free = np.setdiff1d(np.arange(len(spots[i])), matches[:, i])
            place = first[k] + shifts[i] + move * sines[i] / sines[far]
            distance = np.hypot(*(spots[i].positions[free] - place).T)
            if len(free) and distance.min() < tolerance:
                matches[k, i] = free[distance.argmin()]

    # The others: try every distance that one of them may have moved to the farthest frame.
    others = ~together
    best, most = None, 0
    if others.any():
        free = np.setdiff1d(np.arange(len(spots[far])), matches[together, far])
        moves = spots[far].positions[free][None] - (first[others] + shifts[far])[:, None]
        for move in moves.reshape(-1, 2):
            trial = [
                _assign(first + shifts[i] + move * sines[i] / sines[far], spots[i].positions,
                        others, tolerance)
                for i in range(len(angles)) if i != origin
            ]  # fmt: skip
            count = sum(int((one >= 0).sum()) for one in trial)
            if count > most:
                best, most = move, count
    if best is not None:
        for i, frame in enumerate(spots):
            if i != origin:
                place = first + shifts[i] + best * sines[i] / sines[far]
                found = _assign(place, frame.positions, others, tolerance)
                # Where one particle covers another, their common blob is the centre of neither.
                shared = np.isin(found, matches[together, i]) & (found >= 0)
                matches[others & ~shared, i] = found[others & ~shared]
                matches[together & np.isin(matches[:, i], found[shared]), i] = -1
    return matches


def _common_shift(first: np.ndarray, points: np.ndarray, tolerance: float) -> np.ndarray:
    """Shift that brings the most of `first` to within the tolerance of one of `points`."""
    differences = (points[None] - first[:, None]).reshape(-1, 2)
    who = np.repeat(np.arange(len(first)), len(points))
    neighbours = cKDTree(differences).query_ball_point(differences, tolerance)
    votes = [len(set(who[list(group)])) for group in neighbours]
    return differences[neighbours[int(np.argmax(votes))]].mean(axis=0)


def _assign(
    places: np.ndarray, points: np.ndarray, which: np.ndarray, tolerance: float
) -> np.ndarray:
    """Index of the point at each place, each point once; -1 where there is none or not `which`."""
    result = np.full(len(places), -1)
    rows = np.flatnonzero(which)
    cost = cdist(places[rows], points)
    # Beyond the tolerance all are equally bad, so that a lost particle disturbs no other pair.
    i, j = linear_sum_assignment(np.minimum(cost, tolerance))
    near = cost[i, j] < tolerance
    result[rows[i[near]]] = j[near]
    return result


def _divide(
    positions: np.ndarray,
    errors: np.ndarray,
    angles: np.ndarray,
    chosen: int | None,
    axis: float | None,
) -> Tracks:
    """Slopes against sin θ, divided at their largest gap."""
    theta = np.deg2rad(angles)
    design = np.column_stack([np.cos(theta), np.sin(theta)])
    inverse = np.linalg.inv(design.T @ design)
    # Relative to the mean of all: what moves with the stage drops out.
    relative = positions - positions.mean(axis=0)
    direction = _across(_tilt_axis(relative, design) if axis is None else np.deg2rad(axis))
    along = relative @ direction @ (design @ inverse)[:, 1]
    error = np.sqrt(inverse[1, 1] * np.median(errors**2))
    order = np.argsort(along)
    gaps = np.diff(along[order])
    cut = int(gaps.argmax())
    if gaps[cut] < SEPARATION * error:
        raise InputError(
            "particles on both membranes, which move differently when the stage is tilted",
            f"{len(positions)} particles that move alike (the largest gap is {gaps[cut]:.2g} px "
            f"per unit of sin θ, the error of one particle {error:.2g})",
            "Use more or larger angles, a larger dose, or a place with particles on both.",
        )  # fmt: skip
    upper = np.zeros(len(positions), bool)
    upper[order[cut + 1 :]] = True
    if chosen is None:
        larger = upper if upper.sum() * 2 > len(upper) else ~upper
        scores = np.where(larger, (errors**2).sum(axis=1), np.inf)
        chosen = int(scores.argmin())
    opposite = upper != upper[chosen]
    # So that the opposite particles move along it as the angle grows.
    if along[opposite].mean() < along[~opposite].mean():
        direction = -direction
    return Tracks(positions, errors, angles, opposite, chosen, direction)


def _across(axis: float) -> np.ndarray:
    """Unit vector across a tilt axis [rad]."""
    return np.array([-np.sin(axis), np.cos(axis)])


def _tilt_axis(relative: np.ndarray, design: np.ndarray) -> float:
    """Axis [rad] along which nothing moves, and across which all follows cos θ and sin θ."""
    fitted = design @ np.linalg.pinv(design)

    def misfit(axis: float) -> float:
        across = relative @ _across(axis)
        along = relative @ np.array([np.cos(axis), np.sin(axis)])
        change = along - along.mean(axis=1, keepdims=True)
        return float(np.sum((across - across @ fitted) ** 2) + np.sum(change**2))

    tried = np.deg2rad(np.arange(0, 180, 2))
    best = tried[np.argmin([misfit(axis) for axis in tried])]
    return float(minimize_scalar(misfit, bounds=(best - 0.05, best + 0.05), method="bounded").x)
