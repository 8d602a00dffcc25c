"""The first screen of an accumulated course: what the limits say, how sure it is, what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report.dose_tables import structure_and_metric
from RegSuite.report.headline import Headline, Tone, counted, duration, number
from RegSuite.report.tiles import KeyNumber
from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from RegSuite.quality.verdict import Verdict
    from RegSuite.report.dose_content import DosePage
    from RegSuite.report.result import Result


def dose_headline(found: DosePage, record: Result) -> Headline:
    """A title and why; green only where all limits pass with their bands and nothing is warned of."""
    said = _said(record)
    limits = [v for v in record.verdicts if v.measure.startswith("dose.")]
    failed, unsure, passed = ([v for v in limits if v.verdict == w] for w in ("fail", "not certain", "pass"))
    silent = [v for v in limits if v.verdict == "not measured"]
    others = [v for v in record.verdicts if v not in limits and v.verdict == "fail"]
    doubts = f" Mind the {counted(len(record.warnings), 'warning')} below." if record.warnings else ""
    if failed:
        title = f"{counted(len(failed), 'dose limit')} of {len(limits)} not met"
        return Headline("fail", title, f"{said} {_list(failed, record)}{doubts}")
    if unsure:
        title = f"{counted(len(unsure), 'dose limit')} of {len(limits)} not certain"
        why = "What is known of the deformation and of the dose does not decide: "
        return Headline("unsure", title, f"{said} {why}{_list(unsure, record)}{doubts}")
    if not passed:
        tone: Tone = "unsure"
        judged = "None of the limits could be measured." if silent else "No dose was judged against a limit."
        return Headline(tone, "Dose accumulated, not judged", f"{said} {judged}{doubts}")
    bands = _band_words(found, record)
    sentence = f"{said} {_list(passed, record)}{bands}{doubts}"
    if others or silent or record.warnings or bands:
        return Headline("unsure", "Within the dose limits, with doubts", sentence)
    return Headline("pass", "Within the dose limits, bands included", sentence)


def dose_tiles(found: DosePage, record: Result) -> list[KeyNumber]:
    """The key numbers; what was not measured says so."""
    dose = record.dose or {}
    largest = float(np.nanmax(as_array(found.dose.data), initial=0.0))
    fractions = sum(f.count for f in found.fractions)
    words = counted(len(found.fractions), "dose file")
    out = [KeyNumber("Largest dose", f"{largest:.2f} Gy", f"{fractions:g} fractions in {words}")]
    out += [_uncertainty_tile(dose), _calibration_tile(dose), _unknown_tile(dose), _folds_tile(dose)]
    comparison = dose.get("comparison")
    if comparison:
        asked, other = (MAPPINGS.get(comparison[k], comparison[k]) for k in ("asked", "other"))
        below = f"{other} against {asked}, {comparison['percent']:g} % / {comparison['distance_mm']:g} mm"
        out.append(KeyNumber("Gamma of the mappings", f"{comparison['pass_rate_percent']:.2f} %", below))
    if record.total_seconds is not None:
        out.append(KeyNumber("Time", duration(record.total_seconds), record.device or ""))
    return out


MAPPINGS = {"ddm": "direct mapping", "emt": "energy/mass transfer"}
"""How the mappings are called on the page."""


def _said(record: Result) -> str:
    dose = record.dose or {}
    mapping = MAPPINGS.get(str(dose.get("mapping")), str(dose.get("mapping")))
    return f"Accumulated by {mapping}."


def _band_words(found: DosePage, record: Result) -> str:
    """What is wrong with the bands: there are none, or nobody measured whether they hold the truth."""
    if not found.spread:
        return " Nothing is said of the deformation's uncertainty."
    if not ((record.dose or {}).get("calibration") or {}).get("dvh"):
        return " Whether the bands hold the truth as often as they should was not measured."
    return ""


def _list(verdicts: Sequence[Verdict], record: Result) -> str:
    """'Cord D0.03cc 44.1 Gy (43.0 to 46.2; at most 45 Gy); ...', at most four."""
    parts = []
    for v in verdicts[:4]:
        name = " ".join(structure_and_metric(v.measure, record))
        side = "at most" if v.bound == "max" else "at least"
        band = "" if v.p05 is None or v.p95 is None else f"{number(v.p05)} to {number(v.p95)}; "
        parts.append(
            f"{name} {number(v.value)} {v.unit or ''} ({band}{side} {number(v.limit)} {v.unit or ''})"
        )
    more = f"; and {len(verdicts) - 4} more" if len(verdicts) > 4 else ""
    return "; ".join(parts) + more + "."


def _uncertainty_tile(dose: Mapping[str, Any]) -> KeyNumber:
    name = "Deformation's SD"
    sampling = dose.get("sampling")
    found = [f["uncertainty_mm"] for f in dose.get("fractions", ()) if "uncertainty_mm" in f]
    if not sampling or not found:
        return KeyNumber(name, "not measured", "no bands: uncertainty was not asked for", "unsure")
    mean = float(np.mean([f["mean"] for f in found]))
    below = f"mean; {sampling['source']}, {sampling['samples']} samples"
    return KeyNumber(name, f"{mean:.1f} mm", below)


def _calibration_tile(dose: Mapping[str, Any]) -> KeyNumber:
    """How often the truth was inside the bands, where that was tried."""
    name = "Bands held the truth"
    calibration = dose.get("calibration") or {}
    parts = calibration.get("dvh") or {}
    if not parts:
        return KeyNumber(name, "not measured", "of a nominal 90 %", "unsure")
    value = " / ".join(f"{100 * c['measured']:.0f}" for c in parts.values()) + " %"
    if dose.get("calibration_doubts"):
        below = f"{' / '.join(parts)}, on phantoms, but not under this course's conditions"
        return KeyNumber(name, value, below, "unsure")
    return KeyNumber(name, value, f"{' / '.join(parts)}, on phantoms; nominal 90 %")


def _unknown_tile(dose: Mapping[str, Any]) -> KeyNumber:
    """The largest share of a structure whose dose is not known."""
    name = "Dose not known"
    covered = {n: s.get("covered_percent") for n, s in (dose.get("structures") or {}).items()}
    known = {n: c for n, c in covered.items() if c is not None}
    if not known:
        return KeyNumber(name, "not measured", "", "unsure")
    worst = min(known, key=lambda n: known[n])
    missing = 100 - known[worst]
    if missing < 0.05:
        return KeyNumber(name, "0 %", "of any structure")
    return KeyNumber(name, f"{missing:.2g} %", f"of {worst}, the worst structure", "unsure")


def _folds_tile(dose: Mapping[str, Any]) -> KeyNumber:
    name = "Folded voxels"
    found = [f["marks"]["folded"] for f in dose.get("fractions", ()) if "marks" in f]
    jacobians = [f["jacobian"]["min"] for f in dose.get("fractions", ()) if f.get("jacobian")]
    below = f"smallest Jacobian {number(min(jacobians))}" if jacobians else ""
    return KeyNumber(name, f"{sum(found)}", below, "fail" if sum(found) else None)
