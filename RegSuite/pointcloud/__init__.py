"""Labelled point clouds: organs that move on their own, brought onto each other with their uncertainty."""
