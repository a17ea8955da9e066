import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.adapter import LabelRule, NameRule
from broker.fit.labels import fit_labels
from broker.fit.names import fit_name

DNS = NameRule(pattern=r"[a-z]([a-z0-9-]*[a-z0-9])?", max_length=15)


@pytest.mark.parametrize(
    ("name", "fitted"),
    [
        ("web-1", "web-1"),
        ("Web 1", "web-1"),
        ("bücher/laden", "bucher-laden"),
        ("1st", "vm-1st"),
        ("a-very-long-name", "a-very-long-nam"),
        ("fourteen-chars-long", "fourteen-chars"),
        ("__x__", "x"),
    ],
)
def test_a_name_becomes_the_nearest_the_grammar_has(name: str, fitted: str) -> None:
    assert fit_name(name, DNS)[0] == fitted


def test_a_changed_name_is_told() -> None:
    _, (loss,) = fit_name("Web 1", DNS)
    assert (loss.before, loss.after, loss.blocking) == ("Web 1", "web-1", False)


def test_a_name_with_nothing_to_keep_stops_the_move() -> None:
    _, (loss,) = fit_name("日本", DNS)
    assert loss.blocking
    assert "--name" in loss.reason


@given(st.text(min_size=1, max_size=40))
def test_whatever_comes_out_unblocked_is_accepted(name: str) -> None:
    fitted, losses = fit_name(name, DNS)
    blocked = any(loss.blocking for loss in losses)
    assert blocked or (re.fullmatch(DNS.pattern, fitted) and len(fitted) <= DNS.max_length)


def test_labels_are_kept_whole_or_dropped_by_name() -> None:
    rule = LabelRule(max_count=2, max_key=4, max_value=5)
    kept, losses = fit_labels({"a": "1", "b": "longer", "c": "3", "d": "4", "long-key": ""}, rule)
    assert kept == {"a": "1", "c": "3"}
    assert [loss.field for loss in losses] == ["labels.b", "labels.d", "labels.long-key"]


def test_labels_whose_keys_the_target_has_not_are_dropped_by_name() -> None:
    rule = LabelRule(
        max_count=9, max_key=40, max_value=9, key_pattern=r"(?!own:)[^/]+", case_told=False
    )
    labels = {"Team": "a", "app.example.com/name": "b", "own:mark": "c", "team": "d", "é\n": "e"}
    kept, losses = fit_labels(labels, rule)
    assert kept == {"Team": "a", "é\n": "e"}
    assert [loss.field for loss in losses] == [
        "labels.app.example.com/name",
        "labels.own:mark",
        "labels.team",
    ]


def test_labels_whose_values_the_target_has_not_are_dropped_by_name() -> None:
    rule = LabelRule(max_count=9, max_key=9, max_value=9, value_pattern=r"[a-z\n]*")
    kept, losses = fit_labels({"a": "plain\n", "b": "🦊"}, rule)
    assert kept == {"a": "plain\n"}
    assert [loss.field for loss in losses] == ["labels.b"]
