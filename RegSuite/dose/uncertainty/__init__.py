"""How sure a deformation is: its standard deviation at each voxel, and correlated draws from it."""
