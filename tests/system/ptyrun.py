#!/usr/bin/env python3
"""Runs a program on a terminal of its own: what it shows goes to a file, keys come
from a fifo.

    ptyrun.py SCREEN KEYS COMMAND [ARGUMENT...]

Every line that is written into the fifo KEYS is typed, with Enter behind it unless
it ends with the name of a key: <esc>, <enter>, <erase>. A line "<sees> REGEX" is not
typed: what comes behind it waits until the program has shown that since the last
time something was typed; a line "<runs> COMMAND" is given to a shell; a line
"<always> TEXT REGEX" has TEXT typed from now on whenever that is shown. Ends when
the program ends, with its exit code."""
import os
import pty
import re
import select
import signal
import subprocess
import sys

NAMES = {"<esc>": b"\x1b", "<enter>": b"\r", "<erase>": b"\x7f"}


def keys_of(line):
    parts = re.split("(<esc>|<enter>|<erase>)", line)
    keys = b"".join(NAMES.get(part, part.encode()) for part in parts)
    return keys if line.endswith(tuple(NAMES)) else keys + b"\r"


class Person:
    """Does one thing after the other, and looks at the screen in between."""

    def __init__(self, master):
        self.master = master
        self.todo = []
        self.rules = []
        self.seen = ""
        self.part = b""

    def told(self, data):
        *lines, self.part = (self.part + data).split(b"\n")
        self.todo += [line.decode() for line in lines]
        self.act()

    def sees(self, data):
        self.seen += data.decode(errors="replace").replace("\r", "")
        self.obey()
        self.act()

    def obey(self):
        for text, regex in self.rules:
            found = re.search(regex, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                os.write(self.master, keys_of(text))

    def act(self):
        while self.todo and self.can_do(self.todo[0]):
            self.todo.pop(0)

    def can_do(self, line):
        word, _, rest = line.partition(" ")
        if word == "<sees>":
            found = re.search(rest, self.seen)
            if found:
                self.seen = self.seen[found.end():]
            return found
        if word == "<always>":
            self.rules.append(rest.split(" ", 1))
            self.obey()
            return True
        if word == "<runs>":
            subprocess.run(rest, shell=True, check=False)
            return True
        os.write(self.master, keys_of(line))
        return True


def main():
    screen_path, keys_path, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.mkfifo(keys_path)
    pid, master = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execvp(command[0], command)
    for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(sig, lambda number, frame: os.kill(pid, number))
    # Read and write: the fifo does not end when a writer does.
    keys = os.open(keys_path, os.O_RDWR)
    screen = open(screen_path, "ab", buffering=0)
    person = Person(master)
    while True:
        ready, _, _ = select.select([master, keys], [], [])
        if master in ready:
            try:
                data = os.read(master, 4096)
            except OSError:
                break
            if not data:
                break
            screen.write(data)
            person.sees(data)
        if keys in ready:
            person.told(os.read(keys, 4096))
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


main()
