"""Trouble between an adapter and the services: what a broken link or a crowded service does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from adapters.openstack import connect
from adapters.openstack.adapter import OpenStackAdapter
from broker.adapter import Account
from tests.services.openstack.clouds import CLOUDS

SETTINGS = {"cloud": "interop-a", "clouds_file": str(CLOUDS)}


class Answers(HTTPAdapter):
    """Gives every request this answer."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__()
        self.status = status
        self.told = headers

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = self.status
        answer.headers.update(self.told)
        answer.request = request
        answer.url = request.url or ""
        answer._content = b"<html><body>trouble</body></html>"
        return answer


class Loses(HTTPAdapter):
    """Does what is asked, and loses the answer."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        super().send(*args, **kwargs).close()
        raise requests.ConnectionError("the connection was closed without an answer")


class LosesUploads(HTTPAdapter):
    """Brings every byte to the image service, and loses its answer."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        answer = super().send(request, *args, **more)
        if request.method == "PUT" and (request.url or "").endswith("/file"):
            answer.close()
            raise requests.ConnectionError("the connection was closed without an answer")
        return answer


class Late(HTTPAdapter):
    """Answers too late."""

    def send(self, *_: Any, **__: Any) -> requests.Response:
        raise requests.ReadTimeout("no answer in time")


@contextmanager
def failing(trouble: HTTPAdapter) -> Iterator[OpenStackAdapter]:
    """An account that logs in, and then has this trouble in every call."""
    adapter = connect(Account(name="stack", kind="openstack", settings=SETTINGS))
    try:
        adapter.limits  # noqa: B018 - logs in, and finds every service
        adapter.images()
        adapter.volumes()
        with troubled(adapter, trouble):
            yield adapter
    finally:
        adapter.close()


@contextmanager
def troubled(adapter: OpenStackAdapter, trouble: HTTPAdapter) -> Iterator[None]:
    """An account has this trouble in every call, for a while."""
    session = adapter._session.connection.session.session
    usual = session.get_adapter("http://")
    session.mount("http://", trouble)
    try:
        yield
    finally:
        session.mount("http://", usual)


def expire(adapter: OpenStackAdapter) -> None:
    """Let the services refuse the token we have."""
    auth: Any = adapter._session.connection.session.auth
    auth.get_access(adapter._session.connection.session)._auth_token = "gAAAA-expired"


@contextmanager
def unknown(folder: Path) -> Iterator[OpenStackAdapter]:
    """An account with a password that is none."""
    file = folder / "clouds.yaml"
    lines = CLOUDS.read_text().splitlines()
    wrong = ["      password: wrong" if "password:" in line else line for line in lines]
    file.write_text("\n".join(wrong))
    settings = {**SETTINGS, "clouds_file": str(file)}
    adapter = connect(Account(name="stack", kind="openstack", settings=settings))
    try:
        yield adapter
    finally:
        adapter.close()
