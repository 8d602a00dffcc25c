"""Tables of the organ study: mean errors by landmark, paired differences with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DRAWS = 4000


def write_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: a table for each tolerance, and what is asked of the methods."""
    parts = []
    for tolerance in sorted({row["tolerance"] for row in rows if row["tolerance"] > 0}):
        errors = by_method([r for r in rows if r["tolerance"] in (tolerance, 0.0)])
        parts += [
            f"tolerance {tolerance:g}",
            _by_landmark(errors, rows),
            _asked(errors),
            _calibration(rows, tolerance),
            _speed(rows, tolerance),
        ]
    return "\n\n".join(parts)


def by_method(rows: Sequence[Mapping[str, Any]]) -> dict[str, FloatArray]:
    """{method: [pairs, landmarks]} over the seeds that all methods have."""
    seeds: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        seeds.setdefault(row["method"], {})[row["seed"]] = row["error_mm"]
    common = sorted(set.intersection(*(set(found) for found in seeds.values())))
    return {method: np.array([found[seed] for seed in common]) for method, found in seeds.items()}


def interval(values: FloatArray, statistic: Any = np.mean) -> tuple[float, float]:
    """95 % bootstrap interval of a statistic of values [n, ...] over the first axis."""
    rng = np.random.default_rng(0)
    drawn = [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(DRAWS)]
    return float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))


def ratio(over: FloatArray, under: FloatArray) -> str:
    """Mean of `over` / mean of `under`, paired by row, with its interval."""
    both = np.stack([over.mean(axis=1), under.mean(axis=1)], axis=1)

    def of(pairs: FloatArray) -> float:
        means = pairs.mean(axis=0)
        return float(means[0] / means[1])

    low, high = interval(both, of)
    return f"{of(both):.2f} ({low:.2f} to {high:.2f})"


def _by_landmark(errors: Mapping[str, FloatArray], rows: Sequence[Mapping[str, Any]]) -> str:
    names = rows[0]["landmarks"]
    methods = list(errors)
    lines = ["| mm: mean (sd) | " + " | ".join(methods) + " | organ - plain-0.01: median [95 %] |"]
    lines.append("|---" * (len(methods) + 2) + "|")
    for i, name in enumerate(names):
        cells = [f"{errors[m][:, i].mean():.1f} ({errors[m][:, i].std():.1f})" for m in methods]
        difference = errors["organ"][:, i] - errors["plain-0.01"][:, i]
        low, high = interval(difference, np.median)
        cells.append(f"{np.median(difference):+.1f} [{low:+.1f}, {high:+.1f}]")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    means = [f"{errors[m].mean():.1f} ({errors[m].mean(axis=1).std():.1f})" for m in methods]
    difference = (errors["organ"] - errors["plain-0.01"]).mean(axis=1)
    low, high = interval(difference, np.median)
    means.append(f"{np.median(difference):+.1f} [{low:+.1f}, {high:+.1f}]")
    lines.append("| all | " + " | ".join(means) + " |")
    return "\n".join(lines)


def _asked(errors: Mapping[str, FloatArray]) -> str:
    plain = min(("plain-0.01", "plain-0.1"), key=lambda m: float(errors[m].mean()))
    pairs = [
        ("organ", plain),
        ("organ", "global"),
        ("organ", "similarity"),
        ("organ-whole", plain),
        ("organ-whole", "plain-whole"),
    ]
    pairs += [("swapped-u", "organ"), ("swapped-identity", "organ"), ("swapped-identity", "swapped-u")]
    pairs += [("swapped-whole-u", "organ-whole")]
    lines = [f"{len(errors['organ'])} pairs; the better plain drift: {plain}", ""]
    lines += [f"- {a} / {b}: {ratio(errors[a], errors[b])}" for a, b in pairs if a in errors and b in errors]
    return "\n".join(lines)


def _calibration(rows: Sequence[Mapping[str, Any]], tolerance: float) -> str:
    """Stated sd of an axis against the error, which has three axes: rms of error / (sqrt 3 sd)."""
    lines = []
    for method in ("organ", "organ-whole", "swapped-u"):
        own = [r for r in rows if r["method"] == method and r["tolerance"] == tolerance and "sd_mm" in r]
        if own:
            z = np.array([r["error_mm"] for r in own]) / np.array([r["sd_mm"] for r in own]) / np.sqrt(3)
            worst = np.sqrt(np.square(z).mean(axis=0))
            name = own[0]["landmarks"][int(worst.argmax())]
            lines.append(
                f"- {method}: rms {np.sqrt(np.square(z).mean()):.2f}, {100 * (z < 2).mean():.0f} % below 2; "
                f"stated sd {np.mean([r['sd_mm'] for r in own]):.1f} mm; worst {name} {worst.max():.2f}"
            )
    return "error / (sqrt 3 stated sd of an axis), at the landmarks:\n\n" + "\n".join(lines)


def _speed(rows: Sequence[Mapping[str, Any]], tolerance: float) -> str:
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [r for r in rows if r["method"] == method and r["tolerance"] == tolerance]
        if own:
            seconds = np.median([r["seconds"] for r in own])
            steps, ended = np.median([r["iterations"] for r in own]), sum(r["converged"] for r in own)
            lines.append(
                f"- {method}: {seconds:.2f} s, {steps:.0f} iterations (medians); converged {ended}/{len(own)}"
            )
    return "\n".join(lines)
