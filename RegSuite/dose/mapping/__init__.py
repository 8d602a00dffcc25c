"""Carrying a dose from a fraction's anatomy to the planning anatomy, and summing it there."""
