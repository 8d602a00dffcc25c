"""A result in words and tables, as the panel shows and copies them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from RegSuite.panel.tones import COLOURS, SIGNS, Tone, together

if TYPE_CHECKING:
    from RegSuite.report.result import Result
    from RegSuite.report.table import MetricRow


def tone_of(verdict: str) -> Tone:
    """The colour of a verdict's words."""
    if verdict.startswith("fail"):
        return "fail"
    return "pass" if verdict == "pass" else "plain"


def judged_rows(result: Result) -> list[MetricRow]:
    """The measures that a limit stands beside, what was not measured included."""
    from RegSuite.report.table import metric_rows

    return [row for row in metric_rows(result) if row.limit]


def verdict_table(result: Result) -> str:
    """Rich text: measure, value, limit, verdict; the source of the limits below."""
    rows = judged_rows(result)
    if not rows:
        return escape(_("No limits file judges this result."))
    heads = (_("Measure"), _("Value"), _("Limit"), _("Verdict"))
    out = [
        "<table width='100%' cellspacing='0' cellpadding='3'><tr>",
        *(f"<th align='left'>{escape(h)}</th>" for h in heads),
        "</tr>",
    ]
    for row in rows:
        tone = tone_of(row.verdict)
        sign = f"{SIGNS[tone]} {escape(row.verdict)}"
        cell = f"<b style='color:{COLOURS[tone].edge}'>{sign}</b>" if tone != "plain" else f"<i>{sign}</i>"
        out.append(
            f"<tr><td>{escape(row.title)}</td><td>{together(escape(row.value))}</td>"
            f"<td>{together(escape(row.limit))}</td><td>{cell}</td></tr>"
        )
    out.append("</table>")
    bodies = sorted({row.source.partition(":")[0] for row in rows if row.source})
    if bodies:
        words = _("Limits: {names}; see 'All measures' for what each rests on.").format(
            names=", ".join(bodies)
        )
        out.append(f"<span style='font-size:small'>{escape(words)}</span>")
    return "".join(out)


def facts(result: Result) -> str:
    """One line: similarity before and after, time, device."""
    from RegSuite.panel.progress_box import duration
    from RegSuite.report.tiles import key_numbers

    parts = [
        f"{n.name} {n.value} ({n.below})" for n in key_numbers(result) if n.name.startswith("Similarity")
    ]
    if result.total_seconds is not None:
        parts.append(_("took {time}").format(time=duration(result.total_seconds)))
    if result.method:
        parts.append(_("method {method}").format(method=result.method))
    if result.device:
        device = result.device.upper() if result.device == "cpu" else result.device
        parts.append(_("on {device}").format(device=device))
    return " \u00b7 ".join(parts)


def more(result: Result) -> str:
    """Rich text: every measure with its definition, seconds a stage, what was decided and why."""
    from RegSuite.report.table import metric_rows, other_metrics

    rows = [
        f"<b>{escape(r.title)}</b> {escape(r.value)} <i>({escape(r.definition)})</i>"
        for r in metric_rows(result)
    ]
    rows += [f"<b>{escape(name)}</b> {escape(text)}" for name, text in other_metrics(result)]
    times = [f"{escape(stage)}: {seconds:.1f} s" for stage, seconds in result.seconds.items()]
    limits = [f"<b>{escape(r.title)}</b> {escape(r.limit)}: {escape(r.source)}" for r in judged_rows(result)]
    parts = [_section(_("Measures"), rows), _section(_("Limits"), limits), _section(_("Times"), times)]
    parts.append(_section(_("What was decided"), [escape(note) for note in result.notes]))
    return "".join(parts)


def _section(title: str, lines: Sequence[str]) -> str:
    return f"<p><b>{escape(title)}</b><br>{'<br>'.join(lines)}</p>" if lines else ""


def warnings_text(warnings: Sequence[str]) -> str:
    """Rich text: what must not be trusted, a line each."""
    if not warnings:
        return ""
    head = f"<b>{SIGNS['unsure']}&nbsp;{escape(_('Mind'))}</b>"
    return "<br>".join([head, *(f"\u2022 {escape(sentence)}" for sentence in warnings)])


def plain_text(result: Result, name: str, notes: Sequence[str] = ()) -> str:
    """The result for an e-mail or a note: headline, measures, warnings, method."""
    from RegSuite.report.headline import headline
    from RegSuite.report.table import metric_rows

    head = headline(result)
    lines = [f"RegSuite: {name}", f"{head.title}. {head.sentence}", ""]
    for row in metric_rows(result):
        limit = f"\t{row.limit}\t{row.verdict}" if row.limit else ""
        lines.append(f"{row.title}\t{row.value}{limit}")
    lines += ["", facts(result)]
    lines += [_("Mind: {sentence}").format(sentence=s) for s in (*result.warnings, *notes)]
    return "\n".join(lines)
