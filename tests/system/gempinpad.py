#!/usr/bin/env python3
"""A GemPC PinPad on a pseudo terminal, with a virtual card in it:

    gempinpad.py LINK PORT KEYS

LINK becomes a link to the terminal that libccidtwin is to open (DEVICENAME
LINK:GemPCPinPad). The reader listens on PORT as vpcd does, so that ukey-vcard can
be put into it. What the person does at the pad is read from the file KEYS, one line
for each entry, and each line is used once: the digits (for a change: the old PIN,
the new one and the new one again, separated by blanks), "cancel", "timeout", or
"pull" (the card is pulled out while the reader waits). Nothing to read is a
person who is away: the reader waits until there is something.

Serial frames are 03 06, a CCID message and the exclusive or of all bytes; the
reader echoes each command's header before it answers. CCID revision 1.1, 6.1 and
6.2; T=1 blocks by ISO/IEC 7816-3:2006, clause 11.
"""
import os
import select
import socket
import sys
import time
import tty

POWER_ON, POWER_OFF, SLOT_STATUS, XFR = 0x62, 0x63, 0x65, 0x6F
GET_PARAMETERS, SET_PARAMETERS, ESCAPE, SECURE = 0x6C, 0x61, 0x6B, 0x69
DATA, STATUS, PARAMETERS, ESCAPED = 0x80, 0x81, 0x82, 0x83
CANCELLED, TIMED_OUT, MUTE = 0xEF, 0xF0, 0xFE


def xor(data):
    check = 0
    for byte in data:
        check ^= byte
    return bytes([check])


class Card:
    """The other end of vpcd's protocol."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.sock = None
        self.away_until = 0.0

    def pull(self):
        """Out for two seconds: the card program connects again at once."""
        self.drop()
        self.away_until = time.monotonic() + 2

    def present(self):
        if time.monotonic() < self.away_until:
            return False
        if self.sock is not None:
            gone, _, _ = select.select([self.sock], [], [], 0)
            if gone and not self.sock.recv(1, socket.MSG_PEEK):
                self.drop()
        if self.sock is None and select.select([self.listener], [], [], 0)[0]:
            self.sock, _ = self.listener.accept()
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.sock is not None

    def drop(self):
        if self.sock is not None:
            self.sock.close()
        self.sock = None

    def send(self, message):
        self.sock.sendall(len(message).to_bytes(2, "big") + message)

    def receive(self, n):
        data = b""
        while len(data) < n:
            part = self.sock.recv(n - len(data))
            if not part:
                raise ConnectionError("the card is gone")
            data += part
        return data

    def exchange(self, message):
        """b"" if the card went away."""
        try:
            self.send(message)
            return self.receive(int.from_bytes(self.receive(2), "big"))
        except OSError:
            self.drop()
            return b""

    def power(self, on):
        try:
            self.send(b"\x01" if on else b"\x00")
            if on:
                self.send(b"\x02")
        except OSError:
            self.drop()


def wide_atr(atr):
    """The card's ATR with TA3 = FE: a change of PIN fits into one block. Expects
    TD1 to be the last interface byte, as ukey-vcard has it."""
    assert atr[1] >> 4 == 8 and atr[2] == 0x01, atr.hex()
    body = bytes([atr[1], 0x81, 0x11, 0xFE]) + atr[3:-1]
    return atr[:1] + body + xor(body)


class T1:
    """The card's side of T=1: chaining both ways, S-blocks, no errors."""

    SIZE = 254

    def __init__(self, card):
        self.card = card
        self.command = b""
        self.left = b""
        self.ns = 0

    def block(self, pcb, inf=b""):
        head = bytes([0, pcb, len(inf)]) + inf
        return head + xor(head)

    def piece(self):
        part, self.left = self.left[: self.SIZE], self.left[self.SIZE :]
        pcb = self.ns << 6 | (0x20 if self.left else 0)
        self.ns ^= 1
        return self.block(pcb, part)

    def answer(self, block):
        """b"" if the card is gone."""
        if block[:2] == b"\xff\x11":  # PPS: as it is
            return block
        pcb, inf = block[1], block[3 : 3 + block[2]]
        if pcb & 0xC0 == 0xC0:  # S: the same back as an answer
            if pcb == 0xC0:
                self.ns, self.command, self.left = 0, b"", b""
            return self.block(pcb | 0x20, inf)
        if pcb & 0x80:  # R: go on
            return self.piece()
        self.command += inf
        if pcb & 0x20:  # more follows: R with the number that is expected
            return self.block(0x80 | (0x00 if pcb & 0x40 else 0x10))
        command, self.command = self.command, b""
        self.left = self.card.exchange(command)
        return self.piece() if self.left else b""


class Person:
    def __init__(self, path):
        self.path = path
        self.used = 0

    def acts(self):
        while True:
            try:
                with open(self.path) as f:
                    lines = f.read().split("\n")[:-1]
            except FileNotFoundError:
                lines = []
            if len(lines) > self.used:
                self.used += 1
                return lines[self.used - 1]
            time.sleep(0.02)


