#!/usr/bin/env python3
"""A cable between a computer and a terminal that can be pulled, and that has noise.

    cableproxy.py LISTEN CONNECT CONTROL [tty]

LISTEN and CONNECT are ports of 127.0.0.1; with the word tty they are paths of ptys
that are made here. Whatever comes in on one side goes out on the other. A line
that is written into the fifo CONTROL is an order, and its number of frames or bytes
is counted from then on, both directions together:

    pull N     the cable is pulled before the N-th frame (docs/terminal.md, section 2:
               two zero bytes end one), and put back when both have noticed
    spoil N    the N-th byte gets another value
    whole      no more of that

Whenever an order has been carried out a line "done ORDER" is written to standard
output; "ready" once at the beginning."""
import os
import select
import socket
import sys
import tty


class Tcp:
    """One end: a listening socket for the computer, connecting to the terminal."""

    def __init__(self, listen, connect):
        self.connect = int(connect)
        self.listener = socket.create_server(("127.0.0.1", int(listen)))
        self.ends = []

    def inputs(self):
        return self.ends or [self.listener]

    def accept(self):
        host, _ = self.listener.accept()
        try:
            terminal = socket.create_connection(("127.0.0.1", self.connect))
        except OSError:
            host.close()
            return
        for s in (host, terminal):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ends = [host, terminal]

    def read(self, end):
        try:
            return end.recv(65536)
        except OSError:
            return b""

    def write(self, end, data):
        try:
            end.sendall(data)
        except OSError:
            pass

    def pull(self):
        for s in self.ends:
            s.close()
        self.ends = []


class Pty:
    """Two ptys whose names are links, so that a cable that is put back is the same
    name again."""

    def __init__(self, one, other):
        self.links = [one, other]
        self.ends = []
        self.put_in()

    def put_in(self):
        self.ends = []
        for link in self.links:
            master, slave = os.openpty()
            tty.setraw(slave)
            os.symlink(os.ttyname(slave), link + ".new")
            # Kept: without a reader on the other side the master would say so.
            self.ends.append((master, slave))
            os.rename(link + ".new", link)

    def inputs(self):
        return [master for master, _ in self.ends]

    def read(self, end):
        try:
            return os.read(end, 65536)
        except OSError:
            return b""

    def write(self, end, data):
        while data:
            data = data[os.write(end, data):]

    def pull(self):
        for link in self.links:
            os.unlink(link)
        for master, slave in self.ends:
            os.close(slave)
            os.close(master)
        self.put_in()


class Cable:
    def __init__(self, line, control):
        self.line = line
        self.control = os.open(control, os.O_RDWR)
        self.order, self.left = None, 0

    def tell(self, what):
        print(what, flush=True)

    def take_order(self):
        for text in os.read(self.control, 4096).decode().splitlines():
            word, _, number = text.partition(" ")
            self.order = None if word == "whole" else word
            self.left = int(number or 0)
            if word == "whole":
                self.tell("done whole")

    def carry(self, end, data):
        ends = self.line.inputs()
        other = ends[1 - ends.index(end)]
        if self.order == "spoil" and len(data) >= self.left:
            data = bytearray(data)
            data[self.left - 1] ^= 0x55
            self.order = None
            self.tell("done spoil")
        elif self.order == "spoil":
            self.left -= len(data)
        if self.order != "pull":
            self.line.write(other, bytes(data))
            return
        at = 0
        while at < len(data) and self.left > 0:
            # 00 frame 00: the zero that ends one is behind a byte that is none
            end_of = data.find(b"\0", at)
            if end_of < 0:
                break
            if end_of > at:
                self.left -= 1
            at = end_of + 1
        if self.left > 0:
            self.line.write(other, data)
            return
        self.line.write(other, data[:at])
        self.order = None
        self.line.pull()
        self.tell("done pull")

    def run(self):
        self.tell("ready")
        while True:
            inputs = self.line.inputs()
            ready, _, _ = select.select(inputs + [self.control], [], [])
            if self.control in ready:
                self.take_order()
                continue
            for end in ready:
                if isinstance(self.line, Tcp) and end is self.line.listener:
                    self.line.accept()
                    break
                data = self.line.read(end)
                if not data:
                    self.line.pull()
                    break
                self.carry(end, data)
                if self.line.inputs() != inputs:
                    break


def main():
    line = (Pty if sys.argv[4:] == ["tty"] else Tcp)(sys.argv[1], sys.argv[2])
    Cable(line, sys.argv[3]).run()


main()
