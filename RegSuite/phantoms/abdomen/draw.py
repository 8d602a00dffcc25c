"""Drawing people: organs of one family of shapes, each with its place, that touch and never overlap.

The sizes below were chosen before any registration was run: organs lie 10 to 30 mm otherwise against
each other in two people, and their surfaces differ by up to 10 to 20 mm after each is laid on its partner.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import MethodFailed
from RegSuite.phantoms.abdomen.maps import OrganMap, WholeMap, gentle
from RegSuite.phantoms.abdomen.organs import ORGANS, PhantomOrgan, organ_of, skin
from RegSuite.phantoms.abdomen.person import Person, outline

FloatArray = NDArray[np.float64]

SHIFT_SD_MM = 8.0
"""An organ's place, along each axis: between two people 11 mm, in length 8 to 32 mm nine times of ten."""
TURN_SD_DEGREES = 6.0
WAVES_MM = 5.0
"""Root mean square of the smooth change of shape; of small organs less, that it doesn't fold."""
WAVES = 3
SCALE_SD, WHOLE_TURN_SD_DEGREES, WHOLE_SHIFT_SD_MM = 0.05, 5.0, 30.0
"""The person as a whole, that a similarity transform explains."""
BODY_SD = 0.05
DAY_SHARE = 0.35
"""Another day: this share of the way to another person; the bladder all of it."""

GAP_MM = 1.0
WALL_GAP_MM = 2.0
"""Between organs that touch; between the outermost organ and the abdominal wall."""
REACH_MM, STEP_MM, COARSE = 60.0, 4.0, 5
TRIES = 60
ROUGH_MM = 1e-3
"""How exactly distances between organs are found."""
LONG_MM = 100.0
"""What is 1 along the body in body coordinates, on average."""


def draw_person(rng: np.random.Generator, motion: float = 1.0) -> Person:
    """A person, redrawn until the organs have room; motion multiplies the organs' shifts and turns.

    Raises MethodFailed after 60 tries.
    """
    for _ in range(TRIES):
        organs = {organ.label: _organ(organ, rng, motion) for organ in ORGANS}
        turn, shift = _normal(rng) * math.radians(WHOLE_TURN_SD_DEGREES), _normal(rng) * WHOLE_SHIFT_SD_MM
        whole = WholeMap(float(np.exp(_normal(rng)[0] * SCALE_SD)), turn, shift)
        long = np.array([1.0, 1.0, float(np.exp(_normal(rng)[0] * BODY_SD))])
        person = Person(organs, whole, LONG_MM * long, np.zeros(3), float(rng.uniform(0.08, 0.25)))
        placed = settled(person)
        if placed is not None:
            return placed
    raise MethodFailed(f"no room for the organs of a phantom in {TRIES} tries", mend="take another seed")


def another_day(person: Person, rng: np.random.Generator, motion: float = 1.0) -> Person:
    """The same person later: each organ a third of the way to another person's, the bladder all of it."""
    for _ in range(TRIES):
        other = draw_person(rng, motion)
        mixed = {
            label: old.blended(other.organs[label], 1.0 if label == 5 else DAY_SHARE)
            for label, old in person.organs.items()
        }
        turn, shift = person.whole.turn + 0.03 * _normal(rng), person.whole.shift + 10.0 * _normal(rng)
        whole = WholeMap(person.whole.scale, turn, shift)
        placed = settled(replace(person, organs=mixed, whole=whole))
        if placed is not None:
            return placed
    raise MethodFailed(f"no room for a phantom's organs in {TRIES} tries", mend="take another seed")


def settled(person: Person) -> Person | None:
    """The person with the kidneys and the spleen moved until they touch, and the wall around all.

    None where an organ finds no place without overlap.
    """
    organs = dict(person.organs)
    if _gap(organs, 2, 1) < GAP_MM and not _approach(organs, 2, 1):
        return None
    if not (_approach(organs, 3, 1) and _approach(organs, 4, 2)):
        return None
    pairs = [(a, b) for a in organs for b in organs if a < b]
    if any(_gap(organs, a, b) < 0.99 * GAP_MM for a, b in pairs):
        return None
    everywhere = np.concatenate([organs[label].forward(skin(label)) for label in organs])
    low, high = everywhere.min(axis=0), everywhere.max(axis=0)
    body, middle = (high - low) / 2 + WALL_GAP_MM, (high + low) / 2
    body[2], middle[2] = person.body[2], 0.0
    fitted = np.array([1.0, 1.0, 0.0]) * float(outline((everywhere - middle) / body).max() - 1.0)
    return replace(
        person, organs=organs, body=body * (1.0 + fitted) + WALL_GAP_MM * (fitted > 0), middle=middle
    )


def _approach(organs: dict[int, OrganMap], mover: int, rest: int) -> bool:
    """Move one organ towards another, from afar, until they are GAP_MM apart; whether that was possible."""
    way = np.subtract(organ_of(rest).place_mm, organ_of(mover).place_mm)
    way = way / np.linalg.norm(way)
    start = organs[mover]

    def gap(far: float, every: int = 1) -> float:
        organs[mover] = start._replace(place=start.place + far * way)
        return _gap(organs, mover, rest, every)

    close = -REACH_MM
    while gap(close, COARSE) >= GAP_MM:
        close += STEP_MM
        if close > REACH_MM:
            return False
    apart = close - 2 * STEP_MM
    for _ in range(12):
        middle = (apart + close) / 2
        apart, close = (middle, close) if gap(middle) >= GAP_MM else (apart, middle)
    return gap(apart) >= GAP_MM


def _gap(organs: dict[int, OrganMap], a: int, b: int, every: int = 1) -> float:
    """About the distance in mm between two organs, negative where they overlap.

    every: look at one of so many points of their surfaces only.
    """
    least = np.inf
    for one, other in ((a, b), (b, a)):
        there = organs[other].inverse(organs[one].forward(skin(one)[::every]), ROUGH_MM)
        least = min(least, float(organ_of(other).form(there).min()))
    return least


def _organ(organ: PhantomOrgan, rng: np.random.Generator, motion: float) -> OrganMap:
    tilt = np.radians(organ.tilt_degrees) + _normal(rng) * motion * math.radians(TURN_SD_DEGREES)
    rows = []
    for _ in range(WAVES):
        along, across = rng.normal(size=3), rng.normal(size=3)
        length = float(rng.uniform(*organ.wave_mm))
        height = WAVES_MM * math.sqrt(2 / WAVES) * across / np.linalg.norm(across)
        wave = 2 * math.pi / length * along / np.linalg.norm(along)
        rows.append([*height, *wave, float(rng.uniform(0, 2 * math.pi))])
    return OrganMap(
        log_stretch=_normal(rng) * organ.stretch_sd,
        turn=tilt,
        place=np.asarray(organ.place_mm) + _normal(rng) * motion * SHIFT_SD_MM,
        waves=gentle(np.array(rows)),
    )


def _normal(rng: np.random.Generator) -> FloatArray:
    """Three standard normal numbers, none beyond 2."""
    return np.asarray(rng.normal(size=3).clip(-2.0, 2.0))
