"""Stand-in of Slicer's SampleData module: keeps what modules register, downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import slicer


@dataclass
class SampleDataSource:
    """One sample: a thumbnail in the module SampleData."""

    sampleName: str | None = None
    sampleDescription: str | None = None
    uris: Any = None
    fileNames: Any = None
    nodeNames: Any = None
    checksums: Any = None
    loadFiles: Any = None
    customDownloader: Any = None
    thumbnailFileName: str | None = None
    loadFileTypes: Any = None
    loadFileProperties: dict[str, Any] = field(default_factory=dict)


class SampleDataLogic:
    """Registers samples in slicer.modules.sampleDataSources and makes those that are made on the spot."""

    @staticmethod
    def registerCustomSampleDataSource(
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFiles: Any = None,
        loadFileProperties: dict[str, Any] | None = None,
        checksums: Any = None,
        loadFileType: Any = None,
    ) -> None:
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes or loadFileType,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties or {},
            checksums=checksums,
        )
        sources().setdefault(category, []).append(source)

    def downloadSample(self, sampleName: str) -> Any:
        return self.downloadSamples(sampleName)[0]

    def downloadSamples(self, sampleName: str) -> list[Any]:
        """The nodes of a sample that its module makes itself; KeyError for one that needs the network."""
        for source in (source for listed in sources().values() for source in listed):
            if source.sampleName == sampleName and source.customDownloader is not None:
                made = source.customDownloader(source)
                return list(made) if isinstance(made, (list, tuple)) else [made]
        raise KeyError(f"no sample '{sampleName}' that is made without a download")


def sources() -> dict[str, list[SampleDataSource]]:
    """Every sample registered, by category."""
    if not hasattr(slicer.modules, "sampleDataSources"):
        slicer.modules.sampleDataSources = {}
    return slicer.modules.sampleDataSources
