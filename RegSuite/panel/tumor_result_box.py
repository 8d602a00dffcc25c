"""A template brought to a tumour at a glance: what is shape, what appearance, how well labels fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from RegSuite.panel.dice_table import DiceTable, label_rows, text_of
from RegSuite.panel.result_frame import ButtonWords, ResultFrame, word_label
from RegSuite.panel.tones import plain, together

if TYPE_CHECKING:
    from RegSuite.report.headline import Headline
    from RegSuite.report.result import Result

MOST_WARNINGS = 4
SHAPE, LOOK = "#2f6f9f", "#e0631b"
"""Colours of the bar of shares: blue for shape, the orange of added intensity for appearance."""

_LEAST_PERCENT = 6
"""Of the bar, so that a small share can still be seen."""


class TumorResultBox:
    """Verdict, warnings, shares, Dice and buttons. `widget` goes into the panel, hidden until `show`.

    on: functions by button: report, views, copy.
    """

    def __init__(self) -> None:
        self.shares = word_label("sharesLabel")
        self.table = DiceTable()
        self._frame = ResultFrame(
            "tumorResultBox", [self.shares, self.table.widget], _buttons(), MOST_WARNINGS
        )
        self.widget, self.on, self.buttons = self._frame.widget, self._frame.on, self._frame.buttons
        self.verdict, self.warnings, self.facts = (
            self._frame.verdict,
            self._frame.warnings,
            self._frame.facts,
        )

    def show(
        self,
        record: Result,
        name: str,
        given: Collection[str],
        label_names: Mapping[int, str],
        notes: Sequence[str] = (),
        *,
        report: bool = True,
    ) -> None:
        """Show a result. given: input roles of the run; label_names: by label; report: is there one."""
        head = headline_of(record, given)
        rows = label_rows(record.metrics, label_names)
        self.shares.text = shares_text(record)
        self.shares.visible = bool(self.shares.text)
        self.table.show(rows)
        self.buttons["report"].enabled = report
        mind = [*record.warnings, *notes]
        parts = [f"RegSuite: {name}", f"{head.title}. {head.sentence}", plain(_shares_words(record))]
        text = "\n".join([*filter(None, parts), text_of(rows), *mind])
        self._frame.show(record, name, head, notes, text)

    def clear(self) -> None:
        """Show nothing."""
        self._frame.clear()
        self.table.clear()
        self.shares.text = ""


def headline_of(record: Result, given: Collection[str]) -> Headline:
    """What the report's first screen says, from the record alone. given: input roles of the run."""
    from RegSuite.report.tumor_headline import tumor_headline

    tumor = record.metrics.get("tumor") or {}
    marked = any(role in given for role in ("tumor_mask", "oedema_mask", "growth"))
    known = "ssd_before_outside" in tumor
    leaked = tumor.get("appearance_outside_share")
    method = str(record.parameters.get("requested_method") or record.method or "")
    appearance = {"weighted": "mask", "metamorphosis": "everywhere"}.get(method.partition("-")[0], "nowhere")
    changed = bool(tumor.get("appearance_share"))
    found: Any = SimpleNamespace(
        mask=True if known else None,
        mask_origin="given" if marked else "estimated" if known else "none",
        tumor_known=known and method.partition("-")[0] in ("weighted", "masked"),
        appearance=appearance,
        intensity_change=True if changed else None,
        warped_labels=True if "template_labels" in given else None,
    )
    measures: Any = SimpleNamespace(
        appearance_outside_percent=None if leaked is None or not changed else 100 * leaked, labels=()
    )
    return tumor_headline(found, measures, record)


def shares_text(record: Result) -> str:
    """Rich text: a bar of the shares of shape and appearance, and what stands in cc and mm."""
    words = _shares_words(record)
    shape = (record.metrics.get("tumor") or {}).get("shape_share")
    if shape is None:
        return words
    wide = min(max(round(100 * shape), _LEAST_PERCENT), 100 - _LEAST_PERCENT)
    cells = "".join(
        f"<td width='{part}%' bgcolor='{colour}'>&nbsp;</td>"
        for part, colour in ((wide, SHAPE), (100 - wide, LOOK))
    )
    return f"<table width='100%' cellspacing='0' cellpadding='0'><tr>{cells}</tr></table>{words}"


def _shares_words(record: Result) -> str:
    tumor = record.metrics.get("tumor") or {}
    parts = []
    shape, look = tumor.get("shape_share"), tumor.get("appearance_share")
    if shape is not None and look is not None:
        parts.append(
            f"<b style='color:{SHAPE}'>{escape(_('Shape'))} {100 * shape:.0f} %</b>, "
            f"<b style='color:{LOOK}'>{escape(_('appearance'))} {100 * look:.0f} %</b> "
            + escape(_("of the squared change"))
        )
    size = tumor.get("mask_volume_cc")
    if size is not None:
        parts.append(escape(_("tumour mask {cc:.1f} cc").format(cc=size)))
    moved = tumor.get("surrounding_displacement_mm") or {}
    if "mean" in moved and "max" in moved:
        words = _("tissue around it moved by {mean:.1f} mm (largest {most:.1f} mm)")
        parts.append(escape(words.format(mean=moved["mean"], most=moved["max"])))
    return together(" · ".join(parts))


def _buttons() -> list[ButtonWords]:
    return [
        ButtonWords("report", _("Open the report"), _("The whole report, with pictures and the film")),
        ButtonWords(
            "views",
            _("Show in the views"),
            _("Patient, final image, deformation alone and appearance change in four linked slices"),
        ),
        ButtonWords("copy", _("Copy"), _("Copy the measures as text")),
    ]
