"""Do the doses of a course add up, and do its frames of reference meet? By what their files say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from RegSuite.errors import DoseError
from RegSuite.geometry import DoseImage

WHOLE = ("PLAN", "MULTI_PLAN", "PLAN_OVERVIEW")
"""DoseSummationType of what holds a plan's other doses."""


@dataclass(frozen=True)
class FractionFrames:
    """Frames of reference (UIDs, None where unknown) that a fraction names.

    image, dose: of its files. registered, source: the two that a given transform joins.
    """

    name: str
    image: str | None = None
    dose: str | None = None
    registered: str | None = None
    source: str | None = None
    has_transform: bool = False


def check_doses(doses: Sequence[DoseImage], names: Sequence[str], warnings: list[str] | None = None) -> None:
    """Refuse doses that would be counted twice or mean different things.

    names: how messages call them. Raises DoseError for one SOP instance given twice, for a plan's sum
    beside a part of the same plan (a beam's, a fraction's), and for physical beside effective doses.
    warnings: a sentence for each dose that is a part of a plan only.
    """
    _check_instances(doses, names)
    _check_parts(doses, names)
    kinds = {d.dose_type: name for d, name in zip(doses, names, strict=True)}
    if len(kinds) > 1:
        (one, first), (other, second) = list(kinds.items())[:2]
        raise DoseError(
            f"the dose of {first} is {one}, that of {second} {other}: they cannot be summed",
            where="doses",
            mend="give physical doses; RegSuite forms EQD2 itself",
        )
    for dose, name in zip(doses, names, strict=True):
        if warnings is not None and dose.summation is not None and dose.summation not in WHOLE:
            warnings.append(f"{name}: the dose is a {dose.summation}'s, not a whole plan's")


def _check_instances(doses: Sequence[DoseImage], names: Sequence[str]) -> None:
    """No SOP instance twice."""
    seen: dict[str, str] = {}
    for dose, name in zip(doses, names, strict=True):
        uid = dose.sop_instance
        if uid is None:
            continue
        if uid in seen:
            raise DoseError(
                f"{seen[uid]} and {name} have the same dose (SOP instance {uid}): it would be counted twice",
                where=str(dose.path or name),
                mend="give each fraction its own dose, or one entry with `fractions: N`",
            )
        seen[uid] = name


def _check_parts(doses: Sequence[DoseImage], names: Sequence[str]) -> None:
    """No sum of a plan together with a part of that plan."""
    whole = {
        plan: name
        for dose, name in zip(doses, names, strict=True)
        if dose.summation in WHOLE
        for plan in dose.plans
    }
    for dose, name in zip(doses, names, strict=True):
        shared = [plan for plan in dose.plans if plan in whole]
        if dose.summation is not None and dose.summation not in WHOLE and shared:
            raise DoseError(
                f"{whole[shared[0]]} is the sum of the plan {shared[0]} and {name} a {dose.summation}'s dose "
                "of it: it would be counted twice",
                where=str(dose.path or name),
                mend="give the plan's sum, or its parts",
            )


def check_frames(planning: str | None, fractions: Sequence[FractionFrames]) -> None:
    """Refuse frames of reference that no registration joins; what is unknown is not judged.

    A fraction's dose must lie in its image's frame (or, without an image, where the transform leads),
    and a given transform must join that frame with the planning image's. Raises DoseError, with the UIDs.
    """
    for fraction in fractions:
        _meet(fraction.image, fraction.dose, f"{fraction.name}: the image", "the dose")
        if fraction.has_transform:
            _meet(
                planning,
                fraction.registered,
                "the planning image",
                f"what {fraction.name}'s transform starts from",
            )
            target = f"what {fraction.name}'s transform leads to"
            _meet(fraction.image, fraction.source, f"{fraction.name}: the image", target)
            _meet(fraction.dose, fraction.source, f"{fraction.name}: the dose", target)
        elif fraction.image is None and planning is not None:
            _meet(planning, fraction.dose, "the planning image", f"the dose of {fraction.name}")


def _meet(one: str | None, other: str | None, first: str, second: str) -> None:
    if one is not None and other is not None and one != other:
        raise DoseError(
            f"{first} lies in another frame of reference ({one}) than {second} ({other})",
            where="frames of reference",
            mend="give files of one frame, or a registration that joins the two",
        )
