"""The summary of a batch: counts, medians, order, files."""

from __future__ import annotations

import csv
import json

import pytest

from RegSuite.backend.batch.page import page, write_page
from RegSuite.backend.batch.summary import Entry, Summary, read_entries, statistics, worst_first
from RegSuite.report.result import Reason


def entry(name, dice=None, tone="pass", status="completed", **more):
    measures = {} if dice is None else {"dice_mean": dice, "seconds": 10.0}
    return Entry(
        name=name, line=2, workflow="register", status=status, tone=tone, verdict="Within the limits",
        measures=measures, folder=name if status == "completed" else None, report="report.html", **more,
    )  # fmt: skip


LOST = entry(
    "lost<b>",
    tone=None,
    status="failed",
    reason=Reason(what="3 & 4 do not fit", where="level 2", mend="mend it"),
)
ROWS = [
    entry("good", 0.9),
    entry("bad", 0.5, "fail"),
    LOST,
    entry("worse", 0.7),
    entry("unsure", None, "unsure"),
]


def summary(rows=ROWS):
    states = [row.status for row in rows]
    return Summary(
        manifest="m.csv",
        workers=2,
        seconds=61.0,
        versions={"RegSuite": "1"},
        counts={s: states.count(s) for s in set(states)},
        statistics=statistics(rows),
        rows=list(rows),
    )


def test_median_and_range_are_of_the_rows_that_have_the_measure():
    found = statistics(ROWS)
    assert found["dice_mean"] == {"median": 0.7, "min": 0.5, "max": 0.9, "n": 3}
    assert "tre_mean_mm" not in found


def test_similarities_that_cannot_be_compared_have_no_median():
    def rows(*names):
        return [
            Entry(
                name=str(i), line=i, workflow="register", status="completed", similarity=name,
                measures={"similarity_before": 0.1, "similarity_after": 0.2 + i},
            )
            for i, name in enumerate(names)
        ]  # fmt: skip

    assert statistics(rows("mi", "mi"))["similarity_after"]["median"] == 0.7
    assert statistics(rows("mi", "lncc")) == {}
    assert "LNCC 0.1 → 1.2" in page(summary(rows("mi", "lncc")))


def test_the_worst_stands_first():
    order = [row.name for row in worst_first(ROWS)]
    assert order == ["lost<b>", "bad", "unsure", "worse", "good"]


def test_the_json_names_its_schema_and_the_csv_has_a_line_a_row(tmp_path):
    summary().write(tmp_path)
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["schema"] == "regsuite.batch/1"
    assert content["counts"] == {"completed": 4, "failed": 1}
    with (tmp_path / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [row.name for row in ROWS]
    assert rows[0]["dice_mean"] == "0.9"
    assert rows[2]["reason"] == "3 & 4 do not fit"
    assert rows[4]["dice_mean"] == "", "absent, not 0"
    assert read_entries(tmp_path)["bad"].measures["dice_mean"] == 0.5


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "regsuite.batch/9"}'])
def test_a_summary_that_cannot_be_read_counts_as_none(tmp_path, text):
    (tmp_path / "summary.json").write_text(text)
    assert read_entries(tmp_path) == {}
    assert read_entries(tmp_path / "nowhere") == {}


def test_the_page_is_one_file_links_the_reports_and_says_why_a_row_failed(tmp_path):
    text = write_page(summary(), tmp_path).read_text(encoding="utf-8")
    assert "4 of 5 rows completed, 1 outside the limits" in text
    assert 'href="worse/report.html"' in text
    assert "3 &amp; 4 do not fit (level 2)" in text
    assert "lost&lt;b&gt;" in text
    assert "<b>lost<b>" not in text
    assert "http" not in text
    assert text.index("lost&lt;") < text.index("bad/report.html") < text.index("good/report.html")
    assert "1 min 01 s" in text


@pytest.mark.parametrize(
    ("rows", "tone"),
    [([ROWS[0]], "pass"), ([ROWS[0], ROWS[4]], "unsure"), ([ROWS[1]], "fail"), ([LOST], "fail")],
)
def test_the_page_is_as_sure_as_its_least_sure_row(rows, tone):
    assert f'class="headline {tone}"' in page(summary(rows))
