"""For Slicer's test runner (slicer_add_python_unittest): the module's own test, as one case."""

import unittest

import DoseAccumulation


class DoseAccumulationInSlicer(unittest.TestCase):
    """What `Reload and Test` does, reported by the runner."""

    def test_a_course_is_accumulated_in_a_process_of_its_own(self) -> None:
        DoseAccumulation.DoseAccumulationTest().runTest()
