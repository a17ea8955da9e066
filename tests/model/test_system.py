import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broker.model import System, SystemKind

words = st.none() | st.text(max_size=80) | st.sampled_from(["linux", "windows", "Ubuntu", "win"])


@given(kind=words, distribution=words)
def test_any_two_words_name_a_system(kind: str | None, distribution: str | None) -> None:
    told = System.named(kind, distribution)
    if distribution is None or told.kind is SystemKind.WINDOWS:
        assert told.distribution is None
    assert System.named(told.kind, told.distribution) == told


def test_windows_has_no_distributions() -> None:
    with pytest.raises(ValidationError):
        System(kind=SystemKind.WINDOWS, distribution="ubuntu")


@pytest.mark.parametrize(
    ("words", "billed"),
    [
        (("windows", None), "windows"),
        (("linux", "rhel"), "rhel"),
        (("linux", "sled"), "suse"),
        (("linux", "debian"), "linux"),
        (("linux", None), None),
        ((None, None), None),
    ],
)
def test_a_bill_tells_a_licence(words: tuple[str | None, str | None], billed: str | None) -> None:
    assert System.named(*words).billed_as == billed
