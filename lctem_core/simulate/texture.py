"""What a field shows besides particles: film grain, fringes, window edges, droplets, lines.

None of it is a particle. A network that has never met it takes it for one, or wipes it out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Texture:
    """Brightness variations of the field itself, relative to 1.

    Lengths are shares of the width of the field, so that a texture looks the same at any size.

    Attributes
    ----------
    grain : float
        Relative standard deviation of an amorphous film's granularity.
    grain_size : float
        Its correlation length.
    fringes : float
        Amplitude of lattice fringes or of a moiré, in patches.
    period : float
        Their period.
    shadow : float
        What an obstacle (frame of the window, edge of the beam, thick deposit) takes away; 0 to 1.
    droplets : int
        Number of soft round patches, brighter (bubble) or darker (residue) than the rest.
    lines : int
        Number of wrinkles or scratches.
    depth : float
        Relative amplitude of droplets and lines.
    seed : int
    """

    grain: float = 0.0
    grain_size: float = 0.01
    fringes: float = 0.0
    period: float = 0.01
    shadow: float = 0.0
    droplets: int = 0
    lines: int = 0
    depth: float = 0.1
    seed: int = 0

    def image(self, size: int) -> np.ndarray:
        """Brightness, (size, size) float32, above 0; 1 where there is nothing."""
        # One stream each: what is drawn of one kind does not depend on the others.
        streams = np.random.default_rng(self.seed).spawn(5)
        image = np.ones((size, size), np.float32)
        if self.grain:
            image += self.grain * _grain(size, self.grain_size * size, streams[0])
        if self.fringes:
            image += self.fringes * _fringes(size, self.period * size, streams[1])
        for _ in range(self.droplets):
            image += self.depth * _droplet(size, streams[2])
        for _ in range(self.lines):
            image += self.depth * _line(size, streams[3])
        if self.shadow:
            image *= 1 - self.shadow * _shadow(size, streams[4])
        return np.maximum(image, 0.02)


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions x and y of the pixels' centres as shares of the width, (1, size) and (size, 1)."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    return axis[None, :], axis[:, None]


def _step(distance: np.ndarray, softness: float) -> np.ndarray:
    """0 for negative, 1 for positive distances, over a width of about four `softness`."""
    return (0.5 + 0.5 * np.tanh(distance / softness)).astype(np.float32)


def _grain(size: int, length: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of unit variance, smooth over `length` pixels."""
    coarse = max(4, round(size / max(length, 1)))
    noise = rng.standard_normal((coarse, coarse), np.float32)
    image = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    return image / image.std()


def _fringes(size: int, period: float, rng: np.random.Generator) -> np.ndarray:
    """Sinusoids of one period, each in a soft patch of its own or over the whole field."""
    x, y = _grid(size)
    image = np.zeros((size, size), np.float32)
    for _ in range(rng.integers(1, 4)):
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        along = (np.cos(angle) * x + np.sin(angle) * y) * size
        wave = np.cos(2 * np.pi * along / period + phase, dtype=np.float32)
        if rng.random() < 0.7:
            centre, radius = rng.uniform(0, 1, 2), rng.uniform(0.1, 0.5)
            away = np.hypot(x - centre[0], y - centre[1])
            wave = wave * _step(radius - away, 0.03)
        image += wave.astype(np.float32)
    return image


def _droplet(size: int, rng: np.random.Generator) -> np.ndarray:
    """A round patch, slightly brighter or darker, soft or with a rim."""
    x, y = _grid(size)
    centre, radius = rng.uniform(-0.1, 1.1, 2), rng.uniform(0.05, 0.4)
    away = np.hypot((x - centre[0]) * rng.uniform(0.7, 1.4), y - centre[1])
    softness = radius * rng.uniform(0.03, 0.5)
    patch = _step(radius - away, softness)
    if rng.random() < 0.4:
        patch += rng.uniform(-1, 1) * np.exp(-(((away - radius) / (0.03 + softness)) ** 2))
    return (rng.uniform(-1, 1) * patch).astype(np.float32)


def _line(size: int, rng: np.random.Generator) -> np.ndarray:
    """A straight or slightly bent wrinkle across the field."""
    x, y = _grid(size)
    angle, bend = rng.uniform(0, np.pi), rng.normal(0, 0.3)
    u, v = x - rng.uniform(0.1, 0.9), y - rng.uniform(0.1, 0.9)
    along, across = np.cos(angle) * u + np.sin(angle) * v, np.cos(angle) * v - np.sin(angle) * u
    width = rng.uniform(0.002, 0.02)
    ridge = np.exp(-(((across + bend * along**2) / width) ** 2))
    return (rng.uniform(-1, 1) * ridge).astype(np.float32)


def _shadow(size: int, rng: np.random.Generator) -> np.ndarray:
    """Half-plane or outside of a disc, 1 in the shadow."""
    x, y = _grid(size)
    softness = 10 ** rng.uniform(-2.7, -1)
    if rng.random() < 0.5:
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5)
        across = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
        return _step(across - distance, softness)
    centre = rng.uniform(0.35, 0.65, 2)
    away = np.hypot(x - centre[0], y - centre[1])
    return _step(away - rng.uniform(0.4, 0.65), softness)
