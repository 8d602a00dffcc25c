"""Dose: volume histograms, gamma, mapping through a deformation, and its uncertainty."""
