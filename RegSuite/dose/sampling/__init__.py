"""Probabilistic dose: a course's dose in every sample of its deformations, and the bands they make."""

from RegSuite.dose.sampling.course import sample_course
from RegSuite.dose.sampling.fraction import SampledFraction
from RegSuite.dose.sampling.maps import DoseMaps
from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
from RegSuite.dose.sampling.sampled_dvh import SampledDvh

__all__ = ["DoseMaps", "ProbabilisticDose", "SampledDvh", "SampledFraction", "sample_course"]
