#!/usr/bin/env python3
"""Peers that are slow, silent, or never read: each is hung up on in time, with
little memory, and others are served meanwhile.

    bank_slow.py CA PORT PID FOLDER ORIGIN REQUEST-SECONDS
"""
import os
import select
import socket
import ssl
import sys
import threading

from bank_client import Bank, Checks, Key

ca, port, pid, folder, origin = sys.argv[1], int(sys.argv[2]), sys.argv[3], *sys.argv[4:6]
seconds = int(sys.argv[6])
t = Checks()
EACH = 20
GET = b"GET /v1/bank HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /v1/login HTTP/1.1\r\nHost: localhost\r\n"


def raw():
    return socket.create_connection(("127.0.0.1", port), timeout=20 * seconds)


def tls():
    context = ssl.create_default_context(cafile=ca)
    return context.wrap_socket(raw(), server_hostname="localhost")


def silent():
    return raw()


def half_a_hello():
    # RFC 8446, 5.1: a record of 512 bytes is announced
    c = raw()
    c.sendall(b"\x16\x03\x01\x02\x00")
    return c


def sending(data):
    def begin():
        c = tls()
        c.sendall(data)
        return c

    return begin


def idle():
    c = tls()
    c.sendall(GET)
    assert c.recv(4096).startswith(b"HTTP/1.1 200")
    return c


KINDS = {
    "nothing at all": silent,
    "half a TLS hello": half_a_hello,
    "TLS, and no request": tls,
    "half a request line": sending(b"GET /v1/ba"),
    "half a head": sending(b"GET /v1/bank HTTP/1.1\r\nHost: local"),
    "half a body": sending(POST + b"Content-Length: 50\r\n\r\nhello"),
    "half a chunk": sending(POST + b"Transfer-Encoding: chunked\r\n\r\n50\r\nhello"),
    "a body after 100-continue, and none comes": sending(
        POST + b"Expect: 100-continue\r\nContent-Length: 50\r\n\r\n"
    ),
    "one request, and no other": idle,
}


def ended(c):
    """The server hangs up: an event; the time-out of the socket is far away."""
    try:
        while c.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    except socket.timeout:
        return False
    finally:
        c.close()
    return True


def memory():
    with open("/proc/%s/statm" % pid) as f:
        return int(f.read().split()[1]) * 4096


def dribble(begin, rest, done):
    """Always something, and never enough."""
    c = begin()
    try:
        for i in range(20 * seconds):
            readable, _, _ = select.select([c], [], [], 0.2)
            if readable and not c.recv(4096):
                break
            c.sendall(rest[i : i + 1])
        else:
            return
    except (ConnectionError, ssl.SSLError, BrokenPipeError):
        pass
    done.append(True)


def never_reads(data, done):
    """Sends and sends, until the server has had enough."""
    c = tls()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        while True:
            c.sendall(data)
    except (ConnectionError, ssl.SSLError, BrokenPipeError):
        done.append(True)
    except socket.timeout:
        pass
    c.close()


def waiting():
    """Clients whose answer waits for something, as the operator sees it."""
    door = socket.socket(socket.AF_UNIX)
    door.connect("ops.sock")
    door.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    text = b""
    while more := door.recv(65536):
        text += more
    door.close()
    return int(text.split(b"\nukey_bank_waiting_clients ")[1].split(b"\n")[0])


def served():
    return Bank(port, ca, origin).ask("GET", "/v1/bank").status == 200


t.proves("peers that stop half-way, that send a byte now and then, that never read")
before = memory()
held = {name: [begin() for _ in range(EACH)] for name, begin in KINDS.items()}
dribbled, unread, threads = [], [], []
for begin, rest in (
    (tls, b"GET /v1/bank HTTP/1.1\r\nX: " + b"a" * 999),
    (sending(POST + b"Content-Length: 999\r\n\r\n"), b"a" * 999),
    (sending(POST + b"Transfer-Encoding: chunked\r\n\r\n1;"), b"a" * 999),
):
    threads.append(threading.Thread(target=dribble, args=(begin, rest, dribbled)))
for data in (GET * 50, GET * 50, POST + b"Content-Length: 99999999\r\n\r\n" + b"x" * 65536):
    threads.append(threading.Thread(target=never_reads, args=(data, unread)))
for thread in threads:
    thread.start()
t.true("others are served", served())
for name, connections in held.items():
    t.true("hung up on after %s" % name, all([ended(c) for c in connections]))
for thread in threads:
    thread.join()
t.equal("hung up on after a byte now and then", 3, len(dribbled))
t.equal("hung up on who never reads", 3, len(unread))

t.proves("what comes while an answer is waited for (RFC 9112, 9.3.2)")
b = Bank(port, ca, origin)
assert b.login(Key(os.path.join(folder, "alice-auth.key"), os.path.join(folder, "alice-auth.pem"))).status == 200
last = b.ask("GET", "/v1/bills").body["last"]
poll = (
    "GET /v1/bills?after=%d&wait=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
    % (last, b.session)
).encode()
stream = poll.replace(b"bills?after=%d&wait=1" % last, b"events")
c = tls()
c.sendall(poll)
while waiting() == 0:
    pass
c.sendall(GET)
got = b""
while got.count(b"HTTP/1.1 200") < 2 or not got.endswith(b"}"):
    more = c.recv(4096)
    if not more:
        break
    got += more
t.equal("both are answered, in their order", 2, got.count(b"HTTP/1.1 200"))
t.true("the first one first", b'"last"' in got.split(b"HTTP/1.1 200")[1] if got else False)
c.close()
c = tls()
c.sendall(stream)
assert c.recv(4096).startswith(b"HTTP/1.1 200")
sent = 0
try:
    while sent < 64 << 20:
        c.sendall(b"x" * 65536)
        sent += 65536
except (ConnectionError, ssl.SSLError, BrokenPipeError):
    pass
t.true("on and on behind a stream: hung up on", sent < 64 << 20)
t.true("it answers", served())
grown = memory() - before
# AddressSanitizer keeps what was freed.
most = 16 if "address" not in os.environ.get("UKEY_SANITIZE", "") else 512
t.true("it has grown by less than %d MiB (%d KiB)" % (most, grown >> 10), grown < most << 20)
sys.exit(t.end())
