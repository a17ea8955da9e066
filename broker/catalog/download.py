"""Reading what a provider publishes at an address, a piece at a time."""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from broker.errors import BrokerError, NotFound, Throttled, Transient

TIMEOUT_S = 30.0
"""For each read, not for the whole: a price list has hundreds of megabytes."""

TRIES = 4
LONGEST_WAIT_S = 30.0


@contextlib.contextmanager
def opened(url: str) -> Iterator[http.client.HTTPResponse]:
    """Open ``url`` to be read to its end, trying again when its service is busy.

    BrokerError when it cannot be read, or ends before its time: half a price list looks whole.
    """
    with contextlib.closing(_answer(url)) as answer:
        try:
            yield answer
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
        except (OSError, http.client.HTTPException) as error:
            raise Transient(f"{url} broke off: {error}", hint="Try again") from error


def _answer(url: str) -> http.client.HTTPResponse:
    for attempt in range(1, TRIES + 1):
        try:
            return _ask(url)
        except Transient as error:
            if attempt == TRIES:
                raise
            told = error.retry_after if isinstance(error, Throttled) else None
            time.sleep(min(told if told is not None else 0.5 * 2**attempt, LONGEST_WAIT_S))
    raise AssertionError("the last try returns or raises")


def _ask(url: str) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "interop-broker"})  # noqa: S310
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.TOO_MANY_REQUESTS:
            after = error.headers.get("Retry-After", "")
            wait = float(after) if after.isdigit() else None
            raise Throttled(f"{url} asks us to slow down", retry_after=wait) from error
        if error.code == http.HTTPStatus.NOT_FOUND:
            raise NotFound(
                f"there is nothing at {url}", hint="Is the region's name right?"
            ) from error
        kind = Transient if error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR else BrokerError
        raise kind(f"{url} answered {error.code} {error.reason}") from error
    except OSError as error:
        raise Transient(f"{url} cannot be reached: {error}", hint="Is there a network?") from error
    return answer
