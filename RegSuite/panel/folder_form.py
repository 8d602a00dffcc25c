"""Where the result folder is kept; kept itself in the parameter node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from RegSuite.errors import OutputError
from RegSuite.report.result import RESULT_FILE

FOLDER, OVERWRITE = "outputFolder", "overwrite"


class FolderForm:
    """Binds `folderEdit` and `overwriteCheckBox` of a panel."""

    def __init__(self, ui: Any) -> None:
        self.edit, self._overwrite = ui.folderEdit, ui.overwriteCheckBox
        self._node: Any = None
        self._busy = False
        self.edit.connect("currentPathChanged(QString)", self._changed)
        self._overwrite.connect("toggled(bool)", self._changed)

    @property
    def folder(self) -> Path | None:
        """The folder that the user named, None for none."""
        text = str(self.edit.currentPath).strip()
        return Path(text).expanduser() if text else None

    @property
    def overwrite(self) -> bool:
        """Whether a result that is there may be replaced."""
        return bool(self._overwrite.checked)

    def check(self, folder: Path | None) -> None:
        """Raise OutputError now where a result could not be put into `folder` later."""
        from RegSuite.backend.publish import check_target

        if folder is None:
            return
        if not folder.is_absolute():
            raise OutputError(
                _("'{folder}' does not say on which disk it is").format(folder=folder),
                where=_("Keep the result in"),
                mend=_("give the whole path, or choose the folder with the button"),
            )
        if (folder / RESULT_FILE).exists() and not self.overwrite:
            raise OutputError(
                _("the folder holds a result already"),
                where=str(folder),
                mend=_("tick 'Replace a result that is there already', or name another folder"),
            )
        check_target(folder, overwrite=self.overwrite)

    def set_parameter_node(self, node: Any | None) -> None:
        """Show what a MRML parameter node keeps; None: no scene."""
        self._node = node
        if node is None:
            return
        self._busy = True
        try:
            self.edit.currentPath = node.GetParameter(FOLDER) or ""
            self._overwrite.checked = node.GetParameter(OVERWRITE) == "true"
        finally:
            self._busy = False

    def _changed(self, _value: Any = None) -> None:
        if self._node is not None and not self._busy:
            self._node.SetParameter(FOLDER, str(self.edit.currentPath))
            self._node.SetParameter(OVERWRITE, "true" if self.overwrite else "false")
