"""What the panel says of registered organs: verdict, a row an organ, the views, the moving cloud."""

import numpy as np
import pytest

from RegSuite.panel.tones import plain
from Testing.mrml.small_organs import record

MARKS = {"mean": 2.0, "p95": 3.0, "max": 3.5, "n": 4}


@pytest.fixture
def a_record():
    return record(
        tre_before_mm={**MARKS, "mean": 9.0, "max": 12.0},
        tre_mm=MARKS,
        drift={"inlier_share": 0.96, "sigma_mm": 1.0},
        folds_percent={"liver": 0.0, "spleen": 0.0, "tissue": 0.4},
    )


def organ(record, name):
    return next(found for found in record.metrics["organs"].values() if found["name"] == name)


def test_landmarks_lead_and_doubtful_organs_are_named(a_record):
    from RegSuite.panel.organ_headline import headline_of

    head = headline_of(a_record)
    assert head.tone == "unsure"
    assert "9.0 to 2.0 mm apart" in head.sentence
    assert "spleen (only in the source" in head.sentence


def test_folds_inside_an_organ_fail_and_those_around_do_not(a_record):
    from RegSuite.panel.organ_headline import headline_of

    assert headline_of(a_record).tone != "fail"
    a_record.metrics["folds_percent"]["liver"] = 2.0
    head = headline_of(a_record)
    assert (head.tone, head.title) == ("fail", "The deformation folds inside organs: do not use it")


def test_an_organ_that_was_not_reached_is_the_title(a_record):
    from RegSuite.panel.organ_headline import headline_of

    far = {"mean": 40.0, "p95": 50.0, "max": 60.0}
    organ(a_record, "liver").update(distance_before_mm=far, distance_after_mm=far)
    assert "not reached: liver" in headline_of(a_record).title


def test_rows_have_what_was_measured_doubtful_ones_first(a_record):
    from RegSuite.panel.organ_rows_table import OrganRowsTable, organ_results, text_of

    rows = organ_results(a_record.metrics)
    assert [row.name for row in rows] == ["spleen", "liver"]
    assert (rows[0].after_mm, rows[1].after_mm, rows[1].sd_mm, rows[1].dice) == (None, 0.9, 2.1, 0.95)
    table = OrganRowsTable()
    table.show(rows)
    texts = [table.widget.item(1, column).text() for column in range(table.widget.columnCount)]
    assert texts == ["liver", "5.6", "0.9", "1.6", "2.1", "0.95"]
    assert table.widget.item(0, 0).text() == "spleen !"
    assert "only in the source" in table.widget.item(0, 0).toolTip()
    assert text_of(rows).splitlines()[2].split("\t")[:3] == ["liver", "5.6", "0.9"]


def test_the_box_says_landmarks_and_partners_and_copies_them(a_record):
    import qt

    from RegSuite.panel.organ_result_box import OrganResultBox

    box = OrganResultBox()
    box.show(a_record, "exhale to inhale", ("a note",))
    words = plain(str(box.points.text))
    assert "9.0 mm before, 2.0 mm after" in words
    assert "96 % of the target's points found a partner" in words
    box.buttons["copy"].click()
    copied = str(qt.QApplication.clipboard().text())
    assert "a note" in copied
    assert "spleen" in copied
    box.clear()
    assert not box.widget.visible


def test_the_view_box_offers_what_is_there_and_tells_what_is_chosen():
    from RegSuite.panel.organ_view_box import OrganViewBox

    told = []
    box = OrganViewBox()
    box.on = {name: lambda value, name=name: told.append((name, value)) for name in box.on}
    roles = {"moved_surfaces", "source_surfaces", "target_surfaces", "displacement", "warped_labels"}
    box.show(roles, colours=["organ", "distance"], slices=["target", "warped"])
    assert told == []
    box.choose("when", "before")
    box.choose("colour", "distance")
    assert told == [("when", "before"), ("colour", "distance"), ("target", False)]
    assert "Dark red" in str(box.legend.text)
    box.show({"target_surfaces"}, colours=["organ"], slices=[])
    assert not box.lists["colour"].visible
    assert not box.boxes["grid"].enabled


def test_the_live_cloud_follows_the_names_of_a_run_and_ends_with_it(scene):
    from RegSuite.panel.live_cloud import LiveCloud

    cloud = LiveCloud(scene)
    points = np.random.default_rng(0).normal(size=(40, 3))
    cloud.take("moving_organs", np.ones((40, 1)))
    cloud.take("target", points)
    cloud.take("something else", points)
    cloud.take("moving", points + 3)
    assert scene.GetFirstNodeByName("moving cloud").GetPolyData().GetNumberOfPoints() == 40
    cloud.end()
    assert scene.GetFirstNodeByName("moving cloud") is None
    cloud.end()


def test_a_listener_gets_every_preview_once():
    from types import SimpleNamespace

    from RegSuite.backend.messages import Previewed
    from RegSuite.panel.listener import Listener, Telling

    seen = []
    telling = Telling(Listener(preview=lambda name, values: seen.append((name, values))))
    told = {"moving": Previewed("moving", "a", 1, [2, 3])}
    job = SimpleNamespace(stage="drift", fraction=0.5, seconds_left=None, history=[], log=[], previews=told)
    job.preview = lambda name: 7
    telling.tell(job)
    telling.tell(job)
    told["moving"] = Previewed("moving", "b", 2, [2, 3])
    telling.tell(job)
    job.preview = lambda name: None  # being replaced: the next one will be seen
    told["moving"] = Previewed("moving", "a", 3, [2, 3])
    telling.tell(job)
    assert seen == [("moving", 7), ("moving", 7)]
