"""The organs' model of a run: preset, table, panel's settings, coherence and trust in the segmentations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.organs_transition import transition_from_confusion
from RegSuite.pointcloud.presets import ElasticityPreset, load_elasticity
from RegSuite.pointcloud.tables import read_coherence, read_confusion, read_organs
from RegSuite.report.provenance import input_record
from RegSuite.workflows.inputs import is_file_name
from RegSuite.workflows.organs_names import plain

if TYPE_CHECKING:
    from RegSuite.workflows.organs_parameters import OrgansParameters
    from RegSuite.workflows.run import Run

WORDS = ("organ", "global")
_SETTINGS = ("magnitude_mm", "bandwidth_mm", "translation_mm", "outliers")


def model_of(
    names: Mapping[int, str], inputs: Mapping[str, Any], parameters: OrgansParameters, run: Run
) -> OrganModel:
    """The model of the organs {label: name}: labels are the common ones, which are the target's.

    inputs: organs_table, coherence and confusion: files, words, or values in memory. Raises InputError.
    """
    preset = load_elasticity(parameters.elasticity)
    organs = {label: preset.organ(label, name) for label, name in names.items()}
    organs = _of_table(organs, inputs.get("organs_table"), run)
    organs = _of_settings(organs, parameters.organs)
    trust = _trust(organs, parameters.trust)
    default = parameters.outliers
    organs = {
        label: replace(organ, outliers=max(organ.outliers or default, 1 - trust[label]))
        if label in trust and trust[label] < 1
        else organ
        for label, organ in organs.items()
    }
    model = OrganModel.made_of(tuple(organs[label] for label in sorted(organs)))
    asked = inputs.get("coherence") if inputs.get("coherence") is not None else parameters.coherence
    coherence = _coherence(asked, preset, model, run)
    given = inputs.get("confusion") if inputs.get("confusion") is not None else parameters.confusion
    return OrganModel(model.organs, coherence, _transition(given, trust, model, run))


def _of_table(organs: Mapping[int, Organ], table: Any, run: Run) -> dict[int, Organ]:
    if table is None:
        return dict(organs)
    if not is_file_name(table):
        return _of_settings(organs, table)
    read = read_organs(Path(table), dict(organs))
    run.inputs["organs_table"] = input_record(str(table))
    for label in sorted(set(read) & set(organs)):
        called, known = read[label].name, organs[label].name
        if known != f"label {label}" and plain(called) != plain(known):
            raise InputError(
                f"label {label} is {known!r} in the target, and the table calls it {called!r}",
                where=Path(table).name,
                mend="number the table as the target is numbered, or leave its column of names out",
            )
    unknown = sorted(label for label in read if label not in organs)
    if unknown:
        run.warn(
            f"{Path(table).name}: no organ on both sides has label {', '.join(map(str, unknown[:12]))} (the "
            "numbers are the target's): these rows are not used"
        )
    return {label: read.get(label, organ) for label, organ in organs.items()}


def _of_settings(organs: Mapping[int, Organ], given: Any) -> dict[int, Organ]:
    """Values by organ's name or label over those that are there."""
    out = dict(organs)
    for key, values in dict(given or {}).items():
        label = _label_of(key, out)
        if not isinstance(values, Mapping):
            raise InputError(f"{values!r} is no mapping", where=f"organs: {key}", mend=_known())
        settings = dict(values)
        named = settings.pop("preset", None)
        organ = out[label] if named is None else load_elasticity(str(named)).organ(label, out[label].name)
        unknown = [name for name in settings if name not in (*_SETTINGS, "name")]
        if unknown:
            raise InputError(f"an organ has no {unknown[0]!r}", where=f"organs: {key}", mend=_known())
        out[label] = replace(organ, **{k: v for k, v in settings.items() if v is not None})
    return out


def _known() -> str:
    return f"give {', '.join(_SETTINGS)} or preset"


def _label_of(key: Any, organs: Mapping[int, Organ]) -> int:
    for label, organ in organs.items():
        if str(key) == str(label) or plain(str(key)) == plain(organ.name):
            return label
    raise InputError(
        f"no organ on both sides is called {key!r}",
        where="organs",
        mend="organs: " + ", ".join(f"{label} {organ.name}" for label, organ in list(organs.items())[:20]),
    )


def _trust(organs: Mapping[int, Organ], given: Mapping[str, float]) -> dict[int, float]:
    out = {}
    for key, value in given.items():
        if not 0 < value <= 1:
            raise InputError(
                f"a trust of {value:g}", where=f"trust: {key}", mend="above 0, and 1 where labels are right"
            )
        out[_label_of(key, organs)] = float(value)
    return out


def _coherence(given: Any, preset: ElasticityPreset, model: OrganModel, run: Run) -> NDArray[np.float64]:
    word = preset.coherence if given is None else given
    if isinstance(word, str) and word in WORDS:
        return OrganModel.made_of(model.organs, word).coherence  # type: ignore[arg-type]  # one of the two
    if is_file_name(word):
        path = Path(word)
        if not path.is_file():
            raise InputError(
                f"{str(word)!r} is neither a file nor a word for a coherence",
                where="coherence",
                mend="organ, global, or a CSV with a row and a column for each organ",
            )
        run.inputs["coherence"] = input_record(str(path))
        return read_coherence(path, model)
    return _matrix(word, model, "coherence S")


def _transition(given: Any, trust: Mapping[int, float], model: OrganModel, run: Run) -> NDArray[np.float64]:
    """U [L, L]; identity where nothing is known of mistakes."""
    count = len(model.organs)
    if given is None:
        u = np.eye(count)
        for place, organ in enumerate(model.organs if count > 1 else ()):
            right = trust.get(organ.label, 1.0)
            u[:, place] = (1 - right) / (count - 1)
            u[place, place] = right
        return u
    if trust:
        raise InputError(
            "both a confusion matrix and trust were given", where="confusion, trust", mend="give one of them"
        )
    if not is_file_name(given):
        return transition_from_confusion(_matrix(given, model, "confusion"), model.names)
    found, notes = read_confusion(Path(given), model)
    run.inputs["confusion"] = input_record(str(given))
    run.notes.extend(notes)
    return found


def _matrix(given: Any, model: OrganModel, what: str) -> NDArray[np.float64]:
    """[L, L] in the model's order, from an array in that order or {"names": [...], "values": [[...]]}."""
    if not isinstance(given, Mapping):
        return np.asarray(given, dtype=np.float64)
    names, values = [str(n) for n in given.get("names", ())], np.asarray(given.get("values"), dtype=float)
    if values.shape != (len(names), len(names)):
        raise InputError(
            f"{len(names)} names for a matrix of {values.shape}",
            where=what,
            mend="give names, and values with a row and a column for each",
        )
    keys = [plain(name) for name in names]
    wanted = [(plain(o.name), str(o.label), o.name) for o in model.organs]
    missing = [name for key, label, name in wanted if key not in keys and label not in names]
    if missing:
        raise InputError(f"{missing[0]!r} is missing", where=what, mend="name every organ of both sides")
    order = [keys.index(key) if key in keys else names.index(label) for key, label, _ in wanted]
    return np.asarray(values[np.ix_(order, order)])
