"""What a dose was made of, as an RT Dose says it: plans, prior doses, registrations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.io.dicom_file import DEFORMABLE_REGISTRATION, RT_DOSE, RT_PLAN
from RegSuite.io.new_object import code_item, image_item

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class DoseOrigin:
    """What a dose was made of. plans, doses, registrations: SOP instance UIDs.

    Of one plan the sum is of type PLAN, of several MULTI_PLAN; without a plan it is PLAN_OVERVIEW, and
    `fractions` says of how many. A registration is a Deformable Spatial Registration, or given as
    (SOP class UID, SOP instance UID). rigid: whether all of them are rigid motions.
    """

    plans: tuple[str, ...] = ()
    doses: tuple[str, ...] = ()
    registrations: tuple[str | tuple[str, str], ...] = ()
    rigid: bool = False
    fractions: int | None = None


def describe(data: Dataset, kind: str, comment: str, origin: DoseOrigin) -> None:
    """Fill in unit, kind, sum, transform, plans, and what a dose was composed of (PS3.3 C.8.8.3, CID 7220).

    A dose of no known plan is a PLAN_OVERVIEW, as the other types of sum need a plan's reference;
    planning systems that want a plan do not take it.
    """
    data.DoseUnits, data.DoseType = "GY", kind
    if comment:
        data.DoseComment = comment
    plans = list(dict.fromkeys(origin.plans))
    data.DoseSummationType = ("PLAN_OVERVIEW", "PLAN", "MULTI_PLAN")[min(len(plans), 2)]
    if plans:
        data.ReferencedRTPlanSequence = [image_item(RT_PLAN, uid) for uid in plans]
    else:
        data.PlanOverviewSequence = [_overview(origin.fractions)]
    data.SpatialTransformOfDose = "NONE"
    if origin.registrations:
        data.SpatialTransformOfDose = "RIGID" if origin.rigid else "NON_RIGID"
        pairs = [(DEFORMABLE_REGISTRATION, r) if isinstance(r, str) else r for r in origin.registrations]
        data.ReferencedSpatialRegistrationSequence = [image_item(*pair) for pair in pairs]
    if origin.doses:
        data.ReferencedInstanceSequence = [_source(uid) for uid in dict.fromkeys(origin.doses)]
        codes = [("121370", "DCM", "Composed from prior doses")]
        if kind == "EFFECTIVE":
            codes.append(("121377", "DCM", "Composed with radiobiological effects"))
        data.DerivationCodeSequence = [code_item(*code) for code in codes]


def _source(uid: str) -> Dataset:
    """A reference to a dose that the dose was composed of."""
    item = image_item(RT_DOSE, uid)
    item.PurposeOfReferenceCodeSequence = [
        code_item("121372", "DCM", "Source dose for composing current dose")
    ]
    return item


def _overview(fractions: int | None) -> Dataset:
    """The item of PlanOverviewSequence that stands for a plan that is not known."""
    from pydicom import Dataset

    item = Dataset()
    item.PlanOverviewIndex, item.RTPlanLabel, item.TreatmentSite = 1, "", ""
    item.TreatmentSiteCodeSequence, item.PrescriptionOverviewSequence = [], []
    if fractions is not None:
        item.NumberOfFractionsIncluded = fractions
    return item
