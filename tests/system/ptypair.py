#!/usr/bin/env python3
"""Two pseudo terminals joined like the ends of a serial cable:

    ptypair.py ONE OTHER

ONE and OTHER become links to them. Ends with a signal.
"""
import os
import select
import sys
import tty


def main():
    ends = []
    for link in sys.argv[1:3]:
        master, slave = os.openpty()  # the slave stays open: no end of file
        tty.setraw(slave)
        ends.append((master, slave, link))
    for _, slave, link in ends:
        os.symlink(os.ttyname(slave), link)
    masters = [end[0] for end in ends]
    while True:
        for fd in select.select(masters, [], [])[0]:
            os.write(masters[1 - masters.index(fd)], os.read(fd, 4096))


main()
