"""A small result with labels, with and without its scene, and viewers of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from RegSuite.geometry import Image
from Testing import needs
from Testing.view.viewing import Viewing, start


def _with_a_spot(image: Image) -> Image:
    """The image with a bright ball of 6 mm in its middle: what fading must show and hide."""
    distance = np.linalg.norm(image.grid.all_points() - np.asarray(image.grid.centre), axis=-1)
    return Image(image.data + 150.0 * torch.from_numpy(distance < 6.0)[None], image.grid, name=image.name)


@pytest.fixture(scope="session")
def a_result(tmp_path_factory) -> Path:
    """A registration of a small oblique pair with labels, the moving one with a spot; with scene.mrb."""
    needs.viewer()
    needs.slicer_core()
    import RegSuite
    from Testing.workflows import small

    folder = tmp_path_factory.mktemp("pair")
    files = small.write_pair(folder)
    small.write(_with_a_spot(small.a_pair()[1]), folder / "moving.nii.gz")
    result = RegSuite.register(**files, method="affine", threads=1)
    return result.save(tmp_path_factory.mktemp("view") / "result")


@pytest.fixture(scope="session")
def a_flat_result(tmp_path_factory) -> Path:
    """A registration in 2D, of a turned image."""
    needs.viewer()
    needs.slicer_core()
    import RegSuite
    from Testing.workflows import small

    files = small.write_pair(tmp_path_factory.mktemp("flat"), ndim=2)
    result = RegSuite.register(**files, method="affine", threads=1)
    return result.save(tmp_path_factory.mktemp("view") / "flat")


@pytest.fixture(scope="session")
def a_result_without_scene(a_result, tmp_path_factory) -> Path:
    """The same, as where MRML was not at hand."""
    folder = tmp_path_factory.mktemp("view") / "plain"
    shutil.copytree(a_result, folder, ignore=shutil.ignore_patterns("scene.mrb"))
    return folder


@pytest.fixture
def viewing(a_result, tmp_path) -> Iterator[Viewing]:
    """A viewer of the result; ended with the test."""
    running = start(a_result, tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()
