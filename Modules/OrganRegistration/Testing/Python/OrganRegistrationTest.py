"""For Slicer's test runner (slicer_add_python_unittest): the module's own test, as one case."""

import unittest

import OrganRegistration


class OrganRegistrationInSlicer(unittest.TestCase):
    """What `Reload and Test` does, reported by the runner."""

    def test_organs_are_brought_onto_each_other_in_a_process_of_their_own(self) -> None:
        OrganRegistration.OrganRegistrationTest().runTest()
