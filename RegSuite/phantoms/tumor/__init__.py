"""A healthy template and a brain with a tumour, of which all is known."""

from RegSuite.phantoms.tumor.build import tumor_phantom
from RegSuite.phantoms.tumor.phantom import TumorPhantom
from RegSuite.phantoms.tumor.toy import toy_phantom

__all__ = ["TumorPhantom", "toy_phantom", "tumor_phantom"]
