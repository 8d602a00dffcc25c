"""Discrete search over a window of displacements, coupled with a convex regularisation."""
