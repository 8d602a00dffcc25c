"""What can be said of a template, a patient and the tumour's segments before Apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slicer.i18n import tr as _

from RegSuite.panel.finding import Finding
from RegSuite.panel.tumor_state import TumorState

STARTS = ("auto", "rigid", "affine")
"""Starts that bring the images together."""


def check_tumor(
    state: TumorState, given: Mapping[str, Any], start: str
) -> Callable[[list[Finding]], list[Finding]]:
    """A function that gives the findings of the images in the light of the tumour, and its own beside them.

    Images that lie apart are no error where a start brings them together. Labels of the template alone
    are brought to the patient: nothing is missing there.
    """

    def together(found: list[Finding]) -> list[Finding]:
        out = [_mended(finding, start, given) for finding in found if not _of_template_labels(finding, given)]
        return [*out, *_own(state, given)]

    return together


def _mended(finding: Finding, start: str, given: Mapping[str, Any]) -> Finding:
    """Images apart: the run begins with a registration of them as rigid bodies."""
    apart = finding.roles == ("target", "template") and "overlap" in finding.what
    if finding.severity == "error" and apart and start in STARTS and given.get("initial") is None:
        mend = _("a start is made and the result says which; give an initial transform if it fails")
        return replace(finding, severity="warning", mend=mend)
    return finding


def _of_template_labels(finding: Finding, given: Mapping[str, Any]) -> bool:
    alone = "template_labels" in given and "target_labels" not in given
    return alone and finding.severity == "warning" and finding.roles == ("target_labels",)


def _own(state: TumorState, given: Mapping[str, Any]) -> list[Finding]:
    where = _("Tumour")
    if state.regions is not None and not state.parts and not _masks_given(given):
        what = _("none of '{name}' is said to be core or oedema").format(name=state.regions.GetName())
        mend = _("choose what its segments are, or choose no segmentation")
        return [Finding("error", what, where, mend, ("tumor_mask",))]
    return []


def _masks_given(given: Mapping[str, Any]) -> bool:
    return any(given.get(role) is not None for role in ("tumor_mask", "oedema_mask", "growth"))
