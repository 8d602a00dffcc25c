"""Which method moves the ventricles of a healthy brain best onto one with a tumour: a study on phantoms.

    python -m Testing.benchmarks.tumor_study -o FOLDER --ndim 2            (goes on where it stopped)

Each method's parameters are chosen on seeds of their own (100 and on), then all are compared on the
seeds 0 and on, by the Dice of the ventricles under the deformation alone, paired by seed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from RegSuite.phantoms.tumor import TumorPhantom
from RegSuite.workflows.tumor import tumor
from Testing.benchmarks.tumor_cases import cases

METHODS = ("weighted", "metamorphosis", "lddmm", "masked")
KERNELS: Mapping[int, tuple[tuple[float, ...], ...]] = {
    2: ((8.0, 24.0),),
    3: ((8.0, 24.0),),
}
EFFORT: Mapping[int, Mapping[str, Any]] = {2: {}, 3: {"finest_mm": 2.0, "iterations": (40, 25, 6)}}
"""At full resolution in 3D, with fewer iterations there than the defaults have on their coarser grid."""
TUNING = range(100, 104)


def choices(method: str, ndim: int) -> list[dict[str, Any]]:
    """The settings that are tried of a method."""
    found: list[dict[str, Any]] = []
    for kernels in KERNELS[ndim]:
        plain: dict[str, Any] = {"kernels_mm": kernels, "smoothness": 5e-4} | EFFORT[ndim]
        if method == "weighted":
            found += [plain | {"mu": mu} for mu in (0.2, 0.1)]
        elif method == "metamorphosis":
            found += [plain | {"mu": mu} for mu in (0.05, 0.15)]
        else:
            found += [plain, plain | {"smoothness": 3e-3}]
    return found


def measured(
    case: TumorPhantom, method: str, parameters: Mapping[str, Any], **options: Any
) -> dict[str, Any]:
    """One registration: Dice of the ventricles by the deformation alone, SSDs, folds, seconds."""
    began = time.perf_counter()
    masks = {"tumor_mask": case.tumor, "oedema_mask": case.oedema} if method in ("weighted", "masked") else {}
    result = tumor(
        case.template,
        case.target,
        method,
        template_labels=case.template_labels,
        target_labels=case.target_labels,
        label_names=dict(case.label_names),
        parameters=dict(parameters),
        start="none",
        **masks,
        **options,
    )
    found = {
        "dice": ventricle_dice(result.images["warped_labels"], case),
        "seconds": time.perf_counter() - began,
        "jacobian_min": result.metrics["jacobian"]["min"],
        "folds_percent": result.metrics["jacobian"]["percent_nonpositive"],
    }
    return found | {
        k: v for k, v in result.metrics["tumor"].items() if k.startswith("ssd") and isinstance(v, float)
    }


def ventricle_dice(warped: Any, case: TumorPhantom) -> float:
    """Dice of all ventricles together."""
    wanted = list(case.ventricles)
    a, b = (np.isin(image.data[0].numpy(), wanted) for image in (warped, case.target_labels))
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def run(folder: Path, ndim: int, seeds: Sequence[int], tuning: Sequence[int], methods: Iterable[str]) -> None:
    """The study; every measurement is kept in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for method in methods:
        for case in cases(ndim, tuning):
            for number, parameters in enumerate(choices(method, ndim)):
                _kept(folder / f"tune-{ndim}-{method}-{number}-{case.seed}.json", case, method, parameters)
    for case in cases(ndim, seeds):
        for method in methods:
            best = choices(method, ndim)[best_choice(folder, ndim, method, tuning)]
            _kept(folder / f"test-{ndim}-{method}-{case.seed}.json", case, method, best)


def _kept(path: Path, case: TumorPhantom, method: str, parameters: Mapping[str, Any]) -> None:
    if path.exists():
        return
    row = {"method": method, "seed": case.seed, "parameters": parameters} | measured(case, method, parameters)
    path.write_text(json.dumps(row), encoding="utf-8")
    ssd = row.get("ssd_final", float("nan"))
    print(f"{path.stem:40} dice {row['dice']:.4f}  ssd {ssd:.1f}  {row['seconds']:.0f} s", flush=True)


def best_choice(folder: Path, ndim: int, method: str, tuning: Sequence[int]) -> int:
    """The setting with the best mean Dice over the tuning seeds."""
    means = []
    for number in range(len(choices(method, ndim))):
        rows = [json.loads((folder / f"tune-{ndim}-{method}-{number}-{s}.json").read_text()) for s in tuning]
        means.append(np.mean([row["dice"] for row in rows]))
    return int(np.argmax(means))


def table(folder: Path, ndim: int) -> str:
    """The comparison in Markdown: means, and weighted less each other method with its 95 % interval."""
    rows = [json.loads(p.read_text()) for p in sorted(folder.glob(f"test-{ndim}-*.json"))]
    by = {m: {r["seed"]: r for r in rows if r["method"] == m} for m in METHODS}
    lines = [
        "| method | Dice of the ventricles | weighted is better by (95 %) | SSD final | SSD deformed | min J "
        "| folds % | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for method, found in by.items():
        if not found:
            continue
        dice = np.array([r["dice"] for r in found.values()])
        both = sorted(set(found) & set(by["weighted"]))
        less = np.array([by["weighted"][s]["dice"] - found[s]["dice"] for s in both])
        gain = (
            ""
            if method == "weighted"
            else "{:+.4f} ({:+.4f} to {:+.4f})".format(less.mean(), *_interval(less))
        )
        mean = {
            k: np.mean([r.get(k, np.nan) for r in found.values()])
            for k in ("ssd_final", "ssd_deformed", "folds_percent", "seconds")
        }
        least = min(r["jacobian_min"] for r in found.values())
        cells = (
            f"{dice.mean():.4f} (SD {dice.std(ddof=1):.4f})",
            gain,
            f"{mean['ssd_final']:.1f}",
            f"{mean['ssd_deformed']:.1f}",
            f"{least:.2f}",
            f"{mean['folds_percent']:.4f}",
            f"{mean['seconds']:.0f}",
        )
        lines.append(" | ".join(("| " + method, *cells)) + " |")
    return "\n".join(lines)


def _interval(values: np.ndarray, draws: int = 10_000) -> tuple[float, float]:
    """95 % interval of the mean by bootstrap over the seeds."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, (draws, len(values))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--ndim", type=int, choices=(2, 3), default=2)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tuning", type=int, default=len(TUNING))
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    given = parser.parse_args()
    run(given.output, given.ndim, range(given.seeds), list(TUNING)[: given.tuning], given.methods)
    print(table(given.output, given.ndim))


if __name__ == "__main__":
    main()
