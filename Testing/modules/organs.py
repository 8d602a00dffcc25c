"""Two sides with two organs each whose motion is known, as nodes, for the panel: balls that moved."""

import numpy as np

from Testing.mrml.small_organs import NAMES, labels, parts

MOVED_MM = (9.0, 0.0, 0.0)


def nodes(names=NAMES):
    """Nodes by role of the workflow: labels, scans and landmarks of both sides."""
    from RegSuite.mrml.markups import markups_from_points
    from RegSuite.mrml.segmentations import segmentation_from_labels
    from RegSuite.mrml.volumes import volume_from_image

    made = parts()
    out = {}
    for side, scan in (("source", "exhale"), ("target", "inhale")):
        out[f"{side}_labels"] = segmentation_from_labels(made[f"{side}_labels"], names, name=f"{scan} organs")
        out[f"{side}_image"] = volume_from_image(made[f"{side}_image"], name=scan)
        out[f"{side}_points"] = markups_from_points(made[f"{side}_points"], name=f"{scan} landmarks")
    return out


def models(shift_mm, names=NAMES):
    """A model an organ, as a folder of surfaces would give them."""
    import vtk

    from RegSuite.mrml.models import model_from_surface
    from Testing.mrml.small_organs import PLACES, RADII

    made = []
    for label, name in names.items():
        ball = vtk.vtkSphereSource()
        ball.SetCenter(*(PLACES[label] + np.asarray(shift_mm)))
        ball.SetRadius(RADII[label])
        ball.SetThetaResolution(40)
        ball.SetPhiResolution(40)
        ball.Update()
        made.append(model_from_surface(ball.GetOutput(), name=name))
    return made


def point_list(shift_mm, name):
    """The organs' surfaces as a point list, with their labels in the descriptions."""
    from RegSuite.geometry import PointSet
    from RegSuite.mrml.markups import markups_from_points
    from Testing.mrml.small_organs import PLACES, RADII

    rng = np.random.default_rng(3)
    points, numbers = [], []
    for label, place in PLACES.items():
        way = rng.normal(size=(60, 3)) * (1.0, 0.8, 1.3)
        points.append(place + shift_mm + RADII[label] * way / np.linalg.norm(way, axis=1)[:, None])
        numbers += [label] * 60
    cloud = PointSet(np.concatenate(points), labels=np.array(numbers))
    return markups_from_points(cloud, name=name)


def choose(panel, *, scans=True, landmarks=True, **fields):
    """Fill the panel in, by its selectors, for a run of seconds; gives the nodes."""
    made = nodes()
    for role, node in made.items():
        wanted = landmarks if role.endswith("points") else scans or role.endswith("labels")
        if wanted:
            panel.forms.selector(role).setCurrentNode(node)
    parameters = panel.logic.getParameterNode()
    for name, value in {"points": 300, "threads": 1, "scene": False, "report": False, **fields}.items():
        setattr(parameters, name, value)
    return made


__all__ = ["MOVED_MM", "NAMES", "choose", "labels", "models", "nodes", "point_list"]
