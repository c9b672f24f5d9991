#!/usr/bin/env python3
"""What comes too late: logins, sessions, orders, revocation lists. The server's
clock is put forward through a file.

    bank_late.py FOLDER PORT ORIGIN ALICE BOB CLOCKFILE
"""
import os
import sys

from bank_client import Bank, Checks, Key, unb64

folder, port, origin, ALICE, BOB, clock = sys.argv[1:7]
t = Checks()


def key(name):
    return Key(os.path.join(folder, name + ".key"), os.path.join(folder, name + ".pem"))


def bank():
    return Bank(int(port), os.path.join(folder, "ca.pem"), origin)


def clock_ahead(seconds):
    with open(clock + ".new", "w") as f:
        f.write(str(seconds))
    os.rename(clock + ".new", clock)


alice, sign = key("alice-auth"), key("alice-sign")
MINUTE, now = 60, 0

t.proves("a login token that comes too late")
b = bank()
nonce = b.challenge().body["nonce"]
token = b.token(alice, nonce)
now += 4 * MINUTE
clock_ahead(now)
t.equal("four minutes are in time", "200", b.login_with(nonce, token).code)
nonce = b.challenge().body["nonce"]
token = b.token(alice, nonce)
now += 5 * MINUTE + 1
clock_ahead(now)
t.equal("five minutes and a second are not", "401 nonce-expired", b.login_with(nonce, token).code)
t.equal("and never will be", "401 nonce-expired", b.login_with(nonce, token).code)

t.proves("an order that is confirmed too late")
t.equal("login", "200", b.login(alice).code)
a = b.order("late-1", ALICE, BOB, 100)
t.equal("prepared", "200", a.code)
text = unb64(a.body["text"])
now += 9 * MINUTE
clock_ahead(now)
t.equal("the session lives by use", "200", b.ask("GET", "/v1/accounts").code)
now += MINUTE + 1
clock_ahead(now)
t.equal("ten minutes and a second", "409 order-expired", b.confirm("late-1", sign, text).code)

t.proves("sessions end")
now += 10 * MINUTE + 1
clock_ahead(now)
t.equal("after ten minutes without use", "401 no-session", b.ask("GET", "/v1/accounts").code)
t.equal("login", "200", b.login(alice).code)
for _ in range(7):
    now += 8 * MINUTE
    clock_ahead(now)
    t.equal("in use", "200", b.ask("GET", "/v1/accounts").code)
now += 5 * MINUTE
clock_ahead(now)
t.equal("after an hour in any case", "401 no-session", b.ask("GET", "/v1/accounts").code)

t.proves("a revocation list that is too old is none")
now += 31 * 24 * 60 * MINUTE
clock_ahead(now)
t.equal("login", "403 crl-missing", b.login(alice).code)
sys.exit(t.end())
