#!/usr/bin/env python3
"""Stops the server while somebody is in the middle of a request:
bank_leaving.py CA PORT PID."""
import os
import signal
import socket
import ssl
import sys

ca, port, pid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
REQUEST = b"GET /v1/bank HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connection():
    context = ssl.create_default_context(cafile=ca)
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    return context.wrap_socket(raw, server_hostname="localhost")


def answer(c):
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"}"):
        more = c.recv(4096)
        assert more, "cut off: %r" % data
        data += more
    return data


idle, busy = connection(), connection()
for c in idle, busy:
    c.sendall(REQUEST)
    assert answer(c).startswith(b"HTTP/1.1 200")
busy.sendall(REQUEST[:20])
# It has arrived when a later one has been answered.
other = connection()
other.sendall(REQUEST)
answer(other)
os.kill(pid, signal.SIGTERM)
assert idle.recv(1) == b"", "the idle one is hung up on"
try:
    connection()
    sys.exit("it still accepts connections")
except OSError:
    pass
busy.sendall(REQUEST[20:])
assert answer(busy).startswith(b"HTTP/1.1 200"), "the busy one is answered"
assert busy.recv(1) == b"", "and then hung up on"
