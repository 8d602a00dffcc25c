"""The bases of RegSuite's Slicer modules: with them a module is one small file.

A module derives four classes, named as Slicer wants them: <Name>(WorkflowModule),
<Name>Widget(WorkflowWidget), <Name>Logic(WorkflowLogic) and <Name>Test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from RegSuite.panel.logic import WorkflowLogic
from RegSuite.panel.samples import SAMPLES, register_samples
from RegSuite.panel.widget import WorkflowWidget

__all__ = ["ModuleTexts", "WorkflowLogic", "WorkflowModule", "WorkflowWidget"]


@dataclass(frozen=True)
class ModuleTexts:
    """What Slicer shows of a module. help: rich text. acknowledgement: whose methods these are."""

    title: str
    help: str
    acknowledgement: str


class WorkflowModule(ScriptedLoadableModule):
    """What Slicer knows of a module before it is opened. A subclass says its `texts`.

    samples: names of RegSuite.panel.samples that the module offers in Sample Data.
    """

    samples: Sequence[str] = ()

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        texts = self.texts()
        parent.title = texts.title
        parent.categories = ["Registration"]
        parent.dependencies = []
        parent.contributors = [_("The RegSuite contributors")]
        parent.helpText = texts.help
        parent.acknowledgementText = texts.acknowledgement
        if self.samples:
            slicer.app.connect("startupCompleted()", self.register_sample_data)

    def texts(self) -> ModuleTexts:
        """Title, help and acknowledgement, translated."""
        raise NotImplementedError

    def register_sample_data(self) -> None:
        """Offer the module's samples in the module Sample Data."""
        register_samples([SAMPLES[name] for name in self.samples], self.resourcePath("Icons"))
