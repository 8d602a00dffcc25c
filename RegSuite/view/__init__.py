"""A result folder in the browser, with Slicer's own views: what `regsuite view` starts.

Runs in an environment of its own (trame-slicer pins an older slicer-core and vtk): nothing here, and
nothing that is imported from the rest of RegSuite, needs torch, numba or SimpleITK.
"""
