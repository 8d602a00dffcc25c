"""Packages are looked for as Slicer does, asked for once, and never installed by a test."""

from __future__ import annotations

import pytest

from Testing.harness import messages

pytestmark = pytest.mark.slicer


@pytest.fixture
def packaging(clean):
    import slicer.packaging

    slicer.packaging.asked.clear()
    return slicer.packaging


def test_requirements_are_read_without_comments_and_options(packaging, tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# torch\nnumpy>=1.26\n\n--index-url https://example.org\nno-such-package==3\n")
    assert [str(found) for found in packaging.load_requirements(path)] == [
        "numpy>=1.26",
        "no-such-package==3",
    ]


def test_what_is_there_is_not_asked_for(packaging):
    packaging.pip_ensure(["numpy>=1.0", "no-such-package; sys_platform == 'amiga'"], requester="RegSuite")
    assert packaging.asked == []
    assert messages.SHOWN == []


def test_what_is_missing_is_asked_for_once_and_recorded(packaging):
    packaging.pip_ensure(["numpy>=1.0", "no-such-package>=2"], requester="RegSuite")
    assert [found.requirements for found in packaging.asked] == [("no-such-package>=2",)]
    assert messages.SHOWN[0].title.startswith("RegSuite")
    assert "no-such-package" in messages.SHOWN[0].details


def test_user_who_declines_gets_slicers_error(packaging):
    messages.answer(False)
    with pytest.raises(RuntimeError, match="declined"):
        packaging.pip_ensure("numpy>=999", requester="RegSuite")
    assert packaging.asked == []


def test_testing_slicer_installs_nothing_and_asks_nothing(packaging, slicer_app, monkeypatch):
    monkeypatch.setattr(slicer_app, "testing", True)
    packaging.pip_ensure("no-such-package")
    assert packaging.asked == []
    assert messages.SHOWN == []


def test_torch_is_found_without_its_import(clean):
    import PyTorchUtils

    assert PyTorchUtils.PyTorchUtilsLogic().torchInstalled()
