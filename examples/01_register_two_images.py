"""Register two images and look at what came out.

python examples/01_register_two_images.py FIXED MOVING DIR
"""

import sys

import RegSuite

fixed, moving, folder = sys.argv[1:4]
result = RegSuite.register(fixed, moving)  # method="auto": affine start, then what suits the images
result.save(folder, overwrite=True)

print(result.metrics["similarity"])
for sentence in (*result.notes, *result.warnings):
    print("-", sentence)
