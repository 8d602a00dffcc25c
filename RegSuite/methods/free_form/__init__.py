"""Free-form deformation by cubic B-splines: the lattice, its stiffness, the fit."""
