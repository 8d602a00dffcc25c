"""Atlas Registration: an atlas, a scan or a population onto a fixed image, in a process of its own."""

from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from RegSuite.panel.module import ModuleTexts, WorkflowLogic, WorkflowModule, WorkflowWidget


class AtlasRegistration(WorkflowModule):
    """What Slicer shows of the module before it is opened."""

    samples = ("brain",)

    def texts(self) -> ModuleTexts:
        """Title, help and acknowledgement."""
        return ModuleTexts(
            title=_("Atlas Registration"),
            help=_(
                "<p>Warps a <b>moving</b> image onto a <b>fixed</b> one: an atlas onto a scan, so that "
                "its regions can be read there, or the scans of a population onto one atlas.</p>"
                "<p>Choose the fixed and the moving image, a preset if one fits, and press Apply. The work "
                "is done by a process of its own, on the graphics card where there is one. Labels and "
                "landmarks of both images, where you have them, tell how well it fits; without them nothing "
                "is claimed about accuracy.</p>"
                "<p>The sample data 'RegSuite brain phantom' are made on the spot, with a known answer.</p>"
            ),
            acknowledgement=_(
                "<p>RegSuite is open source. Each method names the papers it follows: see the report of a "
                "result, and docs/methods.md.</p>"
            ),
        )


class AtlasRegistrationLogic(WorkflowLogic):
    """The workflow `register`, on nodes; usable without a window."""

    workflow_name = "register"


class AtlasRegistrationWidget(WorkflowWidget):
    """The panel."""

    logic_class = AtlasRegistrationLogic


class AtlasRegistrationTest(ScriptedLoadableModuleTest):
    """Slicer's own test of the module (Reload and Test)."""

    def runTest(self) -> None:
        """Register a phantom whose answer is known, without a window."""
        from RegSuite.panel.node_names import field_name
        from RegSuite.panel.samples import COARSE_BRAIN, load_sample

        self.setUp()
        logic = AtlasRegistrationLogic()
        parameters = logic.getParameterNode()
        for role, node in load_sample(COARSE_BRAIN).items():
            setattr(parameters, field_name(role), node)
        parameters.method = "affine"
        end = logic.run(parameters)
        similarity = end.record.metrics["similarity"]
        assert similarity["after"] > similarity["before"]
        assert end.record.metrics["dice_mean"] > 0.5
        sizes = [end.node(role).GetImageData().GetDimensions() for role in ("warped", "fixed")]
        assert sizes[0] == sizes[1]
        self.delayDisplay("Atlas Registration: the phantom is registered")
