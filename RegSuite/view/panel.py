"""The column beside the views: layers to choose, then what the result is worth."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v3


def layer_controls() -> None:
    """Selectors of background, foreground and labels, the fade, the Jacobian switch."""
    with html.Div(classes="rs-card"):
        html.H2("Layers")
        with html.Div(classes="rs-fade"):
            html.Span("{{ background_name }}", classes="rs-end")
            html.Span("{{ Math.round(fade * 100) }} %", classes="rs-percent")
            html.Span("{{ foreground_name }}", classes="rs-end rs-right")
        v3.VSlider(
            v_model=("fade",), min=0, max=1, step=0.01, hide_details=True, color="primary",
            disabled=("!foreground",), classes="rs-slider", aria_label="Fade from background to foreground",
        )  # fmt: skip
        _select("Background", "background", "volumes")
        _select("Foreground", "foreground", "[{title: 'none', value: ''}, ...volumes]")
        _select("Labels", "labels", "label_choices", multiple=True, v_if="label_choices.length")
        v3.VSwitch(
            v_model=("jacobian",), label="Jacobian map", color="primary", hide_details=True,
            density="compact", id="jacobian", v_if="jacobian_id",
        )  # fmt: skip


def headline_card() -> None:
    """Did it work: the report's first words."""
    with html.Div(classes="rs-card rs-headline", v_bind_class="found.tone", id="headline"):
        html.H1("{{ found.headline }}")
        html.P("{{ found.sentence }}")


def findings_cards() -> None:
    """Key numbers, warnings and verdicts, in the words of the report."""
    tiles = html.Div(classes="rs-tiles", id="metrics")
    with tiles, html.Div(v_for="tile in found.tiles", key="tile.name", classes="rs-tile"):
        html.H3("{{ tile.name }}")
        html.P("{{ tile.value }}", classes="rs-value", v_bind_class="tile.tone")
        html.P("{{ tile.below }}")
    with html.Div(classes="rs-card rs-warnings", v_if="found.warnings.length", id="warnings"):
        html.H2("Do not trust without a look")
        with html.Ul():
            html.Li("{{ warning }}", v_for="warning in found.warnings", key="warning")
    with html.Div(classes="rs-card", id="verdicts"):
        html.H2("Measures")
        with html.Div(v_for="row in found.rows", key="row.title", classes="rs-row"):
            html.Span("{{ row.title }}", classes="rs-title")
            html.Span("{{ row.value }}", classes="rs-number")
            html.Span("{{ row.limit }}", classes="rs-limit")
            html.Span("{{ row.verdict }}", classes="rs-verdict", v_bind_class="row.tone")


def _select(label: str, model: str, items: str, *, multiple: bool = False, v_if: str = "true") -> None:
    v3.VSelect(
        v_model=(model,), items=(items,), label=label, multiple=multiple, chips=multiple, v_if=v_if,
        density="compact", variant="outlined", hide_details=True, classes="rs-select", id=model,
    )  # fmt: skip
