"""Stand-in of Slicer's SampleData module: keeps what modules register, downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


SOURCES: dict[str, list[SampleDataSource]] = {}
"""By category."""


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
    loadFileProperties: Any = None


class SampleDataLogic:
    """Registers samples and makes those that are made on the spot."""

    @staticmethod
    def registerCustomSampleDataSource(
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileType: Any = None,
        loadFiles: Any = None,
        loadFileProperties: Any = None,
        checksums: Any = None,
    ) -> None:
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileType,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties,
            checksums=checksums,
        )
        SOURCES.setdefault(category, []).append(source)

    def downloadSample(self, sampleName: str) -> Any:
        return self.downloadSamples(sampleName)[0]

    def downloadSamples(self, sampleName: str) -> list[Any]:
        """The nodes of a sample that its module makes itself. Raises KeyError for one that needs the network."""
        for source in (source for sources in SOURCES.values() for source in sources):
            if source.sampleName == sampleName and source.customDownloader is not None:
                made = source.customDownloader(source)
                return list(made) if isinstance(made, (list, tuple)) else [made]
        raise KeyError(f"no sample '{sampleName}' that is made without a download")


