"""The app behind a reverse proxy with https, by the configuration in docs/nginx.conf: what a
group's browsers meet.
"""

from __future__ import annotations

import http.server
import re
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.support.browsing import MODEL_TIMEOUT_MS, choose, expect_bars, opened, settled, speak
from tests.support.server import ROOT, free_port, microphone_file, nginx, running, wait_until
from tests.support.synthesis import voice, wav

pytestmark = [pytest.mark.browser, pytest.mark.proxy, pytest.mark.slow]

NOT_CHECKED = ssl._create_unverified_context()  # the certificate signs itself


@dataclass(frozen=True)
class Proxy:
    url: str
    log: Path


def replaced(text: str, was: str, by: str) -> str:
    assert was in text, f"docs/nginx.conf no longer has {was!r}"
    return text.replace(was, by)


@contextmanager
def proxy_to(app_port: int, folder: Path) -> Iterator[Proxy]:
    """nginx with docs/nginx.conf, of which only names, ports and the certificate are others."""
    port = free_port()
    key, certificate, log = folder / "key.pem", folder / "certificate.pem", folder / "error.log"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    ours = (ROOT / "docs" / "nginx.conf").read_text(encoding="utf-8")
    for was, by in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server_name ser.example.org": "server_name localhost",
        "/etc/ssl/certs/ser.example.org.pem": str(certificate),
        "/etc/ssl/private/ser.example.org.key": str(key),
        "127.0.0.1:8501": f"127.0.0.1:{app_port}",
    }.items():
        ours = replaced(ours, was, by)
    (folder / "ser.conf").write_text(ours, encoding="utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = (
        f"daemon off;\npid {folder}/pid;\nerror_log {log} warn;\nevents {{}}\nhttp "
        f"{{\n{temporary}include {folder}/ser.conf;\n}}\n"
    )
    (folder / "nginx.conf").write_text(around, encoding="utf-8")
    with subprocess.Popen(
        [str(nginx()), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(log)]
    ) as process:
        try:
            url = f"https://localhost:{port}"
            wait_until(partial(answers, url), f"{url} answers")
            yield Proxy(url, log)
        finally:
            process.terminate()


def answers(url: str) -> bool:
    """Whether anything answers there, with a page or an error."""
    try:
        get(f"{url}/_stcore/health")
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    with urllib.request.urlopen(request, timeout=30, context=NOT_CHECKED) as answer:
        return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    folder.chmod(0o755)  # nginx works as another user
    with running() as server, proxy_to(int(server.url.rsplit(":", 1)[1]), folder) as found:
        yield found


def test_speaking_behind_the_proxy_ends_in_bars(proxy, tmp_path):
    spoken = voice(seconds=3.0)
    with opened(
        proxy.url, "record_and_predict", microphone=microphone_file(tmp_path, spoken)
    ) as page:
        assert page.evaluate("() => window.isSecureContext")
        speak(page, 3.6)
        expect_bars(page)
        page.get_by_role("link", name="Feature explorer").click()
        expect(page.get_by_text("Your recording:").first).to_be_visible(timeout=MODEL_TIMEOUT_MS)


def test_files_pass_through_without_touching_the_proxys_disk_and_too_large_ones_are_refused(proxy):
    with opened(proxy.url, "record_and_predict") as page:
        choose(page, "Upload")
        chooser = page.locator("input[type=file]")
        chooser.set_input_files(
            {
                "name": "long.wav",
                "mimeType": "audio/wav",
                "buffer": wav(np.tile(voice(seconds=10.0), 12)),
            }
        )  # 4 MB
        expect_bars(page)
        assert page.get_by_test_id("stAudio").first.evaluate(
            "p => p.play().then(() => p.duration)"
        ) == pytest.approx(120, abs=1)
        settled(page)
        assert "temporary file" not in proxy.log.read_text(
            encoding="utf-8"
        )  # nginx warns of each that it writes
        chooser.set_input_files(
            {"name": "huge.wav", "mimeType": "audio/wav", "buffer": b"RIFF" + bytes(22 * 2**20)}
        )
        expect(
            page.get_by_text("20.0MB or smaller").or_(page.get_by_text("must be 20")).first
        ).to_be_attached(timeout=MODEL_TIMEOUT_MS)


def test_uploads_need_the_token_and_connections_the_origin(proxy):
    put = urllib.request.Request(
        f"{proxy.url}/_stcore/upload_file/session/file", data=b"x", method="PUT"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(put, timeout=30, context=NOT_CHECKED)
    assert refused.value.code == 403
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{proxy.url}/_stcore/stream", Origin="https://foreign.example", **upgrade)
    assert refused.value.code == 403


@pytest.mark.parametrize("path", ["ready", "_stcore/metrics"])
def test_what_is_for_the_operator_is_not_for_visitors(path, proxy):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{proxy.url}/{path}")
    assert refused.value.code == 403


def test_a_client_cannot_say_who_it_is(tmp_path):
    tmp_path.chmod(0o755)
    heard: list[dict[str, str]] = []

    class App(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), App) as app:
        threading.Thread(target=app.serve_forever, daemon=True).start()
        with proxy_to(app.server_port, tmp_path) as proxy:
            get(
                f"{proxy.url}/",
                X_Forwarded_User="somebody-else",
                X_Forwarded_For="192.0.2.1",
                Authorization="Basic c29tZWJvZHk6eA==",
            )
        app.shutdown()
    told = heard[-1]
    assert "x-forwarded-user" not in told
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert re.fullmatch(r"localhost:\d+", told["host"])


def test_the_guide_shows_what_is_tested():
    assert "nginx.conf" in (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
