"""Requests to addresses others wrote never reach inside, whatever the address looks like."""

import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from crm.lib.net import Unreachable, fetch, is_public


class Answer(BaseHTTPRequestHandler):
    """Says which host it was asked for; redirects and babbles on demand."""

    def do_GET(self):
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://127.0.0.1/")
        self.end_headers()
        self.wfile.write(b"x" * 100_000 if self.path == "/long" else self.headers["Host"].encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    made = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://localhost:{made.server_port}"
    made.shutdown()
    made.server_close()


def anywhere(_address):
    return True


def test_it_fetches_from_the_address_that_was_checked(server):
    assert fetch(f"{server}/", is_allowed=anywhere).body == server.removeprefix("http://").encode()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://100.64.0.1/", "http://169.254.169.254/", "http://0/",
        "http://127.0.0.1\\@example.com/", "http://user@127.0.0.1/", "file:///etc/passwd", "http:///", "http://a b/", "http://[::127.0.0.1]/",
    ],
)  # fmt: skip
def test_nothing_inside_is_reached(url):
    with pytest.raises(Unreachable, match="could not be reached"):
        fetch(url)


def test_redirects_are_not_followed_and_little_is_read(server):
    assert fetch(f"{server}/away", is_allowed=anywhere).status == 302
    with pytest.raises(Unreachable):
        fetch(f"{server}/long", is_allowed=anywhere)


def test_a_name_with_one_address_inside_is_refused(monkeypatch):
    both = [(0, 0, 0, "", ("93.184.215.14", 80)), (0, 0, 0, "", ("127.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(Unreachable):
        fetch("http://rebinding.example/")


def test_public_means_public():
    assert is_public(ipaddress.ip_address("93.184.215.14"))
    assert is_public(ipaddress.ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"))
    assert not is_public(ipaddress.ip_address("224.0.0.1"))
    assert not is_public(ipaddress.ip_address("192.0.0.8"))
