"""Diffeomorphic registration by local Gauss-Newton steps; see method.py."""

from RegSuite.methods.deformable.method import Deformable
from RegSuite.methods.deformable.parameters import DeformableParameters

__all__ = ["Deformable", "DeformableParameters"]
