"""A result of each kind, small and whole."""

from RegSuite.quality import default_limits, judge
from RegSuite.report.result import Result


def a_result(metrics=None, largest_voxel_mm=2.0, **changes):
    """A completed registration with these metrics, judged against TG-132."""
    metrics = metrics or {}
    return Result(
        **{
            "workflow": "register",
            "method": "deformable",
            "status": "completed",
            "inputs": {
                "fixed": {
                    "file": "fixed.nii.gz",
                    "sha256": "ab" * 32,
                    "size": [160, 192, 224],
                    "spacing": [1, 1, 1.5],
                },
                "moving": {
                    "file": "moving.nii.gz",
                    "sha256": "cd" * 32,
                    "size": [90, 91, 92],
                    "spacing": [2, 2, 2],
                },
            },
            "parameters": {"smoothing_mm": 3.0, "similarity": "lncc"},
            "seed": 7,
            "versions": {"RegSuite": "0.1.0", "python": "3.11.2"},
            "device": "cpu",
            "threads": 2,
            "seconds": {"read": 0.4, "deformable": 2.5},
            "total_seconds": 3.1,
            "peak_memory_mb": 812.0,
            "metrics": metrics,
            "verdicts": judge(metrics, default_limits(), largest_voxel_mm),
            "files": {"report": "report.html"},
            **changes,
        }
    )


def a_failure():
    """A registration that failed in its rigid stage."""
    return Result(
        workflow="register",
        method="rigid",
        status="failed",
        reason={"what": "images overlap by 0 %", "where": "stage rigid", "mend": "pass --initial"},
    )
