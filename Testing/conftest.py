"""Settings of the whole test run."""

import os

# before torch is imported, as the command does: spinning threads make tests on busy cores ten times slower
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# before vtk and Qt are imported: no test needs a screen
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
