#!/usr/bin/env python3
"""What the bank refuses, and that it loses nothing over it: docs/protocol.md line
by line, with a client of our own kind (bank_client.py).

    bank_refusals.py FOLDER PORT ORIGIN

FOLDER holds ca.pem and, as NAME.key and NAME.pem, alice-auth, alice-sign and
bob-sign (customers), expired, early, revoked, foreign, and purpose (alice's login
key with a certificate that does not allow login).
"""
import os
import sys
import threading

from bank_client import Bank, Checks, Key, b64, sha256, unb64, verify

folder, port, origin = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ALICE, BOB = sys.argv[4], sys.argv[5]
t = Checks()


def path(name):
    return os.path.join(folder, name)


def key(name):
    return Key(path(name + ".key"), path(name + ".pem"))


def bank():
    return Bank(port, path("ca.pem"), origin)


def logged_in():
    b = bank()
    assert b.login(key("alice-auth")).status == 200
    return b


def balance(b):
    accounts = b.ask("GET", "/v1/accounts").body["accounts"]
    return [a["balance"] for a in accounts if a["account"] == ALICE][0]


def proof_of_the_bank():
    t.proves("the bank proves itself with its signing key before anybody logs in")
    client_nonce = b64(os.urandom(32))
    b = bank()
    a = b.ask("POST", "/v1/login/challenge", {"clientNonce": client_nonce})
    t.equal("a challenge", "200", a.code)
    signed = b"ukey login challenge 1" + b"".join(
        sha256(x.encode()) for x in (origin, a.body["nonce"], client_nonce)
    )
    cert, sig = unb64(a.body["certificate"]), unb64(a.body["signature"])
    t.true("openssl verifies its signature", verify(cert, signed, sig, folder))
    t.true(
        "over this very nonce",
        not verify(cert, signed + b"x", sig, folder),
    )
    t.true("44 to 128 characters of nonce", 44 <= len(a.body["nonce"]) <= 128)
    about = b.ask("GET", "/v1/bank").body
    t.equal("GET /v1/bank names the origin", origin, about["origin"])
    t.equal("and the same certificate", cert, unb64(about["certificate"]))


def logins():
    alice = key("alice-auth")
    t.proves("login: good once, and refused when replayed")
    b = bank()
    nonce = b.challenge().body["nonce"]
    token = b.token(alice, nonce)
    good = b.login_with(nonce, token)
    t.equal("login", "200", good.code)
    t.true("names accounts", good.body["accounts"])
    t.equal("the same token again", "401 nonce-unknown", b.login_with(nonce, token).code)
    nonce = b.challenge().body["nonce"]
    t.equal(
        "an old token for a new nonce",
        "401 login-signature",
        b.login_with(nonce, token).code,
    )
    t.equal(
        "a nonce is used up by a bad try",
        "401 nonce-unknown",
        b.login_with(nonce, b.token(alice, nonce)).code,
    )
    t.equal(
        "a nonce never given out",
        "401 nonce-unknown",
        b.login_with(b64(os.urandom(32)), token).code,
    )
    t.proves("login: a token made for another origin")
    t.equal(
        "another host",
        "401 login-signature",
        b.login(alice, origin="https://bank.example").code,
    )
    t.equal(
        "another port",
        "401 login-signature",
        b.login(alice, origin=origin + "0").code,
    )
    t.proves("login: a signature by another key than the certificate's")
    t.equal(
        "bob's key under alice's certificate",
        "401 login-signature",
        b.login(Key(path("bob-sign.key"), path("alice-auth.pem"))).code,
    )


