"""The viewer: Slicer's application logic, the page, and the server that hands it to one browser."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from pathlib import Path
from typing import Any

from aiohttp import web

from RegSuite.cli.border import say
from RegSuite.errors import InputError
from RegSuite.report.result import Result
from RegSuite.view.findings import findings
from RegSuite.view.guard import HOST, Guard

REPORT_FILE = "report.html"


def serve(folder: Path, *, port: int = 0, browser: bool = True) -> None:
    """Show a result folder until Ctrl-C. Raises InputError for a folder that cannot be shown.

    port: 0 takes a free one. The address, with its token, is said on stderr.
    """
    result = Result.read(folder)
    if result.status == "failed":
        raise InputError(
            "this run failed: there is nothing to see",
            where=str(folder),
            mend=f"read {REPORT_FILE} or result.json for the reason",
        )
    say(f"opening {folder} ...")
    for name in ("TRAME_ARGS", "TRAME_LOG_NETWORK"):  # they could open the server to other machines
        os.environ.pop(name, None)
    viewer = Viewer(folder.resolve(), result)
    viewer.run(port, browser=browser)
    say("closed")


class Viewer:
    """One result folder, its scene and its page."""

    def __init__(self, folder: Path, result: Result) -> None:
        from trame.app import get_server
        from trame_slicer.core import LayoutManager, SlicerApp
        from trame_slicer.rca_view import register_rca_factories

        from RegSuite.view.controls import Controls
        from RegSuite.view.grid import FOUR_UP, add_layouts, draw_images_first, layout_for
        from RegSuite.view.layers import Layers
        from RegSuite.view.messages import vtk_told_once
        from RegSuite.view.page import build_page
        from RegSuite.view.scene import arrange, open_scene

        self._folder = folder
        self._guard = Guard()
        self._server: Any = get_server(client_type="vue3")
        self._app = SlicerApp()
        register_rca_factories(self._app.view_manager, self._server)
        layout = LayoutManager(self._app.scene, self._app.view_manager, self._server)
        with vtk_told_once():
            add_layouts(layout)
        layout.set_layout(FOUR_UP)
        draw_images_first(self._app.view_manager.get_slice_views())
        with vtk_told_once():
            notice = open_scene(self._app, folder, result)
        state = self._server.state
        state.update({"found": findings(result), "notice": notice, "tab": "views"})
        state.trame__title = f"{folder.name} · RegSuite"
        layers = Layers(self._app)
        self._controls = Controls(self._server, layers)
        layout.set_layout(layout_for(self._app.scene.GetNodeByID(layers.background)))
        build_page(self._server, layout, report=self._report.is_file())
        arrange(self._app)

    @property
    def _report(self) -> Path:
        return self._folder / REPORT_FILE

    def run(self, port: int, *, browser: bool) -> None:
        """Serve until Ctrl-C. Raises InputError for a port that is taken."""
        self._server.controller.on_server_bind.add(self._bind)
        self._server.controller.on_server_ready.add(lambda **_: self._ready(browser))
        self._server.cli.set_defaults(authKey=self._guard.secret)
        try:
            self._server.start(
                port=port, host=HOST, open_browser=False, show_connection_info=False,
                disable_logging=True, backend="aiohttp", timeout=0,
            )  # fmt: skip
        except OSError as error:
            raise InputError(
                f"port {port} of this machine cannot be used: {error.strerror or error}",
                where="--port",
                mend="give another one, or none to take any that is free",
            ) from error

    def _bind(self, server: Any) -> None:
        """Guard every address of the web server, and add the report's."""
        server.app.middlewares.append(self._guard.middleware)
        server.app.router.add_get(f"/{REPORT_FILE}", self._send_report)

    async def _send_report(self, _request: web.Request) -> web.StreamResponse:
        if not self._report.is_file():
            return web.Response(status=404, text=f"{REPORT_FILE} is not in the folder any more")
        # the report's own scripts may run, but not speak with this server
        headers = {"Content-Security-Policy": "sandbox allow-scripts"}
        return web.FileResponse(self._report, headers=headers)

    def _ready(self, browser: bool) -> None:
        link = self._guard.link(self._server.port)
        say(f"look at {link}")
        say("the link works once; Ctrl-C ends the view")
        if browser:
            asyncio.get_event_loop().run_in_executor(None, webbrowser.open, link)
