"""The whole service: who may call, what goes wrong on order, EBS direct, and moto for the rest."""

from __future__ import annotations

import io
import threading
import traceback
import uuid
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from tests.services.aws import direct_http, signature
from tests.services.aws.blocks import BlockStore
from tests.services.aws.control import PREFIX, Control
from tests.services.aws.direct import Direct
from tests.services.aws.faults import Fault, Faults
from tests.services.aws.quotas import Quotas
from tests.services.aws.settings import Settings
from tests.services.aws.snapshots import Disks
from tests.services.wire import Request, Response


class Service:
    """Answers every request."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults()
        quotas, disks = Quotas(), Disks()
        # moto is slow to import, and only the serving process needs it
        from moto.ec2.models import ec2_backends

        from tests.services.aws.ec2.overlay import Overlay
        from tests.services.aws.ec2.snapshots import ACCOUNT, register

        def origin(volume: str) -> str | None:
            for backend in ec2_backends[ACCOUNT].values():
                if volume in backend.volumes:
                    return backend.volumes[volume].snapshot_id
            raise LookupError(f"no volume {volume}")

        self.direct = Direct(
            BlockStore(settings.folder / "blocks"),
            disks,
            quotas,
            register=lambda *asked: register(disks, *asked),
        )
        self.control = Control(self.faults, self.direct, origin)
        self._moto = _moto_application(Overlay(disks, quotas))
        # moto's backends are plain dictionaries: one request at a time
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Request) -> Response:
        if request.target.startswith(PREFIX):
            return self.control.answer(request)
        route = direct_http.match(request)
        try:
            scope = signature.check(request, self.settings.access_key, self.settings.secret_key)
        except signature.BadSignatureError as error:
            return _unauthorised(error, is_direct=route is not None)
        operation = route[0] if route else _action(request)
        fault = self.faults.next(operation)
        if fault is not None and not fault.lost:
            return _trouble(fault, scope.service)
        answer = self._done(operation, route, scope, request)
        return Response(0, hang_up=True) if fault is not None else answer

    def _done(
        self,
        operation: str,
        route: tuple[str, dict[str, str]] | None,
        scope: signature.Scope,
        request: Request,
    ) -> Response:
        if route is not None:
            return direct_http.answer(self.direct, scope.region, *route, request)
        try:
            with self._one_at_a_time:
                return self._through_moto(request)
        except Exception:  # noqa: BLE001 - what moto cannot do must answer, not hang up
            traceback.print_exc()
            return _trouble(Fault(operation, status=500, html=True), scope.service)

    def _through_moto(self, request: Request) -> Response:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query,
            "SERVER_NAME": self.settings.host,
            "SERVER_PORT": str(self.settings.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(bytes(request.body)),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in request.headers.items():
            if name not in ("content-type", "content-length"):
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        told: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told["status"] = int(status.split(" ", 1)[0])
            told["headers"] = {
                name: value for name, value in headers if name.lower() != "content-length"
            }

        body = b"".join(self._moto(environ, start_response))
        return Response(told["status"], told["headers"], body)


def _moto_application(overlay: Any) -> Any:
    import moto.ec2.urls
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from tests.services.aws.ec2.responses import Ec2

    Ec2.overlay = overlay
    moto.ec2.urls.url_paths["{0}/"] = Ec2.dispatch
    return DomainDispatcherApplication(create_backend_app)


def _action(request: Request) -> str:
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return parse_qs(bytes(request.body).decode()).get("Action", ["?"])[0]
    return request.headers.get("x-amz-target", "?").rpartition(".")[2]


def _unauthorised(error: signature.BadSignatureError, *, is_direct: bool) -> Response:
    message = str(error)
    if is_direct:
        code = "UnrecognizedClientException" if error.unknown_key else "InvalidSignatureException"
        return direct_http.refusal(403, code, message)
    if error.unknown_key:
        code = "AuthFailure" if error.service == "ec2" else "InvalidClientTokenId"
        return _xml(401 if error.service == "ec2" else 403, code, message, error.service)
    return _xml(403, "SignatureDoesNotMatch", message, error.service)


def _trouble(fault: Fault, service: str) -> Response:
    if fault.hang_up:
        return Response(0, hang_up=True)
    if fault.html:
        page = b"<html><body><h1>Internal Server Error</h1></body></html>"
        return Response(fault.status, {"Content-Type": "text/html"}, page)
    if service == "ebs":
        return direct_http.refusal(
            fault.status, fault.code, fault.message, fault.reason, fault.retry_after
        )
    return _xml(fault.status, fault.code, fault.message, service, fault.retry_after)


def _xml(status: int, code: str, message: str, service: str, retry_after: int = 0) -> Response:
    request_id = str(uuid.uuid4())
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if service == "ec2":
        body = f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return Response(status, headers, body.encode())
