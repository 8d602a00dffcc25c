"""The lines between worker and parent."""

from __future__ import annotations

import pytest

from RegSuite.backend.followed import Followed
from RegSuite.backend.messages import Failed, Finished, Previewed, Progress, Said, from_line, to_line
from RegSuite.errors import InputError, MethodFailed, OutOfMemory

ALL = [
    Progress(0.25, "coarse", {"lncc": 0.5}, 12.0),
    Said("warning: µ and \n in a sentence"),
    Previewed("moving", "moving-1.f32", 3, [20, 3]),
    Finished("result", '{"schema": "regsuite.result/1"}'),
    Failed({"what": "w", "where": "x", "mend": "m"}, "InputError", "read", "last"),
]


@pytest.mark.parametrize("message", ALL, ids=lambda m: type(m).__name__)
def test_a_message_is_one_line_of_ascii_and_comes_back_equal(message):
    line = to_line(message)
    assert line.count("\n") == 1
    assert line.isascii()
    assert from_line(line) == message


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"kind": "other"}', '{"kind": "said", "sent'])
def test_a_line_that_is_no_message_is_refused(line):
    with pytest.raises(ValueError, match="no message"):
        from_line(line)


@pytest.mark.parametrize("kind", [InputError, OutOfMemory, MethodFailed])
def test_the_workers_error_is_raised_here_as_what_it_was(kind):
    told = Followed()
    told._take(Failed(kind("much", where="here", mend="less").reason(), kind.__name__))
    assert type(told.error) is kind
    assert told.reason == {"what": "much", "where": "here", "mend": "less"}


def test_measures_are_kept_with_their_times_and_stages():
    told = Followed()
    for message in (Progress(0.1, "read"), Progress(0.5, "fine", {"ssd": 2.0}, 3.0), Said("hello")):
        told._take(message)
    assert [(stage, metrics) for _, stage, metrics in told.history] == [("fine", {"ssd": 2.0})]
    assert (told.fraction, told.stage, told.seconds_left, told.log) == (0.5, "fine", 3.0, ["hello"])
