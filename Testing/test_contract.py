"""The public names: commands, options, files, functions. A change here is a change of the contract."""

from __future__ import annotations

import inspect

import pytest

import RegSuite
from RegSuite.cli.app import COMMANDS
from RegSuite.methods import method_names
from Testing.cli.command import regsuite

COMMON = (
    "--output", "--device", "--threads", "--seed", "--set", "--parameters", "--preset", "--no-report",
    "--no-scene", "--overwrite", "--limits", "--json",
)  # fmt: skip
COMMON_OF_DOSE = tuple(option for option in COMMON if option not in ("--preset", "--limits"))
OPTIONS = {
    "register": (
        "--method", "--fixed-mask", "--moving-mask", "--fixed-labels", "--moving-labels", "--fixed-points",
        "--moving-points", "--initial", *COMMON,
    ),
    "warp": ("--transform", "--output", "--inverse", "--like", "--interpolation", "--json"),
    "evaluate": (
        "--fixed-labels", "--moving-labels", "--fixed-points", "--moving-points", "--limits", "--json",
    ),
    "batch": ("--workers", "--resume", "--workflow", "--method", *COMMON),
    "dvh": (
        "--dose", "--structures", "--structure-names", "--structures-space", "--dose-unit", "--metric",
        "--bin-width-gy", "--end-slices", "--alpha-beta", *COMMON_OF_DOSE,
    ),
    "gamma": (
        "--reference", "--evaluated", "--percent", "--distance-mm", "--local", "--global", "--cutoff",
        "--percent-of", "--max-gamma", "--interpolation", "--structures",
        *COMMON_OF_DOSE,
    ),
    "dose": (
        "--method", "--mapping", "--density-table", "--uncertainty", "--model", "--samples", "--correlation",
        "--alpha-beta", "--grid-mm", "--metric", "--folding", "--compare", "--no-compare", "--dicom", *COMMON,
    ),
    "tumor": (
        "--method", "--tumor-mask", "--oedema-mask", "--template-labels", "--target-labels", "--label-names",
        "--growth", "--initial", "--target-mask", "--template-mask", "--start", "--intensities", "--weight",
        "--core-weight", "--oedema-weight", "--limits", *COMMON,
    ),
    "organs": (
        "--source-image", "--target-image", "--source-points", "--target-points", "--label-names",
        "--source-names", "--target-names", "--organs-table", "--confusion", "--coherence", "--elasticity",
        "--points", "--spacing-mm", "--only", "--transform", "--outliers", "--grid-mm", "--refine",
        "--structures-space", "--limits", *COMMON_OF_DOSE,
    ),
    "points": (
        "--source-landmarks", "--target-landmarks", "--source-image", "--target-image", "--magnitude-mm",
        "--bandwidth-mm", "--elasticity", "--coherence", "--no-labels", "--transform", "--outliers",
        "--grid-mm", "--limits", *COMMON_OF_DOSE,
    ),
    "keypoints": (
        "--fixed-mask", "--moving-mask", "--fixed-labels", "--moving-labels", "--fixed-landmarks",
        "--moving-landmarks", "--initial", "--count", "--window-mm", "--refine", "--limits", *COMMON_OF_DOSE,
    ),
    "view": ("--port", "--no-browser"),
    "methods": ("--json",),
    "doctor": ("--json",),
    "phantom": ("--output", "--from", "--labels", "--max-displacement", "--seed", "--overwrite", "--json"),
    "demo": COMMON,
}  # fmt: skip


def test_the_commands_are_these():
    assert set(COMMANDS) == set(OPTIONS)


@pytest.mark.parametrize("command", OPTIONS)
def test_a_command_has_its_options(command):
    shown = regsuite(command, "--help", env={"COLUMNS": "200"}).stdout
    for option in OPTIONS[command]:
        assert option in shown, option


def test_the_methods_are_these_and_in_this_order():
    wanted = (
        "auto", "rigid", "affine", "deformable", "bspline", "convex", "demons", "broken-geodesic",
        "lddmm", "metamorphosis", "weighted-metamorphosis", "variational",
    )  # fmt: skip
    assert method_names() == tuple(name for name in wanted if name in method_names())
    assert {"auto", "rigid", "affine"} <= set(method_names())


def test_every_public_name_can_be_had():
    for name in RegSuite.__all__:
        assert getattr(RegSuite, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(RegSuite, "no_such_name")  # noqa: B009  the attribute is looked up by its name


def test_dose_is_a_package_and_a_function():
    import RegSuite.dose.metrics

    assert RegSuite.dose.metrics.ALWAYS
    with pytest.raises(RegSuite.InputError, match="no course"):
        RegSuite.dose({})


def test_the_workflows_describe_themselves_for_panel_and_http():
    from RegSuite.workflows.register import WORKFLOW

    schema = WORKFLOW.schema()
    assert [role["name"] for role in schema["inputs"]][:2] == ["fixed", "moving"]
    for name, field in schema["parameters"]["properties"].items():
        assert field["title"], name
        assert field["description"], name


def test_register_takes_an_argument_for_each_input():
    from RegSuite.workflows.register import INPUTS

    assert {role.name for role in INPUTS} <= set(inspect.signature(RegSuite.register).parameters)
