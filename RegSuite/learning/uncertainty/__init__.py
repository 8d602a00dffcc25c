"""The standard deviation of any found deformation, by a network (Smolders et al., WBIR 2022)."""
