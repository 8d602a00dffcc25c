"""A healthy template and a brain with a tumour, of which all is known."""

from RegSuite.phantoms.tumor.build import tumor_phantom
from RegSuite.phantoms.tumor.phantom import TumorPhantom

__all__ = ["TumorPhantom", "tumor_phantom"]
