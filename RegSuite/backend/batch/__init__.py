"""Many jobs from one table: a row a job, a result folder a row, one summary."""

from RegSuite.backend.batch.manifest import Row, read_manifest
from RegSuite.backend.batch.run import Listener, run_batch
from RegSuite.backend.batch.summary import Entry, Summary

__all__ = ["Entry", "Listener", "Row", "Summary", "read_manifest", "run_batch"]
