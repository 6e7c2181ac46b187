"""Chromium without a window, driven by its DevTools protocol, and a server for the built site."""

from __future__ import annotations

import asyncio
import base64
import functools
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
WAIT = 60.0  # seconds for anything


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on this machine."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Browser:
    """A browser with one page.

    errors: what the console said of errors, since the page was opened.
    requests: addresses that it asked for.
    """

    def __init__(self) -> None:
        assert CHROMIUM
        self._profile = tempfile.mkdtemp(prefix="taylor-docs-")
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._socket = self._loop.run_until_complete(self._connected())
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def close(self) -> None:
        self._socket.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(WAIT)
        shutil.rmtree(self._profile, ignore_errors=True)

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """What the browser answers; events on the way are taken down."""
        return self._loop.run_until_complete(
            asyncio.wait_for(self._command(method, parameters), WAIT)
        )

    def open(self, address: str, width: int, height: int, *, dark: bool = False) -> None:
        """Show a page, in a window of this size, and wait until it is there."""
        self.errors, self.requests = [], []
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)
        self.command("Page.navigate", url=address)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            ready = f"document.readyState === 'complete' && location.href === {address!r}"
            if self.evaluate(ready):
                self.evaluate("new Promise(done => setTimeout(done, 300))")
                return
            time.sleep(0.05)
        raise TimeoutError(address)

    def evaluate(self, script: str) -> Any:
        """The value of an expression of JavaScript, of a promise when it is kept."""
        found = self.command(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screenshot(self, path: Path) -> None:
        found = self.command("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))

    async def _connected(self) -> Any:
        from tornado.websocket import websocket_connect

        port = Path(self._profile, "DevToolsActivePort")
        end = time.monotonic() + WAIT
        while not port.exists() or "\n" not in port.read_text():
            assert time.monotonic() < end and self._process.poll() is None, "no browser"
            await asyncio.sleep(0.05)
        address = f"http://127.0.0.1:{port.read_text().split()[0]}/json"
        while True:
            with urllib.request.urlopen(address, timeout=WAIT) as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
            if pages:
                break
            await asyncio.sleep(0.05)
        return await websocket_connect(
            pages[0]["webSocketDebuggerUrl"], max_message_size=100_000_000
        )

    async def _command(self, method: str, parameters: dict[str, object]) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        await self._socket.write_message(json.dumps(message))
        while True:
            answer = json.loads(await self._socket.read_message())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]  # type: ignore[no-any-return]
            self._event(answer.get("method", ""), answer.get("params", {}))

    def _event(self, method: str, given: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(given["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "assert"):
            self.errors.append(str([a.get("value") for a in given["args"]]))
        elif method == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.errors.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
