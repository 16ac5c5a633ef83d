"""Runs an S3 server by moto that can be busy, slow or check credentials."""

from __future__ import annotations

import logging
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("moto", reason="needs the dev extra")
pytest.importorskip("s3fs", reason="needs the bulk extra")

BUSY = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>'
    b"<Message>Please reduce your request rate.</Message></Error>"
)


class Store:
    """Controls the server, and delays or refuses requests to it.

    Attributes:
      url: of the endpoint.
      requests, refused, written: how many came, got a 503, and were to write.
      is_busy: whether a request gets a 503, by method and path.
      wait: called before each request is answered.
    """

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.requests, self.refused, self.written = 0, 0, 0
        self.is_busy: Callable[[str, str], bool] = lambda method, path: False
        self.wait: Callable[[], None] = lambda: None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        self.wait()
        with self._lock:  # pictures on their way in are not to be counted twice
            self.requests += 1
            busy = self.is_busy(environ["REQUEST_METHOD"], environ["PATH_INFO"])
            self.refused += busy
            self.written += environ["REQUEST_METHOD"] == "PUT"
        if busy:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            headers = [("Content-Type", "application/xml")]
            start_response("503 Slow Down", headers)
            return [BUSY]
        return self._app(environ, start_response)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving() -> Iterator[Store]:
    """Runs a server, whose buckets are removed at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = Store()
    try:
        yield store
        request = urllib.request.Request(f"{store.url}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()
    finally:
        store.close()
