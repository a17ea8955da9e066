"""The whole service: login, Resource Manager and the control endpoint, on one port."""

from __future__ import annotations

import traceback

from tests.services.azure import compute, network
from tests.services.azure.arm.front import Arm
from tests.services.azure.control import PREFIX, Control
from tests.services.azure.settings import Settings
from tests.services.wire import Request, Response


class Service:
    """Answers every request."""

    def __init__(self, settings: Settings) -> None:
        self.arm = Arm(
            settings,
            types=(*network.TYPES, *compute.TYPES),
            views=(*network.VIEWS, *compute.VIEWS),
        )
        self.control = Control(self.arm)

    def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Exception:  # noqa: BLE001 - a fault of the emulator's own must answer, not hang up
            traceback.print_exc()
            body = b'{"error": {"code": "InternalServerError", "message": "see the log"}}'
            return Response(500, {"Content-Type": "application/json"}, body)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return self.control.answer(request)
        if self.arm.blobs.owns(request.path):
            return self.arm.blobs.answer(request)
        base = f"https://{request.headers.get('host', '')}"
        login = self.arm.tokens.answer(request.path, base, bytes(request.body))
        return login.response() if login is not None else self.arm.answer(request)