class Reader:
    def __init__(self, terminal, card, person):
        self.terminal, self.card, self.person = terminal, card, person
        self.t1 = T1(card)
        self.powered = False

    # --- entering -----------------------------------------------------------

    def insert(self, apdu, at, digits, block, low, high):
        if not low <= len(digits) <= high or len(digits) > block:
            raise ValueError("a PIN of %d digits" % len(digits))
        start = 5 + at
        return apdu[:start] + digits + apdu[start + len(digits) :]

    def fill(self, data, keys):
        """CCID 6.1.11: the command with the PINs in it, as one T=1 block."""
        modify = data[0] == 1
        keys = [k.encode("ascii") for k in keys.split()]
        form, size = data[2], data[3] & 0x0F
        assert form == 0x82 and data[4] == 0, data.hex()
        if not modify:
            # timer, format, block, length, max, min, validation, messages,
            # language(2), message, prologue(3)
            high, low = data[5], data[6]
            prologue, apdu = data[12:15], data[15:]
            apdu = self.insert(apdu, 0, keys[0], size, low, high)
        else:
            old_at, new_at, high, low, confirm = data[5:10]
            prologue, apdu = data[17:20], data[20:]
            if confirm & 2:
                apdu = self.insert(apdu, old_at, keys.pop(0), size, low, high)
            if confirm & 1 and keys[0] != keys[1]:
                return None
            apdu = self.insert(apdu, new_at, keys[0], size, low, high)
        assert prologue[2] == len(apdu), data.hex()
        block = prologue + apdu
        return block + xor(block)

    def secure(self, data):
        keys = self.person.acts()
        if keys == "cancel":
            return b"", CANCELLED
        if keys == "timeout":
            return b"", TIMED_OUT
        if keys == "pull":
            self.card.pull()
            return b"", MUTE
        block = self.fill(data, keys)
        if block is None:  # the way this reader says that they differ
            return b"\x64\x02", 0
        answer = self.t1.answer(block)
        return answer, 0 if answer else MUTE

    # --- CCID ---------------------------------------------------------------

    def power_on(self, _data):
        if not self.card.present():
            return b"", MUTE
        self.card.power(True)
        atr = self.card.exchange(b"\x04")
        self.t1 = T1(self.card)
        self.powered = bool(atr)
        return (wide_atr(atr), 0) if atr else (b"", MUTE)

    def power_off(self, _data):
        if self.card.present():
            self.card.power(False)
        self.powered = False
        return b"", 0

    def transfer(self, data):
        if not self.card.present():
            return b"", MUTE
        answer = self.t1.answer(data)
        return answer, 0 if answer else MUTE

    def escape(self, data):
        return (b"GemPinPad-test-1.0" if data == b"\x02" else b""), 0

    def nothing(self, _data):
        return b"", 0

    def parameters(self, _data):
        return bytes.fromhex("1110004500FE00"), 0

    HANDLERS = {
        POWER_ON: (DATA, power_on),
        POWER_OFF: (STATUS, power_off),
        SLOT_STATUS: (STATUS, nothing),
        XFR: (DATA, transfer),
        SECURE: (DATA, secure),
        ESCAPE: (ESCAPED, escape),
        GET_PARAMETERS: (PARAMETERS, parameters),
        SET_PARAMETERS: (PARAMETERS, parameters),
    }

    def icc(self):
        if not self.card.present():
            self.powered = False
            return 2
        return 0 if self.powered else 1

    def handle(self, header, data):
        kind, handler = self.HANDLERS[header[0]]
        body, error = handler(self, data)
        status = self.icc() | (0x40 if error else 0)
        extra = 1 if kind == PARAMETERS else 0
        return (
            bytes([kind])
            + len(body).to_bytes(4, "little")
            + bytes([header[5], header[6], status, error, extra])
            + body
        )

    # --- the line -------------------------------------------------------------

    def read(self, n):
        data = b""
        while len(data) < n:
            data += os.read(self.terminal, n - len(data))
        return data

    def write(self, message):
        frame = b"\x03\x06" + message
        os.write(self.terminal, frame + xor(frame))

    def run(self):
        while True:
            if self.read(1) != b"\x03":
                continue
            if self.read(1) != b"\x06":
                continue
            header = self.read(10)
            data = self.read(int.from_bytes(header[1:5], "little"))
            self.read(1)
            # The driver does not look at the echo but for its length.
            self.write(header[:1] + bytes(4) + header[5:])
            self.write(self.handle(header, data))


def main():
    link, port, keys = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    master, slave = os.openpty()  # the slave stays open: no end of file
    tty.setraw(slave)
    card = Card(port)
    os.symlink(os.ttyname(slave), link)
    Reader(master, card, Person(keys)).run()


main()
