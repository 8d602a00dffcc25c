"""For Slicer's test runner (slicer_add_python_unittest): the module's own test, as one case."""

import unittest

import TumorMetamorphosis


class TumorMetamorphosisInSlicer(unittest.TestCase):
    """What `Reload and Test` does, reported by the runner."""

    def test_a_template_is_brought_to_a_tumour_in_a_process_of_its_own(self) -> None:
        TumorMetamorphosis.TumorMetamorphosisTest().runTest()
