"""Our signature is the SDK's."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws.signing import Signer

HOST = "ebs.eu-central-1.amazonaws.com"
TEXT = st.text("abcXYZ0189+/=-_.", min_size=1, max_size=40)


@given(
    secret=TEXT,
    token=st.none() | TEXT,
    index=st.integers(0, 10**6),
    digest=st.binary(min_size=32, max_size=32),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_a_put_is_signed_as_the_sdk_signs_it(
    secret: str, token: str | None, index: int, digest: bytes, now: datetime
) -> None:
    credentials = ReadOnlyCredentials("AKIATEST", secret, token)
    path = f"/snapshots/snap-0123456789abcdef0/blocks/{index}"
    headers = {"x-amz-checksum": digest.hex(), "content-type": "application/octet-stream"}

    ours = Signer(HOST, "eu-central-1", "ebs").headers(
        "PUT", path, "", headers, digest.hex(), credentials, now=now
    )

    assert ours["authorization"] == _by_sdk("PUT", path, headers, digest.hex(), credentials, now)


@pytest.mark.parametrize("query", ["blockToken=AAE%2FBBB%2B%3D%3D"])
def test_a_get_is_signed_as_the_sdk_signs_it(query: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    credentials = ReadOnlyCredentials("AKIATEST", "secret", None)
    path = "/snapshots/snap-1/blocks/7"

    ours = Signer(HOST, "eu-central-1", "ebs").headers(
        "GET", path, query, {}, "0" * 64, credentials, now=now
    )

    assert ours["authorization"] == _by_sdk(
        "GET", f"{path}?{query}", {}, "0" * 64, credentials, now
    )


def test_a_new_secret_on_the_same_day_makes_a_new_key() -> None:
    signer, now = Signer(HOST, "eu-central-1", "ebs"), datetime(2026, 3, 1, tzinfo=UTC)
    first, second, again = (
        signer.headers("GET", "/", "", {}, "", ReadOnlyCredentials("A", secret, None), now=now)
        for secret in ("one", "two", "one")
    )
    assert first["authorization"] != second["authorization"]
    assert first == again


def _by_sdk(
    method: str,
    target: str,
    headers: dict[str, str],
    payload: str,
    credentials: ReadOnlyCredentials,
    now: datetime,
) -> str:
    request = AWSRequest(
        method=method,
        url=f"https://{HOST}{target}",
        headers={**headers, "X-Amz-Content-SHA256": payload},
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        SigV4Auth(credentials, "ebs", "eu-central-1").add_auth(request)
    signed: str = request.headers["Authorization"]
    return signed
