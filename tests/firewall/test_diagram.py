"""The algebra against every single point of small spaces."""

import itertools
import random
from collections.abc import Sequence

import pytest

from broker.firewall.diagram import ALL, NOTHING, Box, Diagrams, Rule, has
from broker.firewall.first_match import any_match, first_match

SIZES = (2, 3, 5, 4)
POINTS = list(itertools.product(*map(range, SIZES)))


def box(rng: random.Random) -> Box:
    runs = []
    for size in SIZES:
        first, last = sorted(rng.randrange(size) for _ in range(2))
        runs.append((0, size - 1) if rng.random() < 0.4 else (first, last))
    return tuple(runs)


def rules(rng: random.Random) -> list[Rule]:
    return [Rule(box(rng), rng.random() < 0.5) for _ in range(rng.randrange(6))]


def table(given: Sequence[Rule]) -> list[bool]:
    """What first match says, point by point."""
    return [
        next(
            (
                rule.allow
                for rule in given
                if all(a <= v <= b for v, (a, b) in zip(point, rule.box, strict=True))
            ),
            False,
        )
        for point in POINTS
    ]


@pytest.mark.parametrize("seed", range(5))
def test_every_operation_is_that_of_sets(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        diagrams = Diagrams(SIZES)
        one, other = rules(rng), rules(rng)
        a, b = first_match(diagrams, one), first_match(diagrams, other)
        in_a, in_b = table(one), table(other)
        assert any_match(diagrams, one) == any(in_a)
        assert [has(a, point) for point in POINTS] == in_a
        assert (a is b) == (in_a == in_b)
        pairs = list(zip(in_a, in_b, strict=True))
        assert [has(diagrams.both(a, b), point) for point in POINTS] == [x and y for x, y in pairs]
        assert [has(diagrams.either(a, b), point) for point in POINTS] == [x or y for x, y in pairs]
        left = diagrams.but_not(a, b)
        assert [has(left, point) for point in POINTS] == [x and not y for x, y in pairs]
        assert diagrams.negated(diagrams.negated(a)) is a


@pytest.mark.parametrize("field", range(len(SIZES)))
def test_a_field_can_be_fixed_or_left_to_whoever(field: int) -> None:
    rng = random.Random(field)
    for _ in range(60):
        diagrams = Diagrams(SIZES)
        given = rules(rng)
        node = first_match(diagrams, given)
        value = rng.randrange(SIZES[field])
        truth = dict(zip(POINTS, table(given), strict=True))

        def at(point: tuple[int, ...], other: int) -> tuple[int, ...]:
            return (*point[:field], other, *point[field + 1 :])

        whatever, fixed = diagrams.whatever(node, field), diagrams.given(node, field, value)
        for point in POINTS:
            assert has(whatever, point) == all(truth[at(point, v)] for v in range(SIZES[field]))
            assert has(fixed, point) == truth[at(point, value)]


def test_boxes_hold_each_point_once() -> None:
    rng = random.Random(7)
    for _ in range(100):
        diagrams = Diagrams(SIZES)
        given = rules(rng)
        node = first_match(diagrams, given)
        found = [
            point
            for each in diagrams.boxes(node)
            for point in itertools.product(*(range(a, b + 1) for a, b in each))
        ]
        wanted = [point for point, inside in zip(POINTS, table(given), strict=True) if inside]
        assert sorted(found) == wanted


def test_one_set_has_one_form() -> None:
    diagrams = Diagrams(SIZES)
    halves = [Rule(((0, 1), (0, 2), (low, high), (0, 3)), True) for low, high in ((0, 2), (3, 4))]
    assert first_match(diagrams, halves) is ALL
    assert first_match(diagrams, []) is NOTHING
