"""Errors in the panel: what is wrong, where, the mend, and the field concerned outlined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import RegSuiteError
from RegSuite.panel.tones import COLOURS, Tone, box_style, plain, titled

if TYPE_CHECKING:
    from RegSuite.panel.finding import Finding

HIGHLIGHTED = "RegSuiteHighlighted"
"""Dynamic property of a widget that is outlined."""


class ErrorBox:
    """A box that says one thing until the next one, or nothing. `widget` goes into the panel."""

    def __init__(self, name: str = "errorBox") -> None:
        self.widget: Any = qt.QLabel()
        self.widget.objectName = name
        self.widget.setWordWrap(True)
        self.widget.setTextFormat(qt.Qt.RichText)
        self.widget.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
        self._outlined: list[Any] = []
        self.clear()

    def show_error(self, error: BaseException, *fields: Any) -> None:
        """Say an error; what RegSuite did not expect is called that. fields: widgets to outline."""
        if isinstance(error, RegSuiteError):
            self.show(error.what, error.where, error.mend, *fields)
        else:
            what = f"{type(error).__name__}: {error}"
            self.show(what, "", _("This was not foreseen: please report it with the log below."), *fields)

    def show(self, what: str, where: str = "", mend: str = "", *fields: Any, tone: Tone = "fail") -> None:
        """what: the finding. where: field, node or stage. mend: what the user can do."""
        lines = [_("Where: {where}").format(where=where)] if where else []
        lines += [_("Mend: {mend}").format(mend=mend)] if mend else []
        self._put(tone, what, lines, fields)

    def show_findings(self, findings: Sequence[Finding], *fields: Any) -> None:
        """All findings of the checks below each other; nothing where there is none."""
        if not findings:
            self.clear()
            return
        worst: Tone = "fail" if any(f.severity == "error" for f in findings) else "unsure"
        blocks = [_block("fail" if f.severity == "error" else "unsure", f) for f in findings]
        self._put_text(worst, "<br>".join(blocks), fields)

    def say(self, title: str, *sentences: str) -> None:
        """Tell what is no error."""
        self._put("plain", title, list(sentences), ())

    def clear(self) -> None:
        """Say nothing, outline nothing."""
        self.widget.text = ""
        self.widget.visible = False
        self._outline(())

    @property
    def text(self) -> str:
        """What the box says, without its markup; empty where it says nothing."""
        return plain(str(self.widget.text))

    def _put(self, tone: Tone, title: str, sentences: list[str], fields: tuple[Any, ...]) -> None:
        self._put_text(tone, titled(tone, title, *sentences), fields)

    def _put_text(self, tone: Tone, text: str, fields: tuple[Any, ...]) -> None:
        self.widget.setStyleSheet(box_style(tone))
        self.widget.text = text
        self.widget.visible = True
        self._outline(fields)

    def _outline(self, fields: tuple[Any, ...]) -> None:
        for field in self._outlined:
            field.setStyleSheet("")
            field.setProperty(HIGHLIGHTED, False)
        self._outlined = [field for field in fields if field is not None]
        for field in self._outlined:
            field.setProperty(HIGHLIGHTED, True)
            field.setStyleSheet(f"QComboBox, QLineEdit {{ border: 2px solid {COLOURS['fail'].edge}; }}")


def _block(tone: Tone, finding: Finding) -> str:
    """A finding with its mend; the place only where the sentence does not name it."""
    mend = _("Mend: {mend}").format(mend=finding.mend) if finding.mend else ""
    return titled(tone, finding.what, mend)
