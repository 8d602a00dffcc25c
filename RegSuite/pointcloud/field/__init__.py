"""From registered points to the deformation of the volume: sliding organs, the tissue between, both ways."""

from RegSuite.pointcloud.field.borders import OrganBorder
from RegSuite.pointcloud.field.checks import FieldChecks
from RegSuite.pointcloud.field.cloud_fields import CloudFields, cloud_fields

__all__ = ["CloudFields", "FieldChecks", "OrganBorder", "cloud_fields"]
