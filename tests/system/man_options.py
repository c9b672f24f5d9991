#!/usr/bin/env python3
"""Do manual pages and programs know the same options? man_options.py BIN MAN-FOLDER

Options are compared program by program; of programs with commands of their own,
command by command, too, where the page has a section of the kind
".B command ... .RS ... .RE" for each.
"""
import glob
import os
import re
import subprocess
import sys

from bank_client import Checks

bin_folder, man_folder = sys.argv[1:3]
t = Checks()
COMMON = {"--help", "--usage", "--version"}
LONG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]")


def said(*command):
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    return done.stdout.decode() + done.stderr.decode()


def commands_of(text):
    """Rows "  name  what it does" before the options."""
    return re.findall(r"^  ([a-z][a-z-]+) +[A-Z]?\S", text, re.M)


def options(text):
    return set(LONG.findall(text)) - COMMON


def page(name):
    with open(glob.glob(os.path.join(man_folder, name + ".[18]"))[0]) as f:
        return re.sub(r"\\f.", "", f.read().replace("\\-", "-"))


def offered(text):
    """Of argp's help: options at the beginning of a line."""
    return set(re.findall(r"^ +(?:-\S, )?(--[a-z][a-z0-9-]*)", text, re.M)) - COMMON


for name in ("ukey", "ukey-pos", "ukey-terminal", "ukey-terminal-pair"):
    program = os.path.join(bin_folder, name)
    if not os.path.exists(program):
        continue
    t.proves(name)
    helped, manual = options(said(program, "--help")), options(page(name))
    t.equal("all of --help is in the manual", set(), helped - manual)
    t.equal("and the other way round", set(), manual - helped)

for name in ("ukey-bankd", "ukey-vcard"):
    program, manual = os.path.join(bin_folder, name), page(name)
    t.proves(name)
    everything = set()
    commands = commands_of(said(program, "--help"))
    for command in commands:
        helped = offered(said(program, command, "--help"))
        everything |= helped
        section = re.search(r"^\.BR? %s\b.*?\n.*?(?=^\.TP\n\.B [a-z]|^\.SH|\Z)" % command, manual, re.M | re.S)
        t.true("the manual has %s" % command, section)
        if name == "ukey-bankd" and section:
            t.equal("with its options", helped - {"--dir"}, options(section.group()) - {"--dir"} & everything)
    t.equal("all options are in the manual", set(), everything - options(manual))
    tagged = "\n".join(re.findall(r"^\.B[RI]? +--.*", manual, re.M))
    t.equal("and the other way round", set(), options(tagged) - everything)
sys.exit(t.end())
