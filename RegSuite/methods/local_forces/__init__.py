"""Forces of a measure at the nodes of a lattice: what demons, bspline and convex have in common."""
