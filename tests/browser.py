"""Chromium without a window, spoken to over a pipe (the DevTools protocol): pages are opened, measured and photographed."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]


def find_browser() -> str | None:
    """Path of Chromium or Chrome, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One browser with one tab; use it in a `with` statement."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        pipes = os.pipe(), os.pipe()
        (its_in, self.out), (self.into, its_out) = [[fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in pipe] for pipe in pipes]
        for end in (*pipes[0], *pipes[1]):
            os.close(end)

        def as_3_and_4():  # where the browser looks for them
            os.dup2(its_in, 3)
            os.dup2(its_out, 4)

        self.process = subprocess.Popen([find_browser(), *QUIET, f"--user-data-dir={self.folder.name}"], preexec_fn=as_3_and_4, close_fds=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(its_in)
        os.close(its_out)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(timeout=20)
        os.close(self.out)
        os.close(self.into)
        self.folder.cleanup()

    def call(self, method: str, seconds: float = 120, **parameters) -> dict:
        """The result of one command; events that arrive before it are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters} | ({"sessionId": self.session} if self.session else {})
        os.write(self.out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + seconds
        while True:
            answer = self.next_message(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def next_message(self, end: float) -> dict:
        while b"\0" not in self.buffer:
            if not select.select([self.into], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            got = os.read(self.into, 1 << 20)
            if not got:
                raise RuntimeError("the browser has ended")
            self.buffer += got
        first, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(first)

    def width(self, pixels: int, height: int = 900) -> None:
        """Pages are as wide as this from now on; below 500 pixels the browser says that it is a phone."""
        self.call("Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=pixels < 500)

    def open(self, url: str) -> None:
        """Goes to the page and waits until it is complete, its formulae and pictures too."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        end = time.monotonic() + 120
        while self.value("document.readyState") != "complete" or self.value("location.href") == "about:blank":
            if time.monotonic() > end:
                raise TimeoutError(f"{url} does not get complete")
            time.sleep(0.05)
        self.value("Promise.resolve(window.MathJax && MathJax.startup && MathJax.startup.promise).then(() => document.fonts.ready).then(() => true)")
        self.value("(document.querySelectorAll('img').forEach(i => i.loading = 'eager'), true)")
        self.value("Promise.all([...document.images].map(i => i.decode().catch(() => 0))).then(() => true)")

    def value(self, script: str):
        """What a piece of JavaScript is worth, awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", script))
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """Errors and warnings that the page has sent to the console since it was opened."""
        found = []
        for event in self.events:
            about = event.get("params", {})
            if event.get("method") == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
                found.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
            elif event.get("method") == "Runtime.exceptionThrown":
                found.append(about["exceptionDetails"].get("exception", {}).get("description", "exception"))
            elif event.get("method") == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
                found.append(" ".join(str(part.get("value", part.get("description"))) for part in about["args"]))
        return found

    def requests(self) -> list[str]:
        """Addresses that the page has asked for since it was opened."""
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    def photograph(self, path, whole: bool = False) -> None:
        """Writes a PNG of what is seen, or of the whole page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
