"""The panel of a module that registers organs by their labels."""

from __future__ import annotations

from typing import Any

import slicer

from RegSuite.panel.module import WorkflowLogic, WorkflowModule, WorkflowWidget
from RegSuite.panel.run_control import RunControl

__all__ = ["OrganLogic", "OrganModule", "OrganWidget"]


class OrganLogic(WorkflowLogic):
    """Runs a workflow of two sides with organs."""

    def given(self, parameters: Any) -> dict[str, Any]:
        """The chosen inputs by role; models that are ticked stand for a side's organs."""
        from RegSuite.panel.organ_state import given_organs

        return given_organs(parameters, self.workflow)

    def values(self, parameters: Any) -> dict[str, Any]:
        """The workflow's parameters, checked; of the tables what belongs to organs that are there."""
        from RegSuite.panel.organ_state import organ_values

        return organ_values(parameters, self.workflow)

    def set_organs(self, parameters: Any, **values: Any) -> None:
        """Fill in the tables as a person does: organs, trust, only, coherence as the workflow takes them."""
        from RegSuite.panel.organ_state import keep

        for name, value in values.items():
            keep(parameters, self.workflow, name, value)

    def set_models(self, parameters: Any, role: str, models: list[Any]) -> None:
        """Let models stand for the organs of source_labels or target_labels."""
        from RegSuite.panel.model_choice import choose_models

        choose_models(parameters.parameterNode, role, models)


class OrganModule(WorkflowModule):
    """A WorkflowModule whose sample data are abdomens: names of RegSuite.panel.organ_samples."""

    def register_sample_data(self) -> None:
        """Offer the module's samples in the module Sample Data."""
        from RegSuite.panel import organ_samples

        samples = [getattr(organ_samples, name) for name in self.samples]
        organ_samples.register_organ_samples(samples, self.resourcePath("Icons"))


class OrganWidget(WorkflowWidget):
    """A WorkflowWidget for two sides with organs: see OrganForms for what the .ui holds."""

    def make_forms(self) -> Any:
        """Both sides, organs and parameters."""
        from RegSuite.panel.organ_forms import OrganForms

        assert self.logic is not None
        return OrganForms(self.logic.workflow, self.ui)

    def make_results(self) -> Any:
        """Distances by organ, and what the views show."""
        from RegSuite.panel.organ_results import OrganResults

        return OrganResults()

    def watch(self, control: RunControl) -> None:
        """Show the moving cloud in the 3D view while the run works."""
        from RegSuite.panel.live_cloud import LiveCloud

        cloud = LiveCloud(slicer.mrmlScene)
        control.on_preview, control.on_over = cloud.take, cloud.end
