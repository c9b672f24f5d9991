#!/usr/bin/env python3
"""Every route of docs/protocol.md with every value that has ever hurt anybody in
every member, part of the path and parameter: refused or taken in words, never
`internal`, never a dead server.

    bank_fields.py FOLDER PORT ORIGIN ALICE BOB BANKD SHOP-KEY
"""
import http.client
import json
import os
import random
import ssl
import subprocess
import sys
import urllib.parse

from bank_client import Bank, Checks, Key, b64
from merchant import Merchant

folder, port, origin, ALICE, BOB, bankd, shop_key = sys.argv[1:8]
t = Checks()
random.seed(9112)
ca = os.path.join(folder, "ca.pem")
login = Key(os.path.join(folder, "alice-auth.key"), os.path.join(folder, "alice-auth.pem"))
DER = login.certificate()
CERT, N32 = b64(DER), b64(b"A" * 32)

TEXTS = [
    "", " ", "'", "''", "' OR '1'='1", "'; DROP TABLE accounts; --", '" OR ""="', "1; SELECT pg_sleep(9)",
    "$1", "?", ":a", "%s%n%x", "\\", "\\'", "/*", "\u0000", "a\u0000b", "\u202e", "\u200b", "\ufffe",
    "<script>alert(1)</script>", "</v></M>", "${jndi:ldap://localhost/a}", "{{7*7}}", "$(reboot)", "|reboot",
    "../../../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1:1/", "a\r\nX-Evil: 1", "\U0001f4a9" * 9,
    "A" * 65, "A" * 5000, "====", "AAAA", "0" * 40, "-1", "NaN", "true", "null", "2026-13-45T99:99:99Z",
    "MAAwgDCAMIA=", b64(b"\x30\x84\xff\xff\xff\xff"), b64(b"\x30\x80" * 400), b64(b"\x24\x80" * 4000),
    b64(DER[:-1]), b64(DER + b"\0"), b64(DER[: len(DER) // 2]),
]
OTHERS = [
    None, True, False, 0, -1, 1, 1.5, 1e308, -0.0, 2**31, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400,
    [], {}, [[]], [None], {"a": {}}, {"": ""}, ["x"] * 3000,
]
# What is put where a member's value would be, as it is.
RAW = [
    b"NaN", b"Infinity", b"-", b"01", b"1.", b".5", b"+1", b"0x10", b"'a'", b"undefined", b'"\x01"', b'"\\x41"',
    b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xc0\x80"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"a',
    b"[" * 9000, b'{"a":' * 9000, b"[" * 200 + b"]" * 200, b"1e99999", b"// x\n1", b"1,", b"",
]
ORDER = {"orderNumber": "f-1", "from": ALICE, "to": BOB, "toName": "Bob", "amount": 1, "currency": "CNY", "memo": "x"}
PAID = {"orderNumber": "f-m", "amount": 5, "currency": "CNY", "payerPhone": "x", "payee": "Shop", "memo": "m",
        "items": [{"name": "a", "quantity": 1, "amount": 5}], "expiresIn": 60, "callback": "https://localhost/x"}
AUTH = {"ksn": "00" * 12, "card": b64(b"x" * 32), "emv": b64(b"x" * 64), "pinBlock": "00" * 16,
        "signature": b64(b"\x01\0\x10\0\x10\0"), "mac": "00" * 16}
TOKEN = {"unverifiedCertificate": CERT, "algorithm": "ES256", "signature": b64(b"s" * 64), "format": "web-eid:1.1",
         "appVersion": "a", "binding": "tls-exporter", "unverifiedIntermediateCertificates": [CERT],
         "unverifiedSigningCertificates": [{"certificate": CERT, "supportedSignatureAlgorithms": [
             {"cryptoAlgorithm": "ECC", "hashFunction": "SHA-256", "paddingScheme": "NONE"}]}]}
CSR = subprocess.run(["openssl", "req", "-new", "-key", login.key, "-subj", "/CN=a"],
                     capture_output=True, check=True).stdout.decode()
# who, method, path ({} is a value of the table), members
ROUTES = [
    ("", "GET", "/v1/bank", None),
    ("", "POST", "/v1/login/challenge", {"clientNonce": N32}),
    ("", "GET", "/v1/login/challenge", None),
    ("", "POST", "/v1/login", {"nonce": "A" * 76, "authToken": TOKEN}),
    ("", "POST", "/v1/login/tls", {}),
    ("", "POST", "/v1/enrol", {"name": "A", "purpose": "login", "request": CSR}),
    ("", "GET", "/v1/enrol/{}", None),
    ("alice", "GET", "/v1/accounts", None),
    ("alice", "GET", "/v1/records?account={}&before={}&limit={}", None),
    ("alice", "POST", "/v1/orders", ORDER),
    ("alice", "GET", "/v1/orders", None),
    ("alice", "GET", "/v1/orders/{}", None),
    ("alice", "POST", "/v1/orders/f-0/proof", {"serial": "0102030405060708", "challenge": "a0" * 8, "algorithm": "ES256"}),
    ("alice", "POST", "/v1/orders/f-0/confirm", {"text": b64(b"x"), "algorithm": "ES256", "signature": b64(b"s" * 64),
        "certificate": CERT, "display": {"level": "terminal", "statement": b64(b"x" * 112)}}),
    ("alice", "POST", "/v1/orders/{}/confirm", {}),
    ("alice", "GET", "/v1/orders/{}/evidence", None),
    ("alice", "GET", "/v1/bills?all={}&after={}", None),
    ("alice", "GET", "/v1/bills/{}", None),
    ("alice", "POST", "/v1/bills/{}/shown", {}),
    ("alice", "POST", "/v1/bills/b-1/reject", {"reason": "no"}),
    ("alice", "POST", "/v1/bills/b-1/order", {"orderNumber": "f-2", "from": ALICE}),
    ("alice", "GET", "/v1/shops", None),
    ("alice", "GET", "/v1/shops/orders?shop={}&before={}&limit={}", None),
    ("shop", "GET", "/v1/merchant", None),
    ("shop", "POST", "/v1/merchant/orders", PAID),
    ("shop", "GET", "/v1/merchant/orders/{}", None),
    ("shop", "POST", "/v1/merchant/orders/{}/cancel", {}),
    ("", "POST", "/v1/pos/register", {"email": "a@b.example", "password": "12345678", "account": BOB}),
    ("", "POST", "/v1/pos/confirm", {"token": "00" * 16, "password": "12345678"}),
    ("", "POST", "/v1/pos/login", {"email": "a@b.example", "password": "12345678"}),
    ("pos", "POST", "/v1/pos/password", {"old": "x" * 9, "new": "y" * 9}),
    ("pos", "GET", "/v1/pos/readers", None),
    ("pos", "POST", "/v1/pos/readers", {"algorithm": "aes"}),
    ("pos", "GET", "/v1/pos/orders", None),
    ("pos", "GET", "/v1/pos/orders/{}", None),
    ("pos", "POST", "/v1/pos/orders/{}/authorise", AUTH),
    ("pos", "POST", "/v1/pos/orders/{}/complete", {"emv": b64(b"x")}),
    ("pos", "GET", "/v1/pos/orders/{}/signature", None),
    ("pos", "GET", "/v1/pos/records?search={}&merchant={}&from={}&until={}&min={}&max={}&before={}&limit={}", None),
]
COSTLY = ("/v1/pos/register", "/v1/pos/confirm", "/v1/pos/login", "/v1/pos/password")  # a password hash each


class Line:
    """One connection, as long as it lasts."""

    def __init__(self):
        self.context = ssl.create_default_context(cafile=ca)
        self.line = None

    def ask(self, method, path, data, headers):
        for _ in range(2):  # the server may have ended it
            if self.line is None:
                self.line = http.client.HTTPSConnection("localhost", int(port), context=self.context, timeout=60)
            try:
                self.line.request(method, path, data, headers)
                reply = self.line.getresponse()
                body = reply.read()
                if reply.will_close:
                    self.line = None
                return reply.status, body, reply.headers
            except (ConnectionError, http.client.HTTPException):
                self.line = None
        return 0, b"", {}


def members(value, path=()):
    """Where a member of an object is, however deep; and elements of lists."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path + (name,)
            yield from members(inner, path + (name,))
    elif isinstance(value, list) and value:
        yield path + (0,)
        yield from members(value[0], path + (0,))


MARK = "@@value@@"


def with_value(body, path, text):
    copy = json.loads(json.dumps(body))
    at = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = MARK
    return json.dumps(copy).encode().replace(b'"%s"' % MARK.encode(), text)


def bodies(route_path, body):
    if not body:
        return
    whole = json.dumps(body).encode()
    values = [json.dumps(v).encode() for v in TEXTS + OTHERS] + RAW
    for place in members(body):
        name = place[-1]
        for v in random.sample(values, 6) if route_path in COSTLY else values:
            yield with_value(body, place, v)
        if isinstance(name, str) and len(place) == 1:
            yield json.dumps({k: v for k, v in body.items() if k != name}).encode()
            yield whole[:-1] + b',"%s":1}' % name.encode()
    yield from (whole[:-1], whole + whole, b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16"),
                b"[" + whole + b"]", whole + b"\0", b"a=b&c=d", b"<a/>", whole[:-1] + b',"__proto__":{"a":1}}')
    if route_path in COSTLY or "login" not in route_path:
        return
    for _ in range(60):  # one byte of the certificate is another
        der = bytearray(DER)
        der[random.randrange(len(der))] ^= 1 << random.randrange(8)
        token = dict(TOKEN, unverifiedCertificate=b64(bytes(der)))
        yield json.dumps({"nonce": "A" * 76, "authToken": token}).encode()


def quoted(v):
    return urllib.parse.quote(v if isinstance(v, str) else json.dumps(v), safe="")


def paths(template):
    if "{}" not in template:
        yield template
        return
    values = [v for v in TEXTS + OTHERS if len(quoted(v)) < 4000]
    for i in range(template.count("{}")):
        for v in values:
            parts = ["1"] * template.count("{}")
            parts[i] = quoted(v)
            yield template.format(*parts)


def pos_session(line):
    email, word = "t@shop.example", "correct horse"
    j = {"Content-Type": "application/json"}
    line.ask("POST", "/v1/pos/register", json.dumps({"email": email, "password": word, "account": BOB}), j)
    out = subprocess.run([bankd, "outbox", "--dir", "bank"], capture_output=True, check=True).stdout.decode()
    found = [w for w in out.replace('"', " ").split() if len(w) == 32 and all(c in "0123456789abcdef" for c in w)]
    line.ask("POST", "/v1/pos/confirm", json.dumps({"token": found[-1], "password": word}), j)
    status, body, _ = line.ask("POST", "/v1/pos/login", json.dumps({"email": email, "password": word}), j)
    assert status == 200, body
    return json.loads(body)["session"]


bank = Bank(int(port), ca, origin)
assert bank.login(login).status == 200
bank.order("f-0", ALICE, BOB, 100)
line = Line()
sessions = {"alice": bank.session, "pos": pos_session(line)}
shop = Merchant(shop_key, int(port), ca)
shop.connect()
asked, wrong, seen = 0, [], {}


def judge(what, status, data, fields):
    global asked
    asked += 1
    try:
        answer = json.loads(data)
        code = "ok" if status == 200 else answer["error"]["code"]
    except (ValueError, KeyError, TypeError):
        code = "no JSON"
    seen[code] = seen.get(code, 0) + 1
    if status >= 500 or status == 0 or code in ("no JSON", "internal") or fields.get("X-Evil"):
        wrong.append((what, status, code))


def by_shop(method, path, value):
    message, data = shop.prepare(method, path, value)
    what = "%s %s %r" % (method, path, data[:200])
    judge(what, *line.ask(method, path, data or None, message["fields"]))


t.proves("hostile values everywhere")
for who, method, template, body in ROUTES:
    before = asked
    for path in paths(template):
        for data in [json.dumps(body).encode() if body is not None else None]:
            if who == "shop":
                by_shop(method, path, body)
                continue
            headers = {"Content-Type": "application/json"}
            if who:
                headers["Authorization"] = "Bearer " + sessions[who]
            judge("%s %s" % (method, path), *line.ask(method, path, data, headers))
    path = template.replace("{}", "1")
    for data in bodies(template, body):
        if who == "shop":
            try:
                value = json.loads(data)
            except (ValueError, RecursionError):
                continue  # merchant.py sends JSON only; the parser is the same
            by_shop(method, path, value)
            continue
        headers = {"Content-Type": "application/json"}
        if who:
            headers["Authorization"] = "Bearer " + sessions[who]
        judge("%s %s %r" % (method, path, data[:200]), *line.ask(method, path, data, headers))
    t.true("%s %s: %d times" % (method, template.split("?")[0], asked - before), asked > before)
for value in TEXTS:  # headers, as far as they can carry it
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        continue
    for name in ("Authorization", "Content-Type", "Accept", "Origin", "Sec-Fetch-Site", "Last-Event-ID", "Client-Cert",
                 "X-Forwarded-For", "Signature", "Signature-Input", "Content-Digest", "If-None-Match"):
        try:
            judge("%s: %r" % (name, raw), *line.ask("GET", "/v1/accounts", None, {name: raw}))
        except ValueError:
            pass  # Python does not send it either
t.true("%d requests; answers: %s" % (asked, seen), asked > 2000)
t.equal("none was internal, cut off or without JSON", [], wrong[:5])
sys.exit(t.end())
