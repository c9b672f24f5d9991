#!/usr/bin/env python3
"""A card that is not ours, for a vpcd slot: foreign_card.py PORT COUNTFILE [SW]

Answers every command with one status word (default 6A82) and keeps the number of
commands since the start in COUNTFILE. Other status words make other cards of it:
9000 is a card that accepts everything and says nothing.

The protocol of vpcd: two bytes of length, then the message. A message of one byte
is 0 power off, 1 power on, 2 reset or 4 "what is your ATR?" and only the last is
answered; everything else is a command APDU.
"""
import os
import socket
import sys

def atr():
    body = bytes.fromhex("8301") + b"ABC"  # TD1: T=1, three historical bytes
    check = 0
    for byte in body:
        check ^= byte
    return bytes([0x3B]) + body + bytes([check])


def receive(sock, n):
    data = b""
    while len(data) < n:
        part = sock.recv(n - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def send(sock, data):
    sock.sendall(len(data).to_bytes(2, "big") + data)


def keep(path, count):
    with open(path + ".new", "w") as f:
        f.write("%d\n" % count)
    os.rename(path + ".new", path)


def main():
    port, path = int(sys.argv[1]), sys.argv[2]
    sw = bytes.fromhex(sys.argv[3] if len(sys.argv) > 3 else "6A82")
    count = 0
    keep(path, count)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            # Without it every command waits 44 ms for a delayed ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            message = receive(sock, int.from_bytes(receive(sock, 2), "big"))
            if len(message) == 1:
                if message[0] == 4:
                    send(sock, atr())
                continue
            count += 1
            keep(path, count)
            send(sock, sw)


main()
