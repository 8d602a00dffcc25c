"""A thorax made of formulas, moving and irradiated, of which all is known."""

from RegSuite.phantoms.thorax.course import ThoraxCourse, ThoraxFraction
from RegSuite.phantoms.thorax.draw import thorax_course, thorax_draw

__all__ = ["ThoraxCourse", "ThoraxFraction", "thorax_course", "thorax_draw"]
