"""Faceted nanoparticles and their projected thickness, exactly.

A convex polyhedron is the set of points r with n_i · r <= d_i for all of its faces. The electron
beam runs along z, so the length of the path through it at (x, y) is the gap between the lowest of
the upper faces and the highest of the lower faces. No voxel grid is needed, and facets give the
grey levels inside a particle that a disc or a filled polygon would not have.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from scipy.spatial import ConvexHull, HalfspaceIntersection
from scipy.spatial.transform import Rotation

from lctem_core.errors import InputError

#: Faces closer to the beam direction than this are treated as vertical walls.
VERTICAL = 1e-6


def _cube() -> np.ndarray:
    return np.vstack([np.eye(3), -np.eye(3)])


def _octahedron() -> np.ndarray:
    return np.array(list(product((-1.0, 1.0), repeat=3))) / np.sqrt(3)


def _icosahedron() -> np.ndarray:
    # The 20 face normals of an icosahedron are the vertices of a dodecahedron.
    golden = (1 + np.sqrt(5)) / 2
    corners = [np.array(list(product((-1.0, 1.0), repeat=3)))]
    for shift in range(3):
        for a, b in product((-1 / golden, 1 / golden), (-golden, golden)):
            corners.append(np.roll([[0.0, a, b]], shift, axis=1))
    normals = np.vstack(corners)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _prism(sides: int) -> np.ndarray:
    angles = 2 * np.pi * np.arange(sides) / sides
    walls = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(sides)])
    return np.vstack([walls, [[0, 0, 1], [0, 0, -1]]])


def _bipyramid() -> np.ndarray:
    # Pentagonal bipyramid of ten equilateral {111} faces: the height of a tip over the inner radius
    # of the equator gives the normals' elevation, atan(0.688 / 0.526) = 52.6°.
    angles = 2 * np.pi * np.arange(5) / 5
    tilt = np.deg2rad(52.6)
    rows = [
        (np.cos(a) * np.cos(tilt), np.sin(a) * np.cos(tilt), sign * np.sin(tilt))
        for a in angles
        for sign in (1, -1)
    ]
    return np.array(rows)


#: Shapes by name: face normals, distances of the faces, and which one lies on the membrane.
#: Wulff ratios d(100)/d(111): 1.155 is the regular truncated octahedron, 0.92 near the
#: cuboctahedron. The prisms' last two faces are their ends.
_SHAPES = {
    "truncated octahedron": (
        np.vstack([_octahedron(), _cube()]),
        np.r_[np.ones(8), np.full(6, 1.155)],
    ),
    "cuboctahedron": (np.vstack([_octahedron(), _cube()]), np.r_[np.ones(8), np.full(6, 0.92)]),
    "octahedron": (_octahedron(), np.ones(8)),
    "icosahedron": (_icosahedron(), np.ones(20)),
    "decahedron": (_bipyramid(), np.ones(10)),
    "cube": (_cube(), np.ones(6)),
    "hexagonal plate": (_prism(6), np.r_[np.ones(6), 0.35, 0.35]),
    "triangular plate": (
        # Corners cut by a second triangle, as silver and gold nanoprisms show them.
        _prism(6),
        np.r_[np.tile([0.62, 1.0], 3), 0.3, 0.3],
    ),
    "rod": (_prism(8), np.r_[np.ones(8), 3.0, 3.0]),
    "long rod": (_prism(8), np.r_[np.ones(8), 5.5, 5.5]),
}
SHAPES = ("sphere", *_SHAPES)


@cache
def faces(shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Faces of a shape, scaled to the volume of the sphere of diameter 1.

    Parameters
    ----------
    shape : str
        A name of `SHAPES` other than ``sphere``.

    Returns
    -------
    normals : ndarray, (F, 3)
        Outward unit normals.
    distances : ndarray, (F,)
        Distance of each face from the centre [particle diameters].

    Raises
    ------
    InputError
        If the shape is not known.
    """
    if shape not in _SHAPES:
        raise InputError(f"a shape of {', '.join(SHAPES)}", repr(shape), "Use one of these names.")
    normals, distances = _SHAPES[shape]
    halfspaces = np.column_stack([normals, -distances])
    corners = HalfspaceIntersection(halfspaces, np.zeros(3)).intersections
    volume = ConvexHull(corners).volume
    return normals, distances * (np.pi / 6 / volume) ** (1 / 3)


def orientation(shape: str, rng: np.random.Generator, flat: bool) -> np.ndarray:
    """Random rotation of a particle: on one of its faces, or free.

    Parameters
    ----------
    shape : str
        A name of `SHAPES`.
    rng : numpy.random.Generator
    flat : bool
        Lay the particle on one of its faces, as on a membrane, with a random azimuth.

    Returns
    -------
    ndarray, (3, 3)
    """
    if not flat or shape == "sphere":
        return Rotation.random(rng=rng).as_matrix()
    normals, distances = faces(shape)
    # A particle rests on its large faces, which are the near ones.
    near = np.flatnonzero(distances < distances.min() * 1.2)
    down = normals[rng.choice(near)]
    to_membrane, _ = Rotation.align_vectors([[0, 0, -1]], [down])
    azimuth = Rotation.from_rotvec([0, 0, rng.uniform(0, 2 * np.pi)])
    return (azimuth * to_membrane).as_matrix()


def reach(shape: str) -> float:
    """Radius of the sphere about the centre that holds the whole shape [particle diameters]."""
    if shape == "sphere":
        return 0.5
    return _reach(shape)


@cache
def _reach(shape: str) -> float:
    normals, distances = faces(shape)
    halfspaces = np.column_stack([normals, -distances])
    corners = HalfspaceIntersection(halfspaces, np.zeros(3)).intersections
    return float(np.linalg.norm(corners, axis=1).max())


def thickness(
    shape: str, diameter: float, rotation: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Length of the beam's path through a particle centred at the origin.

    Parameters
    ----------
    shape : str
        A name of `SHAPES`.
    diameter : float
        Diameter of the sphere of equal volume [nm].
    rotation : ndarray, (3, 3)
    x : ndarray, (W,)
        Positions of the columns [nm].
    y : ndarray, (H,)
        Positions of the rows [nm].

    Returns
    -------
    ndarray, (H, W), float32
        Projected thickness [nm], 0 outside.
    """
    x = np.asarray(x, np.float32)[None, :]
    y = np.asarray(y, np.float32)[:, None]
    if shape == "sphere":
        return 2 * np.sqrt(np.maximum((diameter / 2) ** 2 - x**2 - y**2, 0, dtype=np.float32))
    normals, distances = faces(shape)
    normals = (normals @ rotation.T).astype(np.float32)
    distances = (distances * diameter).astype(np.float32)
    upper = normals[:, 2] > VERTICAL
    lower = normals[:, 2] < -VERTICAL
    wall = ~(upper | lower)

    def heights(which: np.ndarray) -> np.ndarray:
        nx, ny, nz = (normals[which, i, None, None] for i in range(3))
        return (distances[which, None, None] - nx * x - ny * y) / nz

    path = heights(upper).min(axis=0) - heights(lower).max(axis=0)
    if wall.any():
        nx, ny = normals[wall, 0, None, None], normals[wall, 1, None, None]
        path[(nx * x + ny * y > distances[wall, None, None]).any(axis=0)] = 0
    return np.maximum(path, 0, out=path)
