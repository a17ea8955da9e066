"""Answers that are not what they should be: told as ours, and the next request is not spoiled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.azure.access import Access
from adapters.azure.pages import Pages, Range
from broker.errors import BrokerError, Conflict, Throttled, Transient
from tests.services.azure import certificate
from tests.services.azure.settings import Settings
from tests.services.wire import Request, Response, Server

WHOLE = memoryview(b"\x07" * 512)


class Told:
    """What the server answers, one after the other; then it does as it should."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.target}")
        if self.answers:
            return self.answers.pop(0)
        return Response(206, body=bytes(WHOLE)) if request.method == "GET" else Response(201)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def pages(told: Told, tmp_path: Path) -> Iterator[Pages]:
    settings = Settings(folder=tmp_path)
    certificate.ensure(settings)
    with Server(("127.0.0.1", 0), told, certificate.context(settings)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"https://127.0.0.1:{server.server_address[1]}/disk/abcd?sig=secret"
        made = Pages(Access(lambda _seconds: url), settings.certificate)
        yield made
        made.close()
        server.shutdown()
        thread.join()


def got(pages: Pages) -> bytes:
    buffer = bytearray(512)
    pages.get(memoryview(buffer), 0)
    return bytes(buffer)


@pytest.mark.parametrize("body", [b"short", bytes(513)])
def test_bytes_that_are_not_those_asked_for_are_worth_another_try(
    pages: Pages, told: Told, body: bytes
) -> None:
    told.answers = [Response(206, body=body)]
    with pytest.raises(Transient, match="incomplete"):
        got(pages)
    assert got(pages) == bytes(WHOLE)


def test_a_connection_that_ends_is_worth_another_try(pages: Pages, told: Told) -> None:
    told.answers = [Response(0, hang_up=True)]
    with pytest.raises(Transient):
        got(pages)
    assert got(pages) == bytes(WHOLE)


def test_a_list_of_pages_that_is_none_is_worth_another_try(pages: Pages, told: Told) -> None:
    told.answers = [Response(200, body=b"<html><body>proxy</html>")]
    with pytest.raises(Transient, match="read"):
        list(pages.ranges())


def test_pages_are_listed_to_the_end(pages: Pages, told: Told) -> None:
    first = "<PageRange><Start>0</Start><End>511</End></PageRange><NextMarker>a/b</NextMarker>"
    second = "<ClearRange><Start>1024</Start><End>2047</End></ClearRange><NextMarker/>"
    told.answers = [
        Response(200, body=f"<PageList>{each}</PageList>".encode()) for each in (first, second)
    ]
    assert list(pages.ranges()) == [Range(0, 512), Range(1024, 2048, cleared=True)]
    assert "marker=a%2Fb" in told.asked[1]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(503, {"Retry-After": "4", "x-ms-error-code": "ServerBusy"}), Throttled),
        (Response(429, {"Retry-After": "4"}, b"<html>slow down</html>"), Throttled),
        (Response(502, body=b"<html>"), Transient),
        (Response(409, {"x-ms-error-code": "BlobOverwritten"}), Conflict),
    ],
)
def test_a_refusal_is_told_as_ours_and_the_next_request_is_its_own(
    pages: Pages, told: Told, answer: Response, error: type[BrokerError]
) -> None:
    told.answers = [answer]
    with pytest.raises(error) as raised:
        pages.put(WHOLE, 0)
    if isinstance(raised.value, Throttled):
        assert raised.value.retry_after == 4
    assert "secret" not in str(raised.value)
    pages.put(WHOLE, 0)
    assert len(told.asked) == 2
