"""What a workflow tells about itself: its inputs and its parameters, from which every face is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

InputKind = Literal[
    "image", "mask", "labels", "points", "transform", "table", "dose", "structures", "course", "series"
]
"""series: images over time on one grid, 4D on file, in memory an Image with a channel a time."""
OutputKind = Literal[
    "image",
    "labels",
    "jacobian",
    "displacement",
    "linear",
    "points",
    "surface",
    "table",
    "report",
    "scene",
    "dose",
    "series",
]
"""series: images over time, 4D on file, a tuple of images in a scene's content."""


class RunParameters(BaseModel):
    """What every workflow can be told; each adds its own fields.

    Panel, command line and HTTP schema are made from the fields: `title`, `description`, and
    json_schema_extra {"unit": ..., "flags": how the option is spelt} where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str | None = Field(
        default=None,
        title="Device",
        description="auto, cpu, cuda or cuda:N; REGSUITE_DEVICE or auto if not given",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        title="Threads",
        description="CPU threads; REGSUITE_THREADS or all cores if not given",
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**32,
        title="Seed",
        description="of every random choice; same seed, device, threads and versions: same result",
    )
    report: bool = Field(default=True, title="Report", description="write report.html")


class WorkflowParameters(RunParameters):
    """What every workflow that runs a registration method can be told."""

    preset: str | None = Field(
        default=None,
        title="Preset",
        description="method and parameters for a kind of images (see Resources/presets)",
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        title="Method parameters",
        description="those that differ from preset and defaults (see `regsuite methods NAME`)",
    )
    limits: str | None = Field(
        default=None,
        title="Limits file",
        description="YAML with the clinic's tolerances; REGSUITE_LIMITS or TG-132's if not given",
    )
    scene: bool = Field(default=True, title="Scene", description="write scene.mrb where MRML is at hand")


@dataclass(frozen=True)
class InputRole:
    """One input of a workflow: its name in Python, result.json and (with dashes) on the command line.

    of: the image role on whose grid a mask, labels or a series lies; that of the first word of the
    name (fixed_mask: fixed) if empty. also: other kinds that may be given in its place.
    """

    name: str
    kind: InputKind
    title: str
    description: str
    required: bool = False
    of: str = ""
    also: tuple[InputKind, ...] = ()

    @property
    def image(self) -> str:
        """The role of the image to which it belongs, an image its own: `fixed` of `fixed_mask`."""
        return self.of or self.name.split("_")[0]


@dataclass(frozen=True)
class OutputRole:
    """One output of a workflow: its name in result.json's `files`, what it is, and of which input's space.

    A role that a run did not write is absent from `files`. of: the input role in whose space the
    output lies, or which it moves (of a displacement: the input that it brings to the other one).
    """

    name: str
    kind: OutputKind
    title: str
    description: str
    of: str = "fixed"


@dataclass(frozen=True)
class View:
    """What a person wants to see first of a result: roles of inputs or outputs, shown over each other.

    background, foreground: images in the slice views, the latter at `opacity`. labels: label maps
    shown as outlines, the first one's names and colours leading.
    """

    background: str = "fixed"
    foreground: str | None = "warped"
    opacity: float = 0.5
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """A workflow as panels, the command line, MRML scenes and the HTTP interface see it.

    run: run(inputs by role name, parameters, run) -> Result.
    """

    name: str
    summary: str
    inputs: tuple[InputRole, ...]
    Parameters: type[RunParameters]
    run: Callable[..., Any]
    outputs: tuple[OutputRole, ...] = ()
    view: View = View()

    def input(self, name: str) -> InputRole | None:
        """The input of that name, None where there is none."""
        return next((role for role in self.inputs if role.name == name), None)

    def output(self, name: str) -> OutputRole | None:
        """The output of that name, None where there is none."""
        return next((role for role in self.outputs if role.name == name), None)

    @property
    def moved(self) -> str:
        """The image that is brought onto another one; "moving" where the workflow has no displacement."""
        found = self.output("displacement")
        return "moving" if found is None else found.of

    def schema(self) -> dict[str, Any]:
        """JSON schema of the parameters, and the inputs and outputs as lists of their fields."""
        return {
            "workflow": self.name,
            "summary": self.summary,
            "inputs": [vars(role) for role in self.inputs],
            "outputs": [vars(role) for role in self.outputs],
            "parameters": self.Parameters.model_json_schema(),
        }
