"""Organ Registration: segmented organs onto each other as labelled point clouds, and the scan with them."""

from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from RegSuite.panel.module import ModuleTexts
from RegSuite.panel.organ_widget import OrganLogic, OrganModule, OrganWidget


class OrganRegistration(OrganModule):
    """What Slicer shows of the module before it is opened."""

    samples = ("ABDOMEN",)

    def texts(self) -> ModuleTexts:
        """Title, help and acknowledgement."""
        return ModuleTexts(
            title=_("Organ Registration"),
            help=_(
                "<p>Brings <b>segmented organs</b> onto the same organs of another scan, and the scan with "
                "them. Organs are points with labels: each moves by itself and may slide along its "
                "neighbours, which registration by intensities cannot do.</p>"
                "<p>Choose the organs of both sides (segmentations, label maps, models or point lists) and "
                "their scans where you have them. The table says how elastic each organ is and how far its "
                "segmentation is trusted. Press Apply: the moving points are seen in the 3D view. You get "
                "the deformation, the warped scan and organs, and how sure each point is.</p>"
                "<p>The sample data 'RegSuite abdomen' are made on the spot, with a known answer.</p>"
            ),
            acknowledgement=_(
                "<p>RegSuite is open source. The methods and their papers are in the report of a result. "
                "Not for clinical decisions without a physician who has looked at the deformation.</p>"
            ),
        )


class OrganRegistrationLogic(OrganLogic):
    """The workflow `organs`, on nodes; usable without a window."""

    workflow_name = "organs"


class OrganRegistrationWidget(OrganWidget):
    """The panel."""

    logic_class = OrganRegistrationLogic


class OrganRegistrationTest(ScriptedLoadableModuleTest):
    """Slicer's own test of the module (Reload and Test)."""

    def runTest(self) -> None:
        """Register the organs of a phantom whose answer is known, without a window."""
        from RegSuite.panel.organ_samples import COARSE_ABDOMEN, load_organs

        self.setUp()
        logic = OrganRegistrationLogic()
        parameters = logic.getParameterNode()
        sample = load_organs(COARSE_ABDOMEN)
        parameters.sourceLabels, parameters.targetLabels = sample.source_labels, sample.target_labels
        parameters.sourceImage, parameters.targetImage = sample.source, sample.target
        parameters.sourcePoints, parameters.targetPoints = sample.source_points, sample.target_points
        parameters.points, parameters.report = 1000, False
        end = logic.run(parameters)
        metrics = end.record.metrics
        assert metrics["tre_mm"]["mean"] < 0.8 * metrics["tre_before_mm"]["mean"]
        for organ in metrics["organs"].values():
            assert organ["distance_after_mm"]["mean"] < organ["distance_before_mm"]["mean"]
        assert end.node("warped_labels").GetSegmentation().GetNumberOfSegments() == 5
        assert end.node("moved_surfaces").GetPolyData().GetNumberOfPoints() > 100
        self.delayDisplay("Organ Registration: the organs are where those of the target are")
