"""Metrics of a DVH by their names: D95%, D2cc, V20Gy, mean, gEUD(8), EQD2(D95%)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from RegSuite.dose.fractionation import as_effective, geud_gy
from RegSuite.dose.histogram import DoseHistogram
from RegSuite.errors import DoseError, InputError

ALWAYS = ("volume", "mean", "min", "max", "D2", "D50", "D95", "D98", "D0.03cc")
"""Metrics that are given unasked; D2 and D98 are ICRU 83's near-maximum and near-minimum."""

_NUMBER = r"(\d+(?:\.\d+)?)"
_PLAIN = re.compile(r"(volume|mean|min|max)", re.IGNORECASE)
_DOSE = re.compile(rf"[Dd]{_NUMBER}(%|cc)?", re.IGNORECASE)
_VOLUME = re.compile(rf"[Vv]{_NUMBER}Gy(%|cc)?", re.IGNORECASE)
_GEUD = re.compile(r"gEUD\((-?\d+(?:\.\d+)?)\)", re.IGNORECASE)
_EFFECTIVE = re.compile(r"(EQD2|BED)(?:\((.+)\))?", re.IGNORECASE)
_KNOWN = (
    "give volume, mean, min, max, D95% (Gy to 95 % of the volume), D2cc, V20Gy (% with 20 Gy or more), "
    "V20Gycc, gEUD(8), EQD2 or BED (of the mean), EQD2(D95%)"
)


@dataclass(frozen=True)
class Metric:
    """A metric as it was asked for. kind: plain, D%, Dcc, V%, Vcc or gEUD; number: what stands in it.

    effective: EQD2 or BED where it is of these; None of the physical dose.
    """

    name: str
    kind: str
    number: float = 0.0
    effective: str | None = None

    @property
    def unit(self) -> str:
        """Gy, cc or %."""
        if self.kind == "volume":
            return "cc"
        return {"V%": "%", "Vcc": "cc"}.get(self.kind, "Gy")


@dataclass(frozen=True)
class Fractionation:
    """What EQD2 and BED need: in how many equal fractions, and alpha/beta of the tissue in Gy."""

    fractions: float
    alpha_beta_gy: float


def parse_metric(text: str) -> Metric:
    """The metric that `text` names. Raises InputError with what can be named."""
    name = text.strip()
    if match := _EFFECTIVE.fullmatch(name):
        kind, inner = match[1].upper(), match[2]
        found = parse_metric(inner or "mean")
        if found.effective or found.kind == "volume":
            raise InputError(f"{name!r} is no metric", where="metric", mend=_KNOWN)
        return Metric(name, found.kind, found.number, kind)
    if match := _PLAIN.fullmatch(name):
        return Metric(name, match[1].lower())
    if match := _GEUD.fullmatch(name):
        if float(match[1]) == 0:
            raise InputError("gEUD with a = 0", where="metric", mend="give a number that is not 0")
        return Metric(name, "gEUD", float(match[1]))
    if match := _DOSE.fullmatch(name):
        unit = (match[2] or "%").lower()
        if unit == "%" and float(match[1]) > 100:
            raise InputError(f"{name!r} asks for more than 100 % of the volume", where="metric", mend=_KNOWN)
        return Metric(name, f"D{unit}", float(match[1]))
    if match := _VOLUME.fullmatch(name):
        return Metric(name, f"V{(match[2] or '%').lower()}", float(match[1]))
    raise InputError(f"{name!r} is no metric", where="metric", mend=_KNOWN)


def metric_value(
    metric: Metric, histogram: DoseHistogram, fractionation: Fractionation | None = None
) -> float | None:
    """The value in the metric's unit; None where the structure cannot have it (D2cc of 1 cc).

    Of what the dose grid covers, but for `volume`. Interpolated between fine bins, not rounded to
    voxels. Raises DoseError for EQD2 or BED without a fractionation.
    """
    if metric.kind == "volume":
        return histogram.volume_cc
    if not histogram.covered_cc > 0:
        return None
    if metric.effective is not None:
        if fractionation is None:
            raise DoseError(
                f"{metric.name} without fractions and alpha/beta",
                where="metric",
                mend="give --fractions N and --alpha-beta GY",
            )
        histogram = as_effective(
            histogram, metric.effective, fractionation.fractions, fractionation.alpha_beta_gy
        )
    return _of(metric, histogram)


def _of(metric: Metric, histogram: DoseHistogram) -> float | None:
    covered = histogram.covered_cc
    if metric.kind in ("mean", "min", "max"):
        return float(getattr(histogram, f"{metric.kind}_gy"))
    if metric.kind == "gEUD":
        dose, volume = histogram.parts()
        return geud_gy(dose, volume, metric.number)
    if metric.kind in ("V%", "Vcc"):
        above = float(histogram.volume_cc_at(metric.number))
        return 100 * above / covered if metric.kind == "V%" else above
    wanted = metric.number / 100 * covered if metric.kind == "D%" else metric.number
    return histogram.dose_gy_at(wanted) if wanted <= covered * (1 + 1e-9) else None
