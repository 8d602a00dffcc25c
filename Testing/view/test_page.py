"""The page in a browser: pictures, controls, words, report."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from Testing import needs
from Testing.view.viewing import start

pytestmark = pytest.mark.slicer
SLICES = (0, 2, 3)
THREE_D = 1


class Seen:
    """What a browser saw: words, and pictures of the views."""

    def __init__(self, folder: Path, words: dict[str, object]) -> None:
        self._folder = folder
        self.words = words

    def view(self, name: str, number: int) -> NDArray[np.int16]:
        """[height, width, 3] of one view."""
        picture = Image.open(self._folder / f"{name}-{number}.png").convert("RGB")
        return np.asarray(picture).astype(np.int16)

    def change(self, first: str, second: str, number: int) -> float:
        """Share of the view's pixels that differ."""
        difference = np.abs(self.view(first, number) - self.view(second, number)).max(axis=-1)
        return float((difference > 8).mean())


def _look(folder: Path, place: Path, how: str = "look") -> Seen:
    chromium, python = needs.chromium(), needs.viewer()
    viewing = start(folder, place)
    try:
        done = subprocess.run(
            [python, Path(__file__).with_name("browser.py"), how, chromium, viewing.link, place],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr + viewing.log.read_text(encoding="utf-8")
    finally:
        viewing.interrupt()
    words = json.loads(done.stdout)
    words["log"] = viewing.log.read_text(encoding="utf-8")
    return Seen(place, words)


@pytest.fixture(scope="module")
def seen(a_result, tmp_path_factory) -> Seen:
    """The page of a result with its scene."""
    return _look(a_result, tmp_path_factory.mktemp("seen"))


@pytest.fixture(scope="module")
def seen_plain(a_result_without_scene, tmp_path_factory) -> Seen:
    """The page of a result without scene."""
    return _look(a_result_without_scene, tmp_path_factory.mktemp("seen"))


@pytest.mark.parametrize("which", ["seen", "seen_plain"])
def test_all_four_views_show_something(request, which):
    seen = request.getfixturevalue(which)
    for number in (*SLICES, THREE_D):
        picture = seen.view("start", number)
        assert picture.shape[0] > 200
        assert (picture.max(axis=-1) > 100).mean() > 0.01
        assert picture.std() > 5


@pytest.mark.parametrize("which", ["seen", "seen_plain"])
def test_the_fade_goes_from_one_image_to_the_other(request, which):
    seen = request.getfixturevalue(which)
    for number in SLICES:
        assert seen.change("background", "foreground", number) > 0.002, number


@pytest.mark.parametrize("which", ["seen", "seen_plain"])
def test_the_jacobian_map_comes_with_its_legend_and_goes_again(request, which):
    seen = request.getfixturevalue(which)
    assert seen.change("foreground", "jacobian", 0) > 0.01
    for number in SLICES:
        assert seen.change("foreground", "without", number) < 0.002, number


def test_the_labels_are_drawn_in_colour(seen):
    picture = seen.view("start", 0)
    colourful = (picture.max(axis=-1) - picture.min(axis=-1)) > 60
    middle = colourful[60:-60, 60:-60]  # away from the controls
    assert middle.mean() > 0.005


def test_the_words_are_those_of_the_report(seen):
    said = seen.words["said"]
    assert seen.words["report"] in said["headline"]
    for word in ("Dice", "Similarity", "Folded voxels"):
        assert word in said["metrics"]
    assert "at least 0.8" in said["verdicts"]


def test_the_page_asks_nothing_of_other_machines_and_its_address_keeps_no_secret(seen):
    for address in seen.words["asked"]:
        assert address.removeprefix("blob:").startswith(("http://127.0.0.1:", "data:")), address
    assert seen.words["address"].endswith("/index.html")


@pytest.mark.parametrize("which", ["seen", "seen_plain"])
def test_neither_page_nor_viewer_complains(request, which):
    seen = request.getfixturevalue(which)
    assert seen.words["complaints"] == []
    for word in ("ERROR", "Traceback", "JS Error", "Warning"):
        assert word not in seen.words["log"]


def test_a_flat_result_has_one_view_that_shows_it(a_flat_result, tmp_path):
    seen = _look(a_flat_result, tmp_path, "glance")
    assert seen.words["views"] == 1
    picture = seen.view("start", 0)
    assert (picture.max(axis=-1) > 100).mean() > 0.05
    assert "ERROR" not in seen.words["log"]
