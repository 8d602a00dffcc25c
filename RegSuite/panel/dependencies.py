"""Python packages that RegSuite needs in Slicer: what is missing, asked for once, installed by Slicer.

Nothing here imports what it looks for; a panel can say what is missing before it can be made.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory

import slicer
from packaging.requirements import Requirement
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.resources import resources_folder

REQUESTER = "RegSuite"
FOR_PANELS = ("pydantic", "pyyaml")
"""What the forms themselves are made with; the others are the worker's."""

HELD = ("numpy", "scipy", "SimpleITK", "pydicom")
"""Slicer's own packages: an installation that would replace one of them is refused by pip."""

_MEGABYTES = {"torch": 200, "pydantic": 5, "pyyaml": 1, "numba": 45, "jinja2": 1, "matplotlib": 30}
"""About what is downloaded, with what a package brings along (torch without CUDA)."""

_TORCH_CUDA_GB = 3
_MODULES = {"pyyaml": "yaml"}
"""Names of modules that differ from their package's."""

_refused: list[str] = []
"""What the user did not want in this session."""


def requirements_file() -> Path:
    """Resources/requirements.txt."""
    return resources_folder() / "requirements.txt"


def missing(names: tuple[str, ...] | None = None) -> list[Requirement]:
    """Requirements (of these packages, or all) that are not installed or too old. Imports none of them."""
    import slicer.packaging

    wanted: list[Requirement] = slicer.packaging.load_requirements(requirements_file())
    return [r for r in wanted if (names is None or r.name in names) and not _is_there(r)]


def panel_ready() -> bool:
    """Whether forms can be made; where not, show an InstallBox in their place."""
    return not missing(FOR_PANELS)


def question(needed: list[Requirement]) -> str:
    """What the user is asked: packages, size, and what becomes of it."""
    title = _("RegSuite needs Python packages that this Slicer has not got:")
    lines = "\n".join(f"  {r}  ({_size(r)})" for r in needed)
    what = _("They are downloaded and installed into Slicer's own Python, which takes some minutes.")
    return f"{title}\n{lines}\n\n{what} {_('Install them now?')}"


def ensure(*, again: bool = False) -> list[str]:
    """Install what is missing, after one question; sentences to tell the user (a restart that is due).

    Call it on the main thread, before work that needs the packages. A refusal is remembered: until
    Slicer is closed it is not asked again, unless with `again` (an Install button).
    Raises InputError where the user refused, an installation failed or PyTorch's extension is missing.
    """
    needed = missing()
    if not needed:
        return []
    if _refused and not again:
        raise _refusal(needed)
    if not slicer.util.confirmOkCancelDisplay(question(needed), _("RegSuite: install Python packages")):
        _refused[:] = [str(r) for r in needed]
        raise _refusal(needed)
    _refused.clear()
    before = _loaded_versions(needed)
    _install(needed)
    left = missing()
    if left:
        raise InputError(
            _("not installed: {names}").format(names=", ".join(map(str, left))),
            where=_("Python packages"),
            mend=_("restart Slicer and try again; the Python console holds the installer's last words"),
        )
    replaced = [name for name, old in before.items() if version(name) != old]
    return [_("Restart Slicer: {names} was replaced while in use").format(names=n) for n in replaced]


def _is_there(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _size(requirement: Requirement) -> str:
    megabytes = _MEGABYTES.get(requirement.name)
    if megabytes is None:
        return str(_("size not known"))
    words = str(_("about {megabytes} MB")).format(megabytes=megabytes)
    if requirement.name == "torch":
        words += ", " + str(_("with an NVIDIA GPU about {gigabytes} GB")).format(gigabytes=_TORCH_CUDA_GB)
    return words


def _refusal(needed: list[Requirement]) -> InputError:
    return InputError(
        _("{names} missing, and not to be installed in this session").format(
            names=", ".join(r.name for r in needed)
        ),
        where=_("Python packages"),
        mend=_("press 'Install packages' in the panel, or run in a terminal: {command}").format(
            command="PythonSlicer -m pip install " + " ".join(f'"{r}"' for r in needed)
        ),
    )


def _install(needed: list[Requirement]) -> None:
    """torch by the PyTorch extension, the others by Slicer, which keeps its own packages as they are."""
    torch = [r for r in needed if r.name == "torch"]
    others = [r for r in needed if r.name != "torch"]
    try:
        for requirement in torch:
            _install_torch(requirement)
        if others:
            import slicer.packaging

            with TemporaryDirectory() as folder:
                held = Path(folder) / "constraints.txt"
                held.write_text("".join(f"{name}=={version(name)}\n" for name in HELD if _installed(name)))
                slicer.packaging.pip_ensure(
                    others, constraints=held, prompt_install=False, requester=REQUESTER
                )
    except (CalledProcessError, OSError) as error:
        raise InputError(
            _("the installation failed: {error}").format(error=error),
            where=_("Python packages"),
            mend=_("check the network and the disk; the Python console holds the installer's last words"),
        ) from error


def _install_torch(requirement: Requirement) -> None:
    try:
        extension = import_module("PyTorchUtils")
    except ImportError as error:
        raise InputError(
            _("torch is missing, and so is Slicer's extension that installs it"),
            where=_("Python packages"),
            mend=_("install the extension 'PyTorch' in the Extensions Manager and restart Slicer"),
        ) from error
    extension.PyTorchUtilsLogic().installTorch(
        askConfirmation=False, torchVersionRequirement=str(requirement.specifier)
    )


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _loaded_versions(needed: list[Requirement]) -> dict[str, str]:
    """Versions of the needed packages that are too old and already imported."""
    loaded = [r.name for r in needed if _MODULES.get(r.name, r.name) in sys.modules]
    return {name: version(name) for name in loaded if _installed(name)}
