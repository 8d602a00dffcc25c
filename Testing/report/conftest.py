"""Pages in these tests are drawn coarsely: what they say is tested, not how fine they are."""

import pytest

from RegSuite.report import draw, plots


@pytest.fixture(scope="package", autouse=True)
def coarse_drawings():
    """A third of the pixels along each side."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "DPI", 40)
        patch.setattr(plots, "DPI", 40)
        yield
