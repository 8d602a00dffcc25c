"""The colours of good, bad and doubtful; words stand beside each, so that nobody depends on colour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Literal

Tone = Literal["pass", "fail", "unsure", "plain"]


@dataclass(frozen=True)
class Colours:
    """Ground, text and edge as Qt's style sheets take them; readable in a light and a dark Slicer."""

    ground: str
    text: str
    edge: str


COLOURS: dict[Tone, Colours] = {
    "pass": Colours("#e6f4ea", "#14532d", "#2e7d32"),
    "fail": Colours("#fdecea", "#7f1d1d", "#c62828"),
    "unsure": Colours("#fff4dc", "#6b4400", "#e08e00"),
    "plain": Colours("#eef1f5", "#1f2937", "#8492a6"),
}
SIGNS: dict[Tone, str] = {"pass": "\u2713", "fail": "\u2717", "unsure": "!", "plain": "\u2013"}
"""A sign beside the words: tick, cross, exclamation mark, dash."""


def box_style(tone: Tone) -> str:
    """The style sheet of a label that stands as a coloured box."""
    c = COLOURS[tone]
    return (
        f"QLabel {{ background: {c.ground}; color: {c.text}; border: none; "
        f"border-left: 5px solid {c.edge}; padding: 7px 9px; }}"
    )


_UNIT = re.compile(r"(?<=\d) (?=(?:mm|%|s|min|h)\b|%)")


def together(text: str) -> str:
    """Rich text in which a number and its unit stay on one line."""
    return _UNIT.sub("&nbsp;", text)


def titled(tone: Tone, title: str, *sentences: str) -> str:
    """Rich text: the sign and the title in bold, a line for each sentence."""
    lines = [f"<b>{SIGNS[tone]}&nbsp;{escape(title)}</b>", *(escape(s) for s in sentences if s)]
    return together("<br>".join(lines))


def plain(text: str) -> str:
    """Rich text as `titled` makes it, without its markup."""
    return unescape(re.sub("<[^>]*>", "", text.replace("<br>", "\n"))).replace("\u00a0", " ")
