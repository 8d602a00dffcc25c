"""The panel of a module that brings a healthy template to a brain with a tumour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from RegSuite.panel.module import WorkflowLogic, WorkflowModule, WorkflowWidget

__all__ = ["TumorLogic", "TumorModule", "TumorWidget"]


class TumorLogic(WorkflowLogic):
    """Runs a workflow of a template and a patient with a tumour."""

    def given(self, parameters: Any) -> dict[str, Any]:
        """The chosen inputs by role, core and oedema as regions of their segmentation."""
        from RegSuite.panel.tumor_state import tumor_inputs

        return tumor_inputs(parameters, self.workflow)

    def values(self, parameters: Any) -> dict[str, Any]:
        """The workflow's parameters, checked."""
        from RegSuite.panel.parameter_node import parameters_of
        from RegSuite.workflows.tumor import METHODS

        names = {str(name): registered for name, registered in METHODS.items()}
        return parameters_of(parameters, self.workflow, names)

    def set_tumor(self, parameters: Any, regions: Any, parts: Mapping[str, str] | None = None) -> None:
        """Choose a segmentation or label map, as a person does; parts: core or oedema by segment ID or label.

        What segments are is guessed from their names if None.
        """
        from RegSuite.panel.tumor_state import TumorState

        TumorState(parameters.parameterNode).choose(regions, parts)


class TumorModule(WorkflowModule):
    """A WorkflowModule whose sample data are brains with tumours: names of RegSuite.panel.tumor_samples."""

    def register_sample_data(self) -> None:
        """Offer the module's samples in the module Sample Data."""
        from RegSuite.panel import tumor_samples

        samples = [getattr(tumor_samples, name) for name in self.samples]
        tumor_samples.register_tumor_samples(samples, self.resourcePath("Icons"))


class TumorWidget(WorkflowWidget):
    """A WorkflowWidget for a template and a patient: see TumorForms for what the .ui holds."""

    def make_forms(self) -> Any:
        """Images, tumour and parameters."""
        from RegSuite.panel.tumor_forms import TumorForms

        assert self.logic is not None
        return TumorForms(self.logic.workflow, self.ui)

    def make_results(self) -> Any:
        """Shares of shape and appearance, overlap, and what the views show."""
        from RegSuite.panel.tumor_results import TumorResults

        return TumorResults()
