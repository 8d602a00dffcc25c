"""Follow a registration and stop it half-way.

python examples/03_follow_and_cancel.py
"""

import RegSuite

phantom = RegSuite.phantom("brain", spacing_mm=6.0)


def progress(fraction, stage, metrics):
    print(f"{100 * fraction:3.0f} %  {stage}  {dict(metrics)}")
    if fraction > 0.5:
        raise RegSuite.Cancelled


try:
    RegSuite.register(phantom.fixed, phantom.moving, "affine", progress=progress)
except RegSuite.Cancelled:
    print("stopped")
