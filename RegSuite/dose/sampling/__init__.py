"""Dose and DVH over many draws of the deformation, in bounded memory."""