def certificates():
    t.proves("login: certificates")
    for name, code in (
        ("expired", "403 cert-expired"),
        ("early", "403 cert-not-yet"),
        ("revoked", "403 cert-revoked"),
        ("foreign", "403 cert-untrusted"),
        ("purpose", "403 cert-purpose"),
        ("alice-sign", "403 cert-purpose"),
        ("stranger", "403 cert-unknown"),
    ):
        t.equal(name, code, bank().login(key(name)).code)
    b = bank()
    nonce = b.challenge().body["nonce"]
    token = b.token(key("alice-auth"), nonce)
    token["unverifiedCertificate"] = b64(b"\x30\x82\xff\xff\x00")
    t.equal("garbage", "403 cert-malformed", b.login_with(nonce, token).code)
    nonce = b.challenge().body["nonce"]
    token = b.token(key("alice-auth"), nonce)
    token["format"] = "web-eid:9.9"
    t.equal("another format", "400 malformed", b.login_with(nonce, token).code)


def requests():
    t.proves("requests that are not what they should be")
    b = logged_in()
    challenge = "/v1/login/challenge"
    for name, data in (
        ("empty", b""),
        ("not JSON", b"hello"),
        ("cut", b'{"clientNonce":"'),
        ("an array", b"[]"),
        ("a number", b"7"),
        ("a member missing", b"{}"),
        ("a wrong type", b'{"clientNonce":7}'),
        ("null", b'{"clientNonce":null}'),
        ("not base64", b'{"clientNonce":"*"}'),
        ("too short", b'{"clientNonce":"AAAA"}'),
        ("a name twice", b'{"clientNonce":"%s","clientNonce":"%s"}' % ((b"A" * 43 + b"=",) * 2)),
        ("deep", b"[" * 20000),
        ("bad UTF-8", b'{"clientNonce":"\xc0\x80"}'),
        ("a NUL", b'{"clientNonce":"\\u0000"}'),
        ("more after it", b'{"clientNonce":"%s"} x' % (b"A" * 43 + b"=")),
    ):
        t.equal(name, "400 malformed", b.raw("POST", challenge, data).code)
    big = b'{"clientNonce":"' + b"A" * (65 * 1024) + b'"}'
    t.equal("over 64 KiB", "413 too-large", b.raw("POST", challenge, big).code)
    t.equal("no such page", "404 not-found", b.ask("GET", "/v1/nothing").code)
    t.equal("another method", "405 method", b.ask("DELETE", challenge).code)
    t.equal("no session", "401 no-session", bank().ask("GET", "/v1/accounts").code)
    stranger = bank()
    stranger.session = "A" * 43
    t.equal("an unknown session", "401 no-session", stranger.ask("GET", "/v1/accounts").code)
    t.equal("logout", "200", b.ask("POST", "/v1/logout", {}).code)
    t.equal("and then", "401 no-session", b.ask("GET", "/v1/accounts").code)


