"""Doses and frames of reference that do not go together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from RegSuite.errors import DoseError
from RegSuite.geometry import DoseImage, Grid, Image
from RegSuite.io.course_checks import FractionFrames, check_doses, check_frames
from RegSuite.io.rtdose import read_dose
from Testing.io import rt

IMAGE = Image(torch.zeros(1, 2, 2, 2), Grid.make((2, 2, 2)))


def a_dose(
    summation: str | None = "PLAN", uid: str | None = None, plan: str = "1.5", **more: str
) -> DoseImage:
    return DoseImage(IMAGE, summation=summation, sop_instance=uid, plans=(plan,), **more)


def test_doses_of_a_course_pass_without_a_word() -> None:
    told: list[str] = []
    doses = [a_dose(uid="1.1"), a_dose(uid="1.2"), a_dose(None), a_dose(None)]
    check_doses(doses, list("abcd"), told)
    assert told == []


def test_the_same_instance_twice_is_refused_with_both_names(tmp_path: Path) -> None:
    path = rt.dose(tmp_path / "d.dcm", np.ones((3, 4, 5), dtype=np.uint16))
    with pytest.raises(
        DoseError, match=r"fraction 1 and day 2 have the same dose \(SOP instance 1.2.3.4\)"
    ) as found:
        check_doses([read_dose(path), read_dose(path)], ["fraction 1", "day 2"])
    assert found.value.exit_status == 2


@pytest.mark.parametrize("part", ["BEAM", "FRACTION", "BRACHY", "BEAM_SESSION", "CONTROL_POINT"])
@pytest.mark.parametrize("whole", ["PLAN", "MULTI_PLAN"])
def test_a_plans_sum_beside_a_part_of_it_is_refused(part: str, whole: str) -> None:
    both = [a_dose(part, "1.1"), a_dose(whole, "1.2")]
    with pytest.raises(DoseError, match=f"b is the sum of the plan 1.5 and a a {part}'s dose"):
        check_doses(both, ["a", "b"])
    told: list[str] = []
    check_doses([a_dose(part, "1.1"), a_dose(whole, "1.2", "1.6")], ["a", "b"], told)
    assert told == [f"a: the dose is a {part}'s, not a whole plan's"]


def test_beams_of_one_plan_may_be_summed() -> None:
    told: list[str] = []
    check_doses([a_dose("BEAM", "1.1"), a_dose("BEAM", "1.2")], ["a", "b"], told)
    assert len(told) == 2


def test_physical_beside_effective_doses_are_refused() -> None:
    with pytest.raises(DoseError, match="the dose of a is PHYSICAL, that of b EFFECTIVE"):
        check_doses([a_dose(), a_dose(dose_type="EFFECTIVE")], ["a", "b"])


PLANNING, DAY = "1.2.3", "1.2.4"


@pytest.mark.parametrize(
    "fraction",
    [
        FractionFrames("day 1", image=DAY, dose=DAY),
        FractionFrames("day 1"),
        FractionFrames("day 1", image=DAY),
        FractionFrames("day 1", dose=DAY, registered=PLANNING, source=DAY, has_transform=True),
        FractionFrames("day 1", image=DAY, dose=DAY, registered=PLANNING, source=DAY, has_transform=True),
        FractionFrames("day 1", image=DAY, dose=DAY, has_transform=True),
        FractionFrames("day 1", dose=PLANNING),
    ],
)
def test_frames_that_meet_or_are_unknown_pass(fraction: FractionFrames) -> None:
    check_frames(PLANNING, [fraction])
    check_frames(None, [fraction])


@pytest.mark.parametrize(
    ("fraction", "words"),
    [
        (FractionFrames("day 1", image=DAY, dose=PLANNING), "day 1: the image .* than the dose"),
        (FractionFrames("day 1", dose=DAY), "planning image .* than the dose of day 1"),
        (
            FractionFrames("day 1", image=DAY, registered=DAY, source=DAY, has_transform=True),
            "planning image .* day 1's transform starts from",
        ),
        (
            FractionFrames("day 1", image=DAY, registered=PLANNING, source="1.9", has_transform=True),
            "the image .* day 1's transform leads to",
        ),
        (
            FractionFrames("day 1", dose=DAY, registered=PLANNING, source="1.9", has_transform=True),
            "the dose .* day 1's transform leads to",
        ),
    ],
)
def test_frames_that_nothing_joins_are_refused_with_their_uids(fraction: FractionFrames, words: str) -> None:
    with pytest.raises(DoseError, match=words) as found:
        check_frames(PLANNING, [FractionFrames("day 0", DAY, DAY), fraction])
    assert found.value.exit_status == 2
    assert "1.2." in found.value.what
