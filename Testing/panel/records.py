"""Results as result.json holds them, for tests of what panels say."""

from RegSuite.report.result import Result

SOURCE = "TG-132"


def a_result(**changes):
    """A completed registration with landmarks and labels, all within the limits."""
    content = {
        "workflow": "register",
        "method": "deformable",
        "status": "completed",
        "device": "CPU (2 cores)",
        "seconds": {"read": 0.5, "register": 11.0},
        "total_seconds": 12.4,
        "metrics": {
            "tre_mm": {"mean": 0.9, "sd": 0.4, "p95": 1.7, "max": 2.2, "n": 30},
            "dice": {"2": 0.91, "17": 0.84},
            "dice_mean": 0.875,
            "jacobian": {"min": 0.4, "max": 2.0, "percent_nonpositive": 0.0, "sd_log": 0.2},
            "similarity": {"name": "lncc", "before": 0.41, "after": 0.86},
        },
        "verdicts": [
            {"measure": "tre_mm.mean", "value": 0.9, "limit": 2.0, "verdict": "pass", "source": SOURCE},
            {"measure": "dice_mean", "value": 0.875, "limit": 0.8, "verdict": "pass", "source": SOURCE},
            {"measure": "hd95_mm.2", "limit": 3.0, "verdict": "not measured", "source": SOURCE},
        ],
        "notes": ["start affine: the images lie far apart"],
    }
    return Result.model_validate({**content, **changes})


def words_of(label):
    """What a label says, without its markup."""
    import qt

    return str(qt.QTextDocumentFragment.fromHtml(label.text).toPlainText())
