"""The panel of a module that accumulates courses."""

from __future__ import annotations

from typing import Any

from RegSuite.panel.course_logic import CourseLogic
from RegSuite.panel.module import WorkflowModule, WorkflowWidget

__all__ = ["CourseLogic", "CourseModule", "CourseWidget"]


class CourseModule(WorkflowModule):
    """A WorkflowModule whose sample data are courses: `samples` names of RegSuite.panel.course_samples."""

    def register_sample_data(self) -> None:
        """Offer the module's samples in the module Sample Data."""
        from RegSuite.panel import course_samples

        samples = [getattr(course_samples, name) for name in self.samples]
        course_samples.register_course_samples(samples, self.resourcePath("Icons"))


class CourseWidget(WorkflowWidget):
    """A WorkflowWidget whose input is a course: see CourseForms for what the .ui holds."""

    def make_forms(self) -> Any:
        """Nodes or a file, fractions and parameters."""
        from RegSuite.panel.course_forms import CourseForms

        assert self.logic is not None
        return CourseForms(self.logic.workflow, self.ui)

    def make_results(self) -> Any:
        """Dose, DVHs and metrics."""
        from RegSuite.panel.course_results import CourseResults

        return CourseResults()
