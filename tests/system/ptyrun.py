#!/usr/bin/env python3
"""Runs a program on a terminal of its own: what it shows goes to a file, keys come
from a fifo.

    ptyrun.py SCREEN KEYS COMMAND [ARGUMENT...]

Every line that is written into the fifo KEYS is typed: a line of text with Enter
behind it, or the name of a key alone: <esc>, <enter>. Ends when the program ends,
with its exit code."""
import os
import pty
import select
import signal
import sys

NAMES = {"<esc>": b"\x1b", "<enter>": b"\r"}


def keys_of(line):
    text = line.decode()
    return NAMES.get(text, text.encode() + b"\r")


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
    typed = b""
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
        if keys in ready:
            typed += os.read(keys, 4096)
            *lines, typed = typed.split(b"\n")
            for line in lines:
                os.write(master, keys_of(line))
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


main()
