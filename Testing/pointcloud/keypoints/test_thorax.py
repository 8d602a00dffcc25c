"""Keypoints in the lungs of the thorax phantom, whose motion is a formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.phantoms.thorax import thorax_course
from RegSuite.phantoms.thorax.draw import default_grid
from RegSuite.pointcloud.keypoints.field import field_from_matches
from RegSuite.pointcloud.keypoints.match import matched_keypoints
from RegSuite.pointcloud.keypoints.parameters import KeypointParameters


@pytest.mark.slow
def test_vessels_are_found_again_on_another_day_and_the_graph_helps():
    course = thorax_course(default_grid(3.0), fractions=2, seed=1)
    day = course.fractions[1]
    lungs = torch.isin(course.labels.data[0], torch.tensor([2, 3, 11]))
    fixed = course.planning.with_mask(lungs)

    def errors(matches):
        true = matches.fixed.points + day.motion.displacement(matches.fixed.points)[0]
        return np.linalg.norm(true - matches.moving.points, axis=1)

    alone, together = (
        matched_keypoints(fixed, day.image, KeypointParameters(stiffness=k)) for k in (0.0, 3.0)
    )
    right, wrong = errors(together), errors(alone)
    assert len(together) > 150
    assert right.mean() < 0.8 * wrong.mean()
    assert np.percentile(right, 90) < 3.0  # a voxel
    assert (right < 3.0).sum() > (wrong < 3.0).sum()
    field = field_from_matches(together.fixed, together.moving, fixed.grid)
    off = (field.transform.displacement_mm - day.displacement.data).norm(dim=0)[lungs]
    assert float(off.mean()) < 0.4 * float(day.displacement.data.norm(dim=0)[lungs].mean())
