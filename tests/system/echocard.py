#!/usr/bin/env python3
"""A card that answers what it was sent, behind a reader socket (docs/virtual-card.md)
or in a slot of vpcd: to see whether a reader carries long commands whole.

    echocard.py SOCKET
    echocard.py --vpcd PORT

    80 EE 00 00, case 3 or 4   answers the data, 9000
    80 EF xx yy, case 2        answers Ne bytes, the n-th is (n + xx) mod 251, 9000
    anything else              6D00

It counts commands in extended length by ISO/IEC 7816-4, 5.2, itself: a length that
does not fit is answered 6700."""
import os
import socket
import struct
import sys
import threading

ATR = bytes.fromhex("3B8A018073D401C054756B65793B")
WATCH, CONNECT, BEGIN, END, TRANSMIT, DISCONNECT = range(1, 7)
STATE, DONE, ANSWER, ERROR = 0x81, 0x82, 0x83, 0x84


def parse(apdu):
    """CLA INS P1 P2, data, Ne; None where the lengths are wrong."""
    head, body = apdu[:4], apdu[4:]
    if not body:
        return head, b"", 0
    if len(body) == 1:
        return head, b"", body[0] or 256
    if body[0] != 0:
        data, rest = body[1:1 + body[0]], body[1 + body[0]:]
        if len(data) != body[0] or len(rest) > 1:
            return None
        return head, data, (rest[0] or 256) if rest else 0
    if len(body) == 3:
        return head, b"", int.from_bytes(body[1:], "big") or 65536
    size = int.from_bytes(body[1:3], "big")
    data, rest = body[3:3 + size], body[3 + size:]
    if size == 0 or len(data) != size or len(rest) not in (0, 2):
        return None
    return head, data, (int.from_bytes(rest, "big") or 65536) if rest else 0


def pattern(n, start):
    whole = bytes((i + start) % 251 for i in range(251))
    return (whole * (n // 251 + 1))[:n]


def answer(apdu):
    command = parse(apdu)
    if command is None:
        return b"\x67\x00"
    head, data, ne = command
    if head[:2] == b"\x80\xee":
        return data + b"\x90\x00"
    if head[:2] == b"\x80\xef":
        return pattern(ne, head[2]) + b"\x90\x00"
    return b"\x6d\x00"


def take(s, n):
    got = b""
    while len(got) < n:
        part = s.recv(n - len(got))
        if not part:
            raise EOFError
        got += part
    return got


def message(s, kind, body=b""):
    s.sendall(bytes([kind]) + struct.pack(">I", len(body)) + body)


def serve_one(s):
    try:
        while True:
            kind, size = struct.unpack(">BI", take(s, 5))
            body = take(s, size)
            if kind == WATCH:
                message(s, STATE, b"\x01" + b"\x01" + struct.pack(">I", 1) +
                        bytes([len(ATR)]) + ATR)
            elif kind == TRANSMIT:
                message(s, ANSWER, answer(body))
            else:
                message(s, DONE)
            if kind == DISCONNECT:
                return
    except (EOFError, OSError):
        return
    finally:
        s.close()


def serve_socket(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + ".new")
    listener.listen(8)
    os.rename(path + ".new", path)
    while True:
        s, _ = listener.accept()
        threading.Thread(target=serve_one, args=(s,), daemon=True).start()


def serve_vpcd(port):
    """vpcd's protocol: length in two bytes; one byte is power or ATR."""
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            # Debian's vpcd sends length and body apart: without this they wait
            # for one another some 40 ms.
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            body = take(s, int.from_bytes(take(s, 2), "big"))
            if len(body) == 1:
                if body == b"\x04":
                    s.sendall(struct.pack(">H", len(ATR)) + ATR)
                continue
            out = answer(body)
            s.sendall(struct.pack(">H", len(out)) + out)
    except EOFError:
        return


if sys.argv[1] == "--vpcd":
    serve_vpcd(int(sys.argv[2]))
else:
    serve_socket(sys.argv[1])
