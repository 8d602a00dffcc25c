"""A map fitted to a pair, coarse to fine, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.methods.local_forces.lattice import on_lattice
from RegSuite.methods.local_forces.level import Level, make_level, steps_mm
from RegSuite.methods.local_forces.pair import Pair
from RegSuite.methods.local_forces.record import Record
from RegSuite.methods.prescribed.controls import Domain
from RegSuite.methods.prescribed.descent import Energy, Lbfgs
from RegSuite.methods.prescribed.folding import stepped_back
from RegSuite.methods.prescribed.match import Match
from RegSuite.methods.prescribed.parameters import VariationalParameters
from RegSuite.methods.prescribed.piece import Piece


@dataclass
class Fit:
    """The displacement in mm along the lattice's axes, and what it took to find it.

    f_range: the smallest and largest f of any piece. stepped_back: shares of its length that the
    map kept where a finer level found it folded.
    """

    displacement: Tensor
    lattice: Grid
    pieces: int = 0
    f_range: tuple[float, float] = (1.0, 1.0)
    stepped_back: list[float] = field(default_factory=list)


def make_levels(pair: Pair, parameters: VariationalParameters) -> list[Level]:
    """The levels of a run, coarse to fine; the map's nodes are the voxels of each."""
    steps = steps_mm(pair, parameters.finest_mm, parameters.levels)
    return [make_level(pair, step, step, 0) for step in steps]


def work_of(levels: list[Level], parameters: VariationalParameters) -> float:
    """Voxels times descent steps, at most."""
    return float(sum(v.grid.voxels for v in levels)) * parameters.pieces * parameters.iterations


def domain_of(level: Level, levels: list[Level], parameters: VariationalParameters) -> Domain:
    """The level's lattice with its smoothing."""
    ratio = level.step_mm / levels[-1].step_mm
    smoothing = parameters.smoothing_at(levels[-1].step_mm) * ratio
    return Domain(level.grid.shape, level.grid.spacing, smoothing)


def fit_map(levels: list[Level], parameters: VariationalParameters, record: Record) -> Fit:
    """phi = phi_1 o ... o phi_n: each piece maps a point first, then the pieces found before it."""
    first = levels[0]
    fit = Fit(torch.zeros((3, *first.grid.shape), device=first.fixed.device), first.grid)
    for level in levels:
        name = f"{level.step_mm:.3g} mm"
        with record.stage(f"level {name}"):
            domain = domain_of(level, levels, parameters)
            start, share = stepped_back(on_lattice(fit.displacement, fit.lattice, level.grid), domain)
            if share < 1:
                fit.stepped_back.append(share)
            fit.displacement, fit.lattice = start, level.grid
            _descend(level, domain, fit, parameters, record, name)
    return fit


def _descend(
    level: Level, domain: Domain, fit: Fit, parameters: VariationalParameters, record: Record, name: str
) -> None:
    """Pieces on one level until one gains too little."""
    step_work, number, taken = level.grid.voxels, 0, 0
    for piece_number in range(parameters.pieces):
        piece = Piece(
            Match(level), domain, fit.displacement, parameters.jacobian_min, parameters.determinant_weight
        )
        descent = Lbfgs(_heard(piece, record, name), piece.start())
        before = descent.value
        for _ in range(parameters.iterations):
            value = descent.value
            moved = descent.step()
            number, taken = number + 1, taken + step_work
            record.iteration(name, number, descent.value, step_work)
            if not moved or value - descent.value < parameters.tolerance * value:
                break
        if descent.value < before:
            fit.displacement = piece.total(descent.x)
            fit.pieces += 1
            f = piece.f(descent.x)
            fit.f_range = (min(fit.f_range[0], float(f.min())), max(fit.f_range[1], float(f.max())))
        if before - descent.value < parameters.piece_gain * before or piece_number == parameters.pieces - 1:
            break
    record.skip(step_work * parameters.pieces * parameters.iterations - taken)


def _heard(piece: Piece, record: Record, name: str) -> Energy:
    """The piece's energy; before each evaluation the listener is told (and may cancel)."""

    def energy(x: Tensor) -> tuple[float, Tensor]:
        record.work(0.0, name)
        return piece.energy(x)

    return energy
