"""Pictures show what a user would see."""

from __future__ import annotations

import numpy as np
import pytest

from Testing import harness

pytestmark = pytest.mark.slicer


def test_letters_are_drawn_and_no_boxes(clean):
    from Testing.harness.picture import draws_text

    assert draws_text()


def test_picture_of_a_panel_has_its_colours_in_the_right_order(clean):
    import qt

    label = qt.QLabel()
    label.setStyleSheet("background: #ff8000")
    label.resize(40, 20)
    picture = harness.panel_picture(label)
    assert picture.shape == (20, 40, 3)
    assert (picture == (255, 128, 0)).all()


def test_folded_section_is_shorter_in_the_picture(panel):
    from Testing.harness.modules import fit

    before = harness.panel_picture(panel)
    panel.ui.inputsButton.collapsed = True
    fit(panel)
    after = harness.panel_picture(panel)
    assert before.shape[1] == after.shape[1]
    assert np.abs(before[200:240].astype(int) - 240).mean() > np.abs(after[200:240].astype(int) - 240).mean()


@pytest.mark.slow
def test_panel_stands_left_of_four_views(panel, tmp_path):
    from PIL import Image

    from Testing.harness.four_up import FourUp

    with FourUp((300, 250)) as views:
        views.show(background=panel.parameters.inputVolume)
        picture = harness.slicer_picture(panel, views, tmp_path / "slicer.png")
        right = views.image()
    alone = harness.panel_picture(panel)
    stored = np.asarray(Image.open(tmp_path / "slicer.png"))
    assert (stored == picture).all()
    assert (picture[: alone.shape[0], : alone.shape[1]] == alone).all()
    assert picture.shape[1] == alone.shape[1] + right.shape[1]
    assert (tmp_path / "slicer.png").stat().st_size < 300_000
