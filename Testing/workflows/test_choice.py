"""Presets, the choice of method and parameters, and what auto sees in images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method, method_names
from RegSuite.methods.appearance import is_ct, lung_share, width_mm
from RegSuite.methods.auto import choose, preset_for
from RegSuite.methods.choice import choice_of, run_choice
from RegSuite.presets import load_preset, preset_names
from RegSuite.validation import validated
from Testing.workflows.small import SHIFT_MM, a_pair

BUILT_IN = {
    "brain-mri",
    "brain-multimodal",
    "ct-lung",
    "ct-lung-inhale",
    "ct-abdomen",
    "ct-head-neck",
    "cbct-ct",
    "2d-section",
}


def ct(width=300.0, lung=0.0, size=40):
    """Air, a body of `width` mm (x), of which a share of the whole image is lung."""
    grid = Grid.make((size, size, size), (12.0, 12.0, 8.0), (-240.0, -240.0, -160.0))
    x, y, _ = np.moveaxis(grid.all_points(), -1, 0)
    values = np.full(grid.shape, -1000.0)
    values[(np.abs(x) < width / 2) & (np.abs(y) < 110)] = 40.0
    inside = np.flatnonzero(values == 40.0)
    values.reshape(-1)[inside[: int(lung * values.size)]] = -800.0
    return Image(torch.from_numpy(values)[None].float(), grid, name="ct")


def test_the_presets_of_the_contract_are_there_and_each_fits_its_method():
    assert set(preset_names()) >= BUILT_IN
    for name in BUILT_IN:
        preset = load_preset(name)
        assert preset.title
        assert preset.why
        assert preset.organ
        assert len(preset.modality) == 2
        if preset.method in method_names():
            validated(get_method(preset.method).Parameters, preset.parameters, name)


def test_a_users_preset_is_found_and_wins(tmp_path, monkeypatch):
    text = "title: ours\nmodality: [MR, MR]\norgan: knee\nwhy: we say so\nmethod: affine\n"
    (tmp_path / "brain-mri.yaml").write_text(text)
    (tmp_path / "knee.yaml").write_text(text)
    monkeypatch.setenv("REGSUITE_PRESETS", str(tmp_path))
    assert "knee" in preset_names()
    assert load_preset("brain-mri").title == "ours"


@pytest.mark.parametrize("text", ["- a list\n", "title: x\n", "title: [\n"])
def test_a_file_that_is_no_preset_is_refused_with_its_name(tmp_path, monkeypatch, text):
    (tmp_path / "broken.yaml").write_text(text)
    monkeypatch.setenv("REGSUITE_PRESETS", str(tmp_path))
    with pytest.raises(InputError, match=r"broken\.yaml"):
        load_preset("broken")


def test_the_users_values_win_over_the_preset_and_the_seed_reaches_the_method():
    preset = load_preset("brain-mri").model_copy(update={"method": "affine", "parameters": {"iterations": 9}})
    choice = choice_of("affine", {"iterations": 5}, preset=preset, seed=11)
    assert (choice.parameters.iterations, choice.parameters.seed) == (5, 11)
    assert choice_of("affine", {}, preset=preset).parameters.iterations == 9
    assert choice.start == "identity"  # a linear method needs no linear start


def test_a_preset_made_for_another_method_lends_its_start_alone():
    choice = choice_of("affine", {}, preset=load_preset("ct-head-neck"))
    assert any("made for deformable" in note for note in choice.notes)


def test_the_start_runs_first_and_its_linear_part_is_told(local_methods):
    fixed, moving = a_pair()
    choice = choice_of("shift", {}, start="rigid")
    seen = []
    found = run_choice(choice, fixed, moving, lambda f, s, m: seen.append((f, s)))
    assert any(note == "started with a registration by rigid" for note in found.notes)
    assert found.linear is not None
    assert "start, rigid" in found.seconds
    moved = found.transform.points(torch.zeros((1, 3), dtype=torch.float64))[0].numpy()
    assert np.abs(moved - SHIFT_MM).max() < 2.0  # from the rigid start: this method itself stays where it is
    assert seen[-1][1] == "shifting"


def test_hounsfield_units_are_recognised():
    assert is_ct(ct())
    assert not is_ct(a_pair()[0])
    padded = ct()
    padded = padded.with_data(torch.where(padded.data == -1000, torch.tensor(-3024.0), padded.data))
    assert is_ct(padded)
    assert width_mm(ct(width=240)) == pytest.approx(240, abs=24)
    assert lung_share(ct(lung=0.1)) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("images", "preset"),
    [
        ((ct(lung=0.1), ct()), "ct-lung"),
        ((ct(width=440), ct()), "ct-abdomen"),
        ((ct(width=200), ct()), "ct-head-neck"),
        (a_pair(3), "brain-mri"),
        ((a_pair(3)[0], ct()), "brain-multimodal"),
        (a_pair(2), "2d-section"),
    ],
)
def test_auto_chooses_by_dimension_modality_and_content_and_says_why(images, preset):
    name, why = preset_for(*images)
    assert name == preset
    assert len(why.split()) > 4


def test_auto_says_what_it_chose_and_takes_the_users_values():
    if "deformable" not in method_names():
        pytest.skip("the method deformable is not in this installation")
    choice = choose(*a_pair(3), {})
    assert choice.name == "deformable"
    assert choice.start == "affine"
    assert any("auto chose deformable with preset brain-mri" in note for note in choice.notes)
    with pytest.raises(InputError, match="no parameter of method deformable"):
        choose(*a_pair(3), {"no_such": 1})
