"""The programs that are compared: one file each, each loaded only in the child process that runs it.

A peer's parameters are those that its own documentation gives for this task; every peer gets
the same images and starts from the same affine by its own means.
"""

from __future__ import annotations

from importlib import import_module

from Testing.benchmarks.peers.base import Peer

_HOMES = {
    "greedy": "greedy:Greedy",
    "sitk-demons": "demons:Demons",
    "ants-syn": "ants_syn:SynDefault",
    "convexadam": "convex_adam:ConvexAdam",
    "elastix": "elastix:Elastix",
    "dipy-syn-cc": "dipy_syn:DipySyn",
    "ants-syn-cc": "ants_syn:SynCC",
}
"""Cheapest first."""

PEERS = tuple(_HOMES)


def make_peer(name: str) -> Peer:
    """The peer called `name`; raises ImportError where its package is not installed."""
    module, _, attribute = _HOMES[name].partition(":")
    made: Peer = getattr(import_module(f"{__name__}.{module}"), attribute)()
    return made
