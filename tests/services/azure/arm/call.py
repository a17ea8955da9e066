"""One call on its way through the service, and its answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.services.azure.arm.address import Address
from tests.services.azure.arm.errors import ArmError, bad_request
from tests.services.azure.arm.faults import Fault
from tests.services.wire import Request, Response


@dataclass
class Call:
    """A call with its address; names of query parameters are in lower case."""

    method: str
    address: Address
    path: str
    base: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    fault: Fault | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")


@dataclass
class Answer:
    """What goes back: a JSON body, or none."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    written: bytes | None = None

    def write(self) -> Answer:
        """Write the body down, while nobody changes what it is made of."""
        self.written = b"" if self.body is None else json.dumps(self.body).encode()
        return self

    def response(self) -> Response:
        headers = {"Content-Type": "application/json; charset=utf-8", **self.headers}
        if self.written is None:
            self.write()
        return Response(self.status, headers, self.written or b"")


def read(request: Request, address: Address) -> Call:
    """Return the call in a request; ArmError where its body is no JSON."""
    body = None
    if len(request.body):
        try:
            body = json.loads(bytes(request.body))
        except ValueError as error:
            raise bad_request(
                "InvalidRequestContent",
                f"The request content was invalid and could not be deserialized: '{error}'.",
            ) from None
    return Call(
        method=request.method,
        address=address,
        path=request.path,
        base=f"https://{request.headers.get('host', '')}",
        query={name.lower(): value for name, value in parse_qsl(request.query)},
        headers=request.headers,
        body=body,
    )


def refusal(error: ArmError) -> Answer:
    return Answer(error.status, {"error": error.body()}, dict(error.headers))
