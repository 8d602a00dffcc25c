"""Tumor Metamorphosis: a healthy template on a brain with a tumour, shape and appearance apart."""

from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from RegSuite.panel.module import ModuleTexts
from RegSuite.panel.tumor_widget import TumorLogic, TumorModule, TumorWidget


class TumorMetamorphosis(TumorModule):
    """What Slicer shows of the module before it is opened."""

    samples = ("TUMOR",)

    def texts(self) -> ModuleTexts:
        """Title, help and acknowledgement."""
        return ModuleTexts(
            title=_("Tumor Metamorphosis"),
            help=_(
                "<p>Brings a <b>healthy template</b> (an atlas) to a <b>patient with a tumour</b>. The "
                "deformation carries the mass effect; what is tumour and not anatomy is added as "
                "intensity, in the tumour alone. Ordinary registration would squeeze the tumour away or "
                "drag healthy tissue into it.</p>"
                "<p>Choose template and patient, the template's labels, and the tumour's segments where "
                "you have them (core, oedema); without them the tumour is estimated. Press Apply. You "
                "get the atlas labels on the patient, the deformation, the appearance change, and a film "
                "of the path from one to the other.</p>"
                "<p>The sample data 'RegSuite brain with a tumour' are made on the spot, with a known "
                "answer.</p>"
            ),
            acknowledgement=_(
                "<p>RegSuite is open source. The methods and their papers are in the report of a result. "
                "Not for clinical decisions without a physician who has looked at the deformation.</p>"
            ),
        )


class TumorMetamorphosisLogic(TumorLogic):
    """The workflow `tumor`, on nodes; usable without a window."""

    workflow_name = "tumor"


class TumorMetamorphosisWidget(TumorWidget):
    """The panel."""

    logic_class = TumorMetamorphosisLogic


class TumorMetamorphosisTest(ScriptedLoadableModuleTest):
    """Slicer's own test of the module (Reload and Test)."""

    def runTest(self) -> None:
        """Bring a template to a phantom whose answer is known, without a window."""
        from RegSuite.panel.tumor_samples import COARSE_TUMOR, load_tumor

        self.setUp()
        logic = TumorMetamorphosisLogic()
        parameters = logic.getParameterNode()
        sample = load_tumor(COARSE_TUMOR)
        parameters.template, parameters.target = sample.template, sample.target
        parameters.templateLabels, parameters.targetLabels = sample.template_labels, sample.target_labels
        logic.set_tumor(parameters, sample.tumor)
        parameters.report = False
        end = logic.run(parameters)
        tumor = end.record.metrics["tumor"]
        assert tumor["ssd_final"] < 0.5 * tumor["ssd_before"]
        assert tumor["ssd_deformed_outside"] < tumor["ssd_before_outside"]
        assert end.record.metrics["jacobian"]["percent_nonpositive"] == 0
        assert end.node("film").GetNumberOfItems() > 2
        assert end.node("warped_labels").GetSegmentation().GetNumberOfSegments() > 10
        self.delayDisplay("Tumor Metamorphosis: the template is on the patient")
