#!/usr/bin/env python3
"""A customer who pays again and again, and repeats what was not answered.

    bank_pay.py FOLDER PORT ORIGIN FROM TO PREFIX COUNT [STOPFILE]

One minor unit each time; ends after COUNT payments, or as soon as STOPFILE is
there. Prints how many have a receipt, and what else the bank said in between.
FOLDER: alice-auth, alice-sign (.key, .pem) and ca.pem.
"""
import http.client
import os
import sys
import time

from bank_client import Bank, Key, unb64

folder, port, origin, source, target, prefix, count = sys.argv[1:8]
stop = sys.argv[8] if len(sys.argv) > 8 else None
auth, sign = (
    Key(os.path.join(folder, n + ".key"), os.path.join(folder, n + ".pem"))
    for n in ("alice-auth", "alice-sign")
)
bank = Bank(int(port), os.path.join(folder, "ca.pem"), origin)
said = {}


def stopped():
    return stop is not None and os.path.exists(stop)


def ask(what, *args):
    """None where no answer came; what is not a yes is counted."""
    try:
        answer = what(*args)
    except (OSError, http.client.HTTPException, KeyError, ValueError):
        said["none"] = said.get("none", 0) + 1
        time.sleep(0.05)
        return None
    if answer.status != 200:
        said[answer.code] = said.get(answer.code, 0) + 1
        if answer.code.endswith("order-expired"):
            return {"state": "void"}
        if answer.code.endswith("no-session"):
            ask(bank.login, auth)
        else:
            time.sleep(0.05)
        return None
    return answer.body


def pay(number):
    """True with a receipt; False if the order ran out, or it was told to stop."""
    while True:
        body = ask(bank.order, number, source, target, 1)
        if body is not None and body["state"] == "prepared":
            body = ask(bank.confirm, number, sign, unb64(body["text"]))
        if body is not None and body["state"] == "posted":
            return True
        if stopped() or (body is not None and body["state"] == "void"):
            return False


posted = 0
while ask(bank.login, auth) is None and not stopped():
    pass
for i in range(int(count)):
    if stopped():
        break
    posted += pay("%s-%d" % (prefix, i))
print("posted %d" % posted)
for code in sorted(said):
    print("said %s %d" % (code, said[code]))
