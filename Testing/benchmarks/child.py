"""One method on one prepared pair, in a process of its own.

python -m Testing.benchmarks.child METHOD PAIR_FOLDER FIELD_FILE --threads N      -> one JSON line on stdout
python -m Testing.benchmarks.child consistency FORWARD BACKWARD --pair PAIR_FOLDER -> the same
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared, consistency, scores
from Testing.benchmarks.measure import measured
from Testing.benchmarks.peers.base import Peer


def register_once(peer: Peer, pair: Prepared, field_file: Path, threads: int) -> dict[str, Any]:
    """Load, run (timed), make the field, score it and keep it."""
    with tempfile.TemporaryDirectory() as work:
        loaded = peer.load(pair, Path(work), threads)
        result, cost = measured(lambda: peer.run(loaded), in_child=getattr(peer, "in_child", False))
        field = peer.field(loaded, result)
        inverse = peer.inverse(loaded, result)
    found = asdict(cost) | {"parameters": peer.parameters, **scores(pair, field, inverse)}
    field_file.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.Cast(field, sitk.sitkVectorFloat32), str(field_file))
    return found


def consistency_of(forward: Path, backward: Path, pair: Prepared) -> dict[str, Any]:
    """How far two independent runs, fixed and moving swapped, are from undoing each other."""
    region = sitk.GetArrayFromImage(pair.read("region", sitk.sitkUInt8)) > 0
    fields = [sitk.ReadImage(str(path), sitk.sitkVectorFloat64) for path in (forward, backward)]
    return {"inverse_consistency_mm": consistency(*fields, region)}


def make(method: str) -> Peer:
    """A peer by its name, or RegSuite's method NAME by `regsuite-NAME`."""
    from Testing.benchmarks.peers import PEERS, make_peer

    if method in PEERS:
        return make_peer(method)
    from Testing.benchmarks.peers.regsuite import OurCommand, OurMethod

    return OurCommand() if method == "regsuite-command" else OurMethod(method.removeprefix("regsuite-"))


def main() -> None:
    """Run, with the standard output kept for the one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("method")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--pair", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what programs say goes to stderr
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(given.threads)
    if given.method == "consistency":
        found = consistency_of(given.first, given.second, Prepared(given.pair))
    else:
        found = register_once(make(given.method), Prepared(given.first), given.second, given.threads)
    json.dump(found, answer)
    answer.close()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