def orders():
    b, sign = logged_in(), key("alice-sign")
    start = balance(b)
    t.proves("orders that cannot be")
    for name, code, changes in (
        ("nothing", "422 amount", {"amount": 0}),
        ("less than nothing", "422 amount", {"amount": -5}),
        ("a fraction", "400 malformed", {"amount": 1.5}),
        ("a text", "400 malformed", {"amount": "5"}),
        ("beyond 64 bits", "400 malformed", {"amount": 10**30}),
        ("another currency", "422 account", {"currency": "EUR"}),
        ("no such source", "422 account", {"from": "0000000000"}),
        ("somebody else's source", "422 account", {"from": BOB, "to": ALICE}),
        ("no such target", "422 account", {"to": "0000000000"}),
        ("to itself", "422 account", {"to": ALICE}),
        ("a number with a slash", "400 malformed", {"orderNumber": "a/b"}),
        ("a number too long", "400 malformed", {"orderNumber": "a" * 65}),
        ("tags in the memo", "400 malformed", {"memo": "</v></M>"}),
        ("hidden characters in the memo", "400 malformed", {"memo": "a\u202eb"}),
        ("a memo too long", "400 malformed", {"memo": "a" * 4000}),
    ):
        got = b.order("bad-1", ALICE, BOB, 100, **changes).code
        t.equal(name, code, got)

    t.proves("the text signed must be the text prepared, byte for byte")
    a = b.order("pay-1", ALICE, BOB, 1234, memo="Miete")
    t.equal("prepared", "200", a.code)
    text = unb64(a.body["text"])
    for name, altered in (
        ("another amount", text.replace(b"12.34", b"92.34")),
        ("one bit", text[:-10] + bytes([text[-10] ^ 1]) + text[-9:]),
        ("one byte more", text + b" "),
        ("one byte less", text[:-1]),
        ("nothing", b""),
    ):
        got = b.confirm("pay-1", sign, altered).code
        t.true("%s is refused: %s" % (name, got), got in ("422 text-altered", "400 malformed"))
    t.equal(
        "a signature of something else",
        "422 order-signature",
        b.confirm("pay-1", sign, text, sign.sign(b"else")).code,
    )
    t.equal(
        "the login key does not sign orders",
        "403 cert-purpose",
        b.confirm("pay-1", key("alice-auth"), text).code,
    )
    t.equal(
        "neither does bob",
        "403 wrong-customer",
        b.confirm("pay-1", key("bob-sign"), text).code,
    )
    t.equal("nothing was posted", start, balance(b))

    t.proves("an order is posted once, however often it is sent")
    first = b.confirm("pay-1", sign, text)
    t.equal("confirmed", "200", first.code)
    t.equal("posted", "posted", first.body["state"])
    receipt, cert = unb64(first.body["receipt"]), unb64(first.body["certificate"])
    t.true(
        "openssl verifies the receipt",
        verify(cert, receipt, unb64(first.body["signature"]), folder),
    )
    again = b.confirm("pay-1", sign, text)
    t.equal("again: the same receipt", first.body["receipt"], again.body["receipt"])
    same = b.order("pay-1", ALICE, BOB, 1234, memo="Miete")
    t.equal("ordered again: the same receipt", first.body["receipt"], same.body["receipt"])
    t.equal(
        "the number for another order",
        "409 order-conflict",
        b.order("pay-1", ALICE, BOB, 1235, memo="Miete").code,
    )
    t.equal("paid once", start - 1234, balance(b))

    t.proves("two clients at once")
    numbers = ["race-%d" % i for i in range(4)]
    texts = {n: unb64(b.order(n, ALICE, BOB, 100).body["text"]) for n in numbers}
    answers, clients = [], []
    for number in numbers:
        for _ in range(4):
            signature = sign.sign(texts[number])

            def confirm(number=number, signature=signature):
                mine = bank()
                mine.session = b.session
                answers.append(
                    (number, mine.confirm(number, sign, texts[number], signature))
                )

            clients.append(threading.Thread(target=confirm))
    for c in clients:
        c.start()
    for c in clients:
        c.join()
    t.equal("every one is answered well", {"200"}, {a.code for _, a in answers})
    t.equal(
        "each order has one receipt",
        len(numbers),
        len({a.body["receipt"] for _, a in answers}),
    )
    t.equal("and is paid once", start - 1234 - 100 * len(numbers), balance(b))

    t.proves("not more than there is")
    now = balance(b)
    a = b.order("pay-all", ALICE, BOB, now + 1)
    if a.status == 200:
        a = b.confirm("pay-all", sign, unb64(a.body["text"]))
    t.true("refused: " + a.code, a.code in ("409 insufficient-funds", "422 amount"))
    t.equal("nothing was posted", now, balance(b))
    rows = b.ask("GET", "/v1/records?account=%s&limit=100" % ALICE)
    t.equal("the records are readable", "200", rows.code)
    t.equal("records and balance agree", now, rows.body["records"][0]["balance"])
    t.equal(
        "bob's records are not alice's business",
        "422 account",
        b.ask("GET", "/v1/records?account=%s" % BOB).code,
    )


for part in (proof_of_the_bank, logins, certificates, requests, orders):
    part()
sys.exit(t.end())
