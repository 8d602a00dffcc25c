"""The measures by name."""

import subprocess
import sys

import pytest

import RegSuite.similarity
from RegSuite.errors import InputError
from RegSuite.similarity import LNCC, NGF, SIMILARITIES, SIMILARITY_NAMES, Similarity, make_similarity


def test_every_name_leads_to_the_measure_that_calls_itself_so():
    assert set(SIMILARITIES) == set(SIMILARITY_NAMES) == {"ssd", "ncc", "lncc", "mind", "ngf", "mi"}
    for name, measure in SIMILARITIES.items():
        assert issubclass(measure, Similarity)
        assert measure.name == name


def test_importing_the_package_leaves_torch_alone():
    code = "import sys, RegSuite.similarity as s; s.SIMILARITY_NAMES; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_options_and_spacing_reach_the_measure():
    assert make_similarity("lncc", spacing=(1, 1, 2), radius=4) == LNCC(radius=4)
    assert make_similarity("ngf", spacing=(1, 1, 2), eta=3.0) == NGF(spacing=(1, 1, 2), eta=3.0)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'cc'.*\n.*ssd, ncc, lncc, mind, ngf, mi"):
        make_similarity("cc")


def test_an_unknown_option_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="no option window.*\n.*radius, variance_floor"):
        make_similarity("lncc", window=3)


def test_an_attribute_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = RegSuite.similarity.nothing_such
