"""result.json is written and read as the contract says."""

import json
import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from RegSuite.errors import InputError
from RegSuite.report.result import Result, plain
from Testing.report.results import a_failure, a_result


def test_a_result_read_back_is_the_result(tmp_path):
    result = a_result({"tre_mm": {"mean": 1.25, "n": 3}, "dice": {17: 0.75}, "dice_mean": 0.75})
    (tmp_path / "result.json").write_text(result.to_json(indent=2), encoding="utf-8")
    assert Result.read(tmp_path) == result
    assert Result.read(tmp_path / "result.json") == result
    assert Result.read(tmp_path).metrics["dice"] == {"17": 0.75}


def test_the_fields_are_those_of_the_contract():
    content = json.loads(a_result({"dice_mean": 0.9}).to_json())
    assert content["schema"] == "regsuite.result/1"
    assert set(content) >= {
        *("workflow", "method", "status", "inputs", "parameters", "seed", "versions", "device", "threads"),
        *("seconds", "total_seconds", "peak_memory_mb", "metrics", "verdicts", "warnings", "files"),
    }
    assert "reason" not in content
    assert content["inputs"]["fixed"]["size"] == [160, 192, 224]
    passed = next(v for v in content["verdicts"] if v["measure"] == "dice_mean")
    assert set(passed) == {"measure", "value", "limit", "verdict", "source"}
    missing = next(v for v in content["verdicts"] if v["measure"] == "tre_mm.mean")
    assert missing["verdict"] == "not measured"
    assert "value" not in missing


def test_what_is_not_finite_is_absent():
    result = a_result({"tre_mm": {"mean": math.nan, "max": 2.0}, "dice_mean": math.inf})
    text = result.to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text)["metrics"] == {"tre_mm": {"max": 2.0}}


def test_numbers_of_numpy_and_torch_become_numbers_and_one_line_is_one_line():
    values = {"a": np.float32(0.5), "b": torch.tensor(2), "c": np.arange(3), "d": (1, None), 5: True}
    assert plain(values) == {"a": 0.5, "b": 2, "c": [0, 1, 2], "d": [1, None], "5": True}
    assert "\n" not in a_result({"length_mm": np.float64(3.5)}).to_json()


def test_a_failed_result_has_its_reason_and_no_other_has_one():
    assert json.loads(a_failure().to_json())["reason"]["mend"] == "pass --initial"
    with pytest.raises(ValidationError, match="a reason stands in a failed result"):
        Result(workflow="register", status="failed")
    with pytest.raises(ValidationError, match="a reason stands in a failed result"):
        a_result(reason={"what": "x"})


def test_what_is_no_result_is_refused_with_words(tmp_path):
    with pytest.raises(InputError, match="no result can be read: No such file"):
        Result.read(tmp_path / "none")
    broken = tmp_path / "result.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="this is no JSON"):
        Result.read(tmp_path)
    broken.write_text('{"schema": "regsuite.result/9"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"the schema is 'regsuite.result/9', not 'regsuite.result/1'"):
        Result.read(tmp_path)
    broken.write_text('{"schema": "regsuite.result/1", "status": "completed"}', encoding="utf-8")
    with pytest.raises(InputError, match="this is no regsuite.result/1"):
        Result.read(tmp_path)
