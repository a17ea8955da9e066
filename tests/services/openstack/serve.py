"""Serve the WSGI application of one API on loopback: serve.py PORT MODULE [ARGUMENT...].

cheroot, because glance under uWSGI cannot read the chunked uploads that nova and cinder send.
"""

import importlib
import os
import signal
import sys

from cheroot import wsgi

port, module, *arguments = sys.argv[1:]
sys.argv = [module, *arguments]  # services look for their --config-file here
server = wsgi.Server(
    ("127.0.0.1", int(port)), importlib.import_module(module).application, numthreads=8, timeout=120
)
server.max_request_body_size = 0
# glance closes the input of a chunked upload, after which cheroot would answer a stray 500 on the
# connection, and the client would take it for its next answer: so every request has its own
server.keep_alive_conn_limit = 0


def stop(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


signal.signal(signal.SIGTERM, stop)
try:
    server.start()
finally:
    server.stop()
    os._exit(0)  # the services leave threads behind that never end
