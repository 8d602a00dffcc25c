"""What can be said of the organs of both sides before Apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slicer.i18n import tr as _

from RegSuite.panel.finding import Finding
from RegSuite.panel.organ_rows import BOTH, SOURCE, TARGET, organ_rows

ROLES = ("source_labels", "target_labels")
SCANS = ("target_image", "source_image")
MOST_NAMED = 6


def check_organs(found: list[Finding], given: Mapping[str, Any]) -> list[Finding]:
    """The findings of the nodes without what is no harm here, and what there is to say of the organs.

    Scans may lie far apart: organs are brought together wherever they are.
    """
    kept = [finding for finding in found if not _of_scans_apart(finding)]
    return [*kept, *_own(given)]


def _of_scans_apart(finding: Finding) -> bool:
    return finding.roles == SCANS and "overlap" in finding.what


def _own(given: Mapping[str, Any]) -> list[Finding]:
    if any(given.get(role) is None for role in ROLES):
        return []
    rows = organ_rows(*(given[role] for role in ROLES))
    names = {where: [row.name for row in rows if row.where == where] for where in (BOTH, SOURCE, TARGET)}
    where = _("Source organs, Target organs")
    if not names[BOTH] and names[SOURCE] and names[TARGET]:
        what = _("no organ is on both sides: {source} against {target}").format(
            source=_listed(names[SOURCE]), target=_listed(names[TARGET])
        )
        mend = _("give the same organs the same names on both sides (module Segment Editor)")
        return [Finding("error", what, where, mend, ROLES)]
    out = []
    for side, words in ((SOURCE, _("only in the source")), (TARGET, _("only in the target"))):
        if names[side]:
            what = _("{words}: {names}; no partner, their motion is a guess").format(
                words=words, names=_listed(names[side])
            )
            mend = _("call them alike on both sides, or untick them in the table")
            out.append(Finding("warning", what, where, mend, ROLES))
    return out


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (_(" and {n} more").format(n=more) if more > 0 else "")
