"""The tables of a page of organs: a line an organ, landmarks, and the two small matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.headline import number
from RegSuite.report.organs_bodies import organ_colours
from RegSuite.report.organs_measures import in_mm

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrganLandmarks, OrgansPage, SurfaceGap
    from RegSuite.report.organs_measures import OrganFacts, OrgansMeasures
    from RegSuite.report.result import Result

Array = NDArray[Any]
_NONE = "–"


@dataclass(frozen=True)
class OrganRow:
    """A line of the table of organs, as text; colour #rrggbb."""

    name: str
    colour: str
    points: str
    before: str
    before_more: str
    after: str
    after_more: str
    residual: str
    sd: str
    left_out: str
    landmarks: str
    dice: str
    prior: str
    doubt: str


@dataclass(frozen=True)
class Cell:
    """An entry of a matrix: its text and how dark it is drawn, 0..1."""

    text: str
    shade: float


@dataclass(frozen=True)
class MatrixTable:
    """A matrix by organs, or the sentence that says it in words (rows is empty then)."""

    sentence: str
    names: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()


def organ_rows(page: OrgansPage, measures: OrgansMeasures, record: Result) -> list[OrganRow]:
    """A row an organ, doubtful ones first, then the farthest apart."""
    dice = {str(k): v for k, v in (record.metrics.get("dice") or {}).items()}
    colours = organ_colours(page)
    order = sorted(
        measures.organs,
        key=lambda f: (not f.doubts, -(f.organ.after.mean if f.organ.after else np.inf), f.place),
    )
    return [_row(f, colours[f.place], dice) for f in order]


def elasticity_sources(page: OrgansPage) -> list[str]:
    """'liver, spleen: <source>' for each source of the organs' elasticity."""
    names: dict[str, list[str]] = {}
    for organ in page.organs:
        if organ.source:
            names.setdefault(organ.source, []).append(organ.name)
    return [f"{', '.join(who)}: {source}" for source, who in names.items()]


def _row(facts: OrganFacts, colour: str, dice: Mapping[str, float]) -> OrganRow:
    organ = facts.organ
    prior = ""
    if organ.magnitude_mm is not None and organ.bandwidth_mm is not None:
        scales = ((organ.magnitude_mm, organ.bandwidth_mm), *organ.wider)
        prior = " + ".join(f"{number(magnitude)} / {number(width)}" for magnitude, width in scales)
    key = str(organ.label)
    return OrganRow(
        name=organ.name,
        colour=colour,
        points=f"{facts.points_source} → {facts.points_target}",
        before=_mean(organ.before),
        before_more=_more(organ.before),
        after=_mean(organ.after),
        after_more=_more(organ.after),
        residual=_known(facts.residual_mm),
        sd=_known(facts.sd_mm),
        left_out=_NONE if np.isnan(facts.left_out_percent) else _percent(facts.left_out_percent),
        landmarks=f"{in_mm(facts.landmarks_mm)} ({facts.n_landmarks})" if facts.n_landmarks else _NONE,
        dice=f"{dice[key]:.3f}" if key in dice else _NONE,
        prior=prior or _NONE,
        doubt="; ".join(facts.doubts),
    )


def coherence_table(page: OrgansPage) -> MatrixTable | None:
    """S in words where words do, else as a table; None without labels."""
    matrix = page.coherence
    if matrix is None or not page.labelled:
        return None
    if np.array_equal(matrix, np.eye(len(matrix))):
        return MatrixTable("Organs were free to move independently of each other (coherence S = identity).")
    if np.all(np.asarray(matrix) == 1):
        return MatrixTable("All organs were expected to move as one (coherence S = 1 everywhere).")
    said = "1: two organs are expected to move together; 0: independently; below 0: against each other."
    return _table(page, matrix, said, lambda v: f"{v:.2g}")


def transition_table(page: OrgansPage) -> MatrixTable | None:
    """U in words where words do, else as a table in percent; None without labels."""
    matrix = page.transition
    if matrix is None or not page.labelled:
        return None
    if np.array_equal(matrix, np.eye(len(matrix))):
        return MatrixTable(
            "Labels were trusted: a point is only ever matched with its own organ (transition U = identity)."
        )
    said = (
        "Chance in percent that a point of the organ above (source) is found under the label at the left "
        "(target); each column sums to 100."
    )
    return _table(page, matrix, said, lambda v: f"{100 * v:.3g}")


def border_rows(record: Result) -> list[tuple[str, ...]]:
    """Where organs touch: (both, slid mm, its 95th percentile, opened, closed), the farthest slid first."""
    found = sorted(record.metrics.get("borders") or (), key=lambda b: -float(b.get("sliding_mm") or 0.0))
    return [
        (
            " / ".join(map(str, b.get("organs", ()))),
            *(
                in_mm(np.nan if b.get(key) is None else float(b[key]))
                for key in ("sliding_mm", "sliding_p95_mm", "opening_mm", "closing_mm")
            ),
        )
        for b in found
    ]


def landmark_rows(marks: OrganLandmarks) -> list[tuple[str, str, str, str]]:
    """(name, error before, error after, standard deviation) in mm, the worst first."""
    sd = np.full(len(marks.names), np.nan) if marks.sd_mm is None else np.asarray(marks.sd_mm, float)
    return [
        (marks.names[i], _known(marks.before_mm[i]), _known(marks.after_mm[i]), _known(sd[i]))
        for i in np.argsort(-marks.after_mm, kind="stable")
    ]


def _table(page: OrgansPage, matrix: Array, sentence: str, words: Any) -> MatrixTable:
    rows = tuple(
        tuple(Cell(words(float(v)), float(np.clip(abs(v), 0, 1))) for v in row) for row in np.asarray(matrix)
    )
    return MatrixTable(sentence, tuple(o.name for o in page.organs), rows)


def _mean(gap: SurfaceGap | None) -> str:
    return _NONE if gap is None else _known(gap.mean)


def _more(gap: SurfaceGap | None) -> str:
    return "" if gap is None else f"95 %: {_known(gap.p95)} · max {_known(gap.max)}"


def _known(value: float) -> str:
    return in_mm(float(value))


def _percent(value: float) -> str:
    return "0 %" if value < 0.05 else "under 1 %" if value < 1 else f"{value:.0f} %"
