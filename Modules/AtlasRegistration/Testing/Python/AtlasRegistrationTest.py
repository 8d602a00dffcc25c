"""For Slicer's test runner (slicer_add_python_unittest): the module's own test, as one case."""

import unittest

import AtlasRegistration


class AtlasRegistrationInSlicer(unittest.TestCase):
    """What `Reload and Test` does, reported by the runner."""

    def test_a_phantom_is_registered_in_a_process_of_its_own(self) -> None:
        AtlasRegistration.AtlasRegistrationTest().runTest()
