"""Stand-in of slicer.packaging (Slicer 5.12): looks as Slicer does at what is installed, installs nothing.

What would have been installed stands in `asked`; `answer` is what the user says to the question.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from packaging.requirements import InvalidRequirement, Requirement

asked: list[Asked] = []
"""Every call that found something missing and would have installed it, the newest last."""


@dataclass(frozen=True)
class Asked:
    """One installation that did not take place."""

    requirements: tuple[str, ...]
    requester: str | None
    constraints: str | None


def load_requirements(path: str | Path) -> list[Requirement]:
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pip_check(req: Any) -> bool:
    return all(_is_there(requirement) for requirement in _listed(req))


def pip_ensure(
    requirements: Any,
    constraints: str | Path | None = None,
    skip_packages: list[str] | None = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> list[str] | None:
    """Ask, then record. Raises RuntimeError where the user declines, as Slicer does."""
    missing = [requirement for requirement in _listed(requirements) if not _is_there(requirement)]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return None
    if prompt_install:
        listed = "\n".join(f"- {requirement}" for requirement in missing)
        question = (
            "Python packages need to be installed. This will modify Slicer's Python environment. Continue?"
        )
        title = f"{requester or 'Slicer'} - Install Python Packages"
        if not slicer.util.confirmOkCancelDisplay(question, title, detailedText=listed):
            raise RuntimeError("User declined package installation")
    return pip_install([str(requirement) for requirement in missing], constraints, requester=requester)


def pip_install(
    requirements: Any,
    constraints: str | Path | None = None,
    no_deps_requirements: Any = None,
    skip_packages: list[str] | None = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    parent: Any = None,
    logCallback: Any = None,
    completedCallback: Any = None,
) -> list[str] | None:
    asked.append(
        Asked(
            tuple(str(requirement) for requirement in _listed(requirements)),
            requester,
            None if constraints is None else str(constraints),
        )
    )
    if completedCallback is not None:
        completedCallback(0)
    return [] if skip_packages else None


def isPipInstallInProgress() -> bool:
    return False


def _listed(requirements: Any) -> list[Requirement]:
    if isinstance(requirements, Requirement):
        return [requirements]
    if isinstance(requirements, str):
        try:
            return [Requirement(requirements)]
        except InvalidRequirement:
            return [Requirement(word) for word in requirements.split()]
    if isinstance(requirements, list):
        return [found if isinstance(found, Requirement) else Requirement(found) for found in requirements]
    raise TypeError(f"requirements are a str, a Requirement or a list, not a {type(requirements).__name__}")


def _is_there(requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return importlib.metadata.version(requirement.name) in requirement.specifier
    except importlib.metadata.PackageNotFoundError:
        return False
