"""Stand-in of the PyTorch extension's module: tells what is installed, installs nothing."""

from __future__ import annotations

import importlib.metadata
from typing import Any

asked: list[dict[str, Any]] = []
"""The arguments of every call of installTorch, the newest last."""


class PyTorchUtilsLogic:
    """The functions that other extensions call."""

    def torchInstalled(self) -> bool:
        try:
            importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            return False
        return True

    @property
    def torch(self) -> Any:
        import torch

        return torch

    def installTorch(
        self,
        askConfirmation: bool = False,
        forceComputationBackend: str | None = None,
        torchVersionRequirement: str | None = None,
        torchvisionVersionRequirement: str | None = None,
    ) -> Any:
        asked.append(
            {
                "askConfirmation": askConfirmation,
                "forceComputationBackend": forceComputationBackend,
                "torchVersionRequirement": torchVersionRequirement,
                "torchvisionVersionRequirement": torchvisionVersionRequirement,
            }
        )
        return self.torch if self.torchInstalled() else None
