"""Buttons over a comparison: which one does what, and what stays when it is let go."""

import pytest


class Told:
    """A comparison that notes what it was told."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def box(told):
    from RegSuite.panel.compare_box import CompareBox

    box = CompareBox()
    box.show(told, has_jacobian=True, has_displacement=True)
    yield box
    box.clear()


def test_showing_does_not_touch_the_views(told, box):
    assert told.calls == []


def test_the_slider_fades_from_fixed_to_warped(told, box):
    box.slider.value = 80
    assert told.calls == [("fade", 0.8)]


def test_flicker_goes_on_by_itself_until_another_way_is_chosen(told, box):
    from Testing import harness

    box._timer.setInterval(20)
    box.buttons["flicker"].click()
    harness.wait_until(lambda: told.calls.count(("flicker",)) >= 4, 5)
    box.buttons["checkerboard"].click()
    before = told.calls.count(("flicker",))
    from Testing.harness.event_loop import wait_for

    wait_for(0.1)
    assert told.calls.count(("flicker",)) == before
    assert told.calls[-1] == ("checkerboard", 8)


def test_one_way_is_pressed_at_a_time_and_only_fading_has_a_slider(told, box):
    box.buttons["difference"].click()
    assert [name for name, button in box.buttons.items() if button.checked] == ["difference"]
    assert not box.slider.enabled
    assert told.calls == [("difference",)]
    box.buttons["fade"].click()
    assert box.slider.enabled


def test_the_jacobian_comes_with_words_that_say_what_its_colours_mean(told, box):
    box.jacobian_box.click()
    assert told.calls == [("jacobian", True)]
    assert not box.legend.isHidden()
    assert "White (1): it keeps its volume" in box.legend.text
    box.jacobian_box.click()
    assert told.calls[-1] == ("jacobian", False)
    assert box.legend.isHidden()


def test_the_difference_comes_with_words_that_say_when_it_says_nothing(box):
    box.buttons["difference"].click()
    assert not box.legend.isHidden()
    assert "only of images of one modality" in box.legend.text
    box.jacobian_box.click()  # lies over the difference
    assert "modality" not in box.legend.text
    box.jacobian_box.click()
    assert "modality" in box.legend.text
    box.buttons["fade"].click()
    assert box.legend.isHidden()


def test_the_deformation_grid_is_switched_on_and_off(told, box):
    box.grid_box.click()
    box.grid_box.click()
    assert told.calls == [("deformation_grid", True), ("deformation_grid", False)]


def test_what_a_result_has_not_got_cannot_be_shown(told, box):
    box.show(told, has_jacobian=False, has_displacement=False)
    assert not box.jacobian_box.enabled
    assert not box.grid_box.enabled


def test_letting_go_clears_the_comparison_and_lifts_the_buttons(told, box):
    box.jacobian_box.click()
    box.clear()
    assert told.calls[-1] == ("clear",)
    assert not box.jacobian_box.checked
    assert box.widget.isHidden()


def test_of_a_scene_that_is_closed_nothing_is_touched(told, box):
    box.forget()
    assert told.calls == []
    box.slider.value = 3
    assert told.calls == []
