"""Dose Accumulation: the doses of fractions on the planning scan, with the uncertainty of the deformation."""

from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from RegSuite.panel.course_widget import CourseLogic, CourseModule, CourseWidget
from RegSuite.panel.module import ModuleTexts


class DoseAccumulation(CourseModule):
    """What Slicer shows of the module before it is opened."""

    samples = ("THORAX",)

    def texts(self) -> ModuleTexts:
        """Title, help and acknowledgement."""
        return ModuleTexts(
            title=_("Dose Accumulation"),
            help=_(
                "<p>Brings the dose of every fraction to the <b>planning scan</b> and sums it: the dose that "
                "each piece of tissue has got, with DVHs whose bands say how sure the deformation is.</p>"
                "<p>Choose planning scan and structures (as SlicerRT loads them), add a row for each "
                "fraction with its scan and dose, and press Apply; or name a COURSE.yaml. A deformation from "
                "elsewhere is taken as it is, else RegSuite registers. Where the dose cannot be known "
                "(folds, outside of a dose grid) it is marked, never filled.</p>"
                "<p>The sample data 'RegSuite thorax course' are made on the spot, with a known answer.</p>"
            ),
            acknowledgement=_(
                "<p>RegSuite is open source. The methods and their papers are in docs/dose.md and in the "
                "report of a result. Not for clinical decisions without a medical physicist.</p>"
            ),
        )


class DoseAccumulationLogic(CourseLogic):
    """The workflow `dose`, on nodes; usable without a window."""

    workflow_name = "dose"


class DoseAccumulationWidget(CourseWidget):
    """The panel."""

    logic_class = DoseAccumulationLogic


class DoseAccumulationTest(ScriptedLoadableModuleTest):
    """Slicer's own test of the module (Reload and Test)."""

    def runTest(self) -> None:
        """Accumulate a phantom course by its true deformation, without a window."""
        from RegSuite.panel.course_samples import COARSE_THORAX, load_course

        self.setUp()
        logic = DoseAccumulationLogic()
        parameters = logic.getParameterNode()
        sample = load_course(COARSE_THORAX)
        logic.set_course(parameters, sample.planning, sample.structures, sample.fractions)
        parameters.uncertainty = "none"
        parameters.compare = False
        parameters.report = False
        end = logic.run(parameters)
        mean = end.record.metrics["dvh"]["GTV"]["mean"]
        assert abs(mean - sample.prescribed_gy) < 0.1 * sample.prescribed_gy
        assert end.node("accumulated_dose").GetImageData().GetScalarRange()[1] > 0.9 * mean
        assert end.node("dvh_chart").GetNumberOfPlotSeriesNodes() > 0
        self.delayDisplay("Dose Accumulation: the course is accumulated")
