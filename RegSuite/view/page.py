"""The page: four views, the column beside them, and the report one tab away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client, html
from trame.widgets import vuetify3 as v3
from trame_slicer.core import LayoutManager

from RegSuite.view.panel import findings_cards, headline_card, layer_controls

_STYLE = Path(__file__).with_name("page.css")


def build_page(server: Any, layout: LayoutManager, *, report: bool) -> None:
    """Make the page of a server whose state holds `found`, `volumes` and the layers.

    report: whether there is a report at /report.html.
    """
    with VAppLayout(server) as page:
        page.root.theme = "dark"
        client.Style(_STYLE.read_text(encoding="utf-8"))
        with v3.VAppBar(density="compact", flat=True, classes="rs-bar"):
            html.Span("{{ found.title }}", classes="rs-brand")
            html.Span("{{ found.pair }}", classes="rs-pair")
            v3.VSpacer()
            if report:
                with v3.VTabs(v_model=("tab",), density="compact", color="primary"):
                    v3.VTab("Views", value="views", id="tab-views")
                    v3.VTab("Report", value="report", id="tab-report")
                html.A(
                    "in a new tab", href="/report.html", target="_blank", rel="noopener", classes="rs-alone"
                )
        with v3.VNavigationDrawer(permanent=True, location="right", width=372, classes="rs-side"):
            html.P("{{ notice }}", classes="rs-notice", v_if="notice")
            headline_card()
            layer_controls()
            findings_cards()
        with v3.VMain(), html.Div(classes="rs-stage"):
            layout.initialize_layout_grid(page)
            if report:
                html.Iframe(
                    src="/report.html", sandbox="allow-scripts", classes="rs-report",
                    v_if="tab === 'report'", title="Report",
                )  # fmt: skip
