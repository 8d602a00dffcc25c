"""Settings of the whole test run."""

import os

# before torch is imported, as the command does: spinning threads make tests on busy cores ten times slower
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
