#!/usr/bin/env python3
"""Merchants and bills, end to end over real processes: docs/protocol.md sections
7 and 8 with a customer (bank_client.py) and a merchant (merchant.py) that share no
code with the server. Its clock can be set ahead (lib.sh, bank_clock), and it is
killed and started again where it hurts.

    bills.py BANKD ORIGIN ALICE BOB CAROL SHOP
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time

from bank_client import Bank, Checks, Key, unb64, verify
from bill_stream import Stream
from merchant import Merchant, digest, sign, ANSWER
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

bankd, origin, ALICE, BOB, CAROL, SHOP = sys.argv[1:7]
PORT = int(origin.rsplit(":", 1)[1])
ALICE_PHONE, BOB_PHONE, NOBODY = "+8613800001234", "+8613900005678", "+8613700009999"
WATCHERS = ["watch%d" % i for i in range(5)]
t = Checks()


# --- processes --------------------------------------------------------------------


class Process:
    """The bank's server, to be killed at will."""

    def __init__(self):
        self.child = None
        self.log = open("bank.log", "ab")

    def start(self):
        r, w = os.pipe()
        os.set_inheritable(w, True)
        self.child = subprocess.Popen(
            [bankd, "serve", "--dir", "bank", "--ready-fd", str(w)],
            pass_fds=[w], stdout=self.log, stderr=self.log,
            env=dict(os.environ, LD_PRELOAD=os.environ.get("BANK_PRELOAD", ""),
                     ASAN_OPTIONS="verify_asan_link_order=0"),
        )
        os.close(w)
        with os.fdopen(r) as ready:
            assert ready.readline().strip() == str(PORT), "the bank does not start"

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def again(self):
        self.kill()
        self.start()


def run(*args, data=None):
    return subprocess.run([bankd, *args, "--dir", "bank"], input=data, text=True,
                          capture_output=True)


def clock(seconds):
    """The server's clock is so much ahead."""
    with open("clock.new", "w") as f:
        f.write("%d\n" % seconds)
    os.rename("clock.new", os.environ["TEST_CLOCK"])


# --- a customer's client ------------------------------------------------------------


def key(name):
    return Key("soft/%s.key" % name, "soft/%s.pem" % name)


def logged_in(name="alice-auth"):
    b = Bank(PORT, "soft/ca.pem", origin)
    assert b.login(key(name)).status == 200
    return b


def bills(b, **query):
    text = "&".join("%s=%s" % q for q in query.items())
    return b.ask("GET", "/v1/bills" + ("?" + text if text else "")).body


def order_for(b, bill, number, source):
    return b.ask("POST", "/v1/bills/%s/order" % bill, {"orderNumber": number,
                                                         "from": source})


def pay(b, bill, number, source, signer="alice-sign"):
    answer = order_for(b, bill, number, source)
    if answer.status != 200 or answer.body["state"] == "posted":
        return answer
    text = unb64(answer.body["text"])
    return b.confirm(number, key(signer), text)


def select(sql):
    """The books, read by somebody else: sqlite3, or psql if BANK_URI is set."""
    uri = os.environ.get("BANK_URI")
    ask = (["psql", "-X", "-A", "-t", "-q", "-d", uri, "-c"] if uri
           else ["sqlite3", "-readonly", "bank/bank.db"])
    return subprocess.run(ask + [sql], capture_output=True, text=True,
                          check=True).stdout


def balance(account):
    return int(select("select balance from accounts where number = '%s'" % account))


# --- the scenes ----------------------------------------------------------------------


def whole_way(m, b):
    t.proves("order, bill, event, payment, call-back, acknowledgement, event")
    before = balance(SHOP)
    stream = Stream(PORT, b.session)
    t.equal("a stream of events", (200, "text/event-stream"), (stream.status, stream.type))
    a = m.order("T-1", 1234, ALICE_PHONE)
    t.equal("the order is placed", ("200", "open"), (a.code, a.body["state"]))
    e = stream.wait("new", "T-1")
    t.true("the bill comes by itself", e)
    bill = e["bill"]
    t.equal("with what the merchant says",
            ("Shop", "Tea House", 1234, "CNY", "Two cups", SHOP),
            tuple(bill[k] for k in
                  ("merchant", "payee", "amount", "currency", "memo", "to")))
    t.equal("and what was bought", "Longjing", bill["items"][0]["name"])
    t.equal("shown", "shown", b.ask("POST", "/v1/bills/%s/shown" % bill["bill"], {})
            .body["state"])
    t.equal("which the merchant is not told", "open",
            m.ask("GET", "/v1/merchant/orders/T-1").body["state"])
    text = unb64(order_for(b, bill["bill"], "o-1", ALICE).body["text"]).decode()
    for line in ("<k>Type</k><v>bill-1</v>", "<k>Merchant</k><v>Shop</v>",
                 "<k>Merchant order</k><v>T-1</v>", "<k>Amount</k><v>12.34 CNY</v>",
                 "<k>Bill</k><v>%s</v>" % bill["bill"], "<k>From</k><v>%s</v>" % ALICE):
        t.true("the text to sign says " + line, line in text)
    paid = pay(b, bill["bill"], "o-1", ALICE)
    t.equal("paid", ("200", "posted"), (paid.code, paid.body["state"]))
    t.true("with a receipt signed by the bank",
           verify(unb64(paid.body["certificate"]), unb64(paid.body["receipt"]),
                  unb64(paid.body["signature"]), "soft"))
    t.true("event: paid", stream.wait("paid", "T-1"))
    t.true("the merchant is told", m.wait_until(lambda: m.told_of("T-1", "paid")))
    told = stream.wait("told", "T-1")
    t.true("event: the merchant knows", told and told["bill"]["merchantTold"])
    state = m.ask("GET", "/v1/merchant/orders/T-1").body
    t.equal("the merchant reads it, too", "paid", state["state"])
    t.true("with the number of the receipt",
           state["receipt"] in unb64(paid.body["receipt"]).decode())
    t.equal("the money is there", before + 1234, balance(SHOP))
    again = pay(b, bill["bill"], "o-1", ALICE)
    t.equal("confirmed again: the same receipt", paid.body["receipt"],
            again.body.get("receipt"))
    t.equal("another order for it: closed", "409 bill-closed",
            pay(b, bill["bill"], "o-1b", ALICE).code)
    t.equal("nothing more was paid", before + 1234, balance(SHOP))
    t.equal("numbers without gaps", list(range(1, len(stream.seen) + 1)),
            [n for n, _ in stream.seen])
    stream.close()


def other_outcomes(m, b):
    t.proves("rejected, cancelled, expired")
    m.order("R-1", 100, ALICE_PHONE)
    bill = bills(b)["bills"][0]
    a = b.ask("POST", "/v1/bills/%s/reject" % bill["bill"], {"reason": "not mine"})
    t.equal("rejected", ("200", "rejected"), (a.code, a.body["state"]))
    t.true("the merchant is told", m.wait_until(lambda: m.told_of("R-1", "rejected")))
    t.equal("and why", "not mine",
            m.ask("GET", "/v1/merchant/orders/R-1").body["reason"])
    t.equal("rejected again: the same", "200",
            b.ask("POST", "/v1/bills/%s/reject" % bill["bill"], {}).code)
    t.equal("a payment comes too late", "409 bill-closed",
            pay(b, bill["bill"], "o-r", ALICE).code)
    m.order("C-1", 100, ALICE_PHONE)
    bill = bills(b)["bills"][0]
    t.equal("prepared", "200", order_for(b, bill["bill"], "o-c", ALICE).code)
    a = m.ask("POST", "/v1/merchant/orders/C-1/cancel", {})
    t.equal("cancelled by the merchant", ("200", "cancelled"), (a.code, a.body["state"]))
    t.equal("what was prepared before cannot be confirmed", "409 bill-closed",
            pay(b, bill["bill"], "o-c", ALICE).code)
    before = balance(ALICE)
    stream = Stream(PORT, b.session)
    m.order("E-1", 100, ALICE_PHONE, expiresIn=60)
    bill = stream.wait("new", "E-1")["bill"]
    order_for(b, bill["bill"], "o-e", ALICE)
    clock(61)
    t.true("event: expired", stream.wait("expired", "E-1"))
    clock(0)
    t.true("the merchant is told", m.wait_until(lambda: m.told_of("E-1", "expired")))
    t.equal("too late to pay", "409 bill-closed", pay(b, bill["bill"], "o-e", ALICE).code)
    t.equal("and nothing moved", before, balance(ALICE))
    stream.close()


def choice(m, b):
    t.proves("not enough money leads back to the choice")
    m.order("F-1", 5000, ALICE_PHONE)
    bill = bills(b)["bills"][0]
    t.equal("from the poor account", "409 insufficient-funds",
            pay(b, bill["bill"], "o-f1", "DE-1002").code)
    t.true("the bill is still open", bills(b)["bills"][0]["bill"] == bill["bill"])
    t.equal("from the other one", "200", pay(b, bill["bill"], "o-f2", ALICE).code)
    t.true("the merchant is told", m.wait_until(lambda: m.told_of("F-1", "paid")))


def who_is_who(m, b):
    t.proves("whose bill it is, and who is a customer at all")
    carol = logged_in("bob-auth")
    m.order("B-1", 100, BOB_PHONE)
    m.order("A-1", 100, ALICE_PHONE)
    a, c = bills(b)["bills"][0], bills(carol)["bills"][0]
    t.equal("each sees his own", ("A-1", "B-1"), (a["orderNumber"], c["orderNumber"]))
    for method, tail, body in (("GET", "", None), ("POST", "/shown", {}),
                               ("POST", "/reject", {}),
                               ("POST", "/order", {"orderNumber": "x", "from": ALICE})):
        t.equal("somebody else's is unknown: %s%s" % (method, tail), "404 not-found",
                b.ask(method, "/v1/bills/%s%s" % (c["bill"], tail), body).code)
    t.equal("nor from somebody else's account", "422 account",
            order_for(b, a["bill"], "o-a", BOB).code)
    known, unknown = m.order("K-1", 100, ALICE_PHONE), m.order("K-2", 100, NOBODY)
    strip = ("orderNumber", "bill", "createdAt", "changedAt", "expiresAt")
    t.equal("an unknown number is answered like a known one",
            {k: v for k, v in known.body.items() if k not in strip},
            {k: v for k, v in unknown.body.items() if k not in strip})
    t.equal("with the same members", list(known.body), list(unknown.body))
    done = run("customer", "--customer", "Carol", "--phone", "-", data=NOBODY + "\n")
    t.equal("it becomes a customer's", 0, done.returncode)
    t.true("who is shown masked only", "+86137****9999" in done.stdout)
    rows = select("select b.order_number from bills b join customers c"
                  " on c.id = b.payer where c.name = 'Carol'").split()
    t.equal("whose the bill is from then on", ["K-2"], rows)


def replays(m, b):
    t.proves("a merchant's request: replayed, altered, forged")
    message, data = m.prepare("POST", "/v1/merchant/orders", {
        "orderNumber": "P-1", "amount": 100, "currency": "CNY", "payee": "Tea House",
        "payerPhone": __import__("merchant").jwe(m.seal, ALICE_PHONE.encode())})
    t.equal("once", "200", m.send(message, data).code)
    a = m.send(message, data)
    t.equal("the very same again", "replayed", a.code)
    m.check(message, a)
    server.again()
    t.equal("also after the server was killed", "replayed", m.send(message, data).code)
    spoilt = data.replace(b'"amount": 100', b'"amount": 101')
    t.equal("altered body", "merchant-signature", m.send(message, spoilt).code)
    for name, options in {
        "nothing but the method covered": {"components": ['"@method"']},
        "another tag": {"tag": "ukey-answer-1"},
        "no nonce": {"nonce": ""},
        "too old": {"created": int(time.time()) - 400},
        "too new": {"created": int(time.time()) + 400},
        "for another host": {"authority": "evil.example"},
        "an unknown key": {"key": ec.generate_private_key(ec.SECP256R1())},
    }.items():
        message, data = m.prepare("GET", "/v1/merchant/orders/P-1", **options)
        t.equal(name, "merchant-signature", m.send(message, data).code)
    message, data = m.prepare("GET", "/v1/merchant/orders/P-1")
    message["@path"] = "/v1/merchant/orders/T-1"
    t.equal("signed for another order", "merchant-signature", m.send(message, data).code)
    for field in ("signature", "signature-input"):
        message, data = m.prepare("GET", "/v1/merchant/orders/P-1")
        del message["fields"][field]
        t.equal("without " + field, "merchant-signature", m.send(message, data).code)
    t.equal("a customer's session is no signature", "401 merchant-signature",
            b.ask("GET", "/v1/merchant/orders/P-1").code)

    t.proves("one order number, one order")
    t.equal("other content", "order-conflict", m.order("T-1", 4321, ALICE_PHONE).code)
    t.equal("another payer", "order-conflict", m.order("T-1", 1234, BOB_PHONE).code)
    t.equal("the same: what became of it", "paid",
            m.order("T-1", 1234, ALICE_PHONE).body["state"])

    t.proves("orders that cannot be")
    for name, change in {
        "a call-back elsewhere": {"callback": "http://127.0.0.1:1/"},
        "a payee that cannot be shown": {"payee": "Tea  House"},
        "no amount": {"amount": 1.5},
        "a bill for ever": {"expiresIn": 10**9},
        "a number in clear": {"payerPhone": ALICE_PHONE},
        "goods that cannot be shown": {"items": [{"name": "a<b"}]},
        "sealed for somebody else": {"payerPhone": __import__("merchant").jwe(
            other_jwk(), ALICE_PHONE.encode())},
        "no such way to pay": {"method": "cash"},
        "paid with a card, and by somebody": {"method": "card"},
        "a terminal, and no card": {"terminal": "owner@example.org"},
        "no phone number": {"payerPhone": __import__("merchant").jwe(m.seal, b"13800")},
    }.items():
        amount = change.pop("amount", 100)
        t.equal(name, "malformed", m.order("X-1", amount, ALICE_PHONE, **change).code)
    m.sent = [b for b in m.sent if b'"payerPhone": "+' not in b]  # the one in clear
    t.equal("a bill for nobody", "malformed",
            m.card_order("X-1", 100, method="bill").code)
    t.equal("a payee that no terminal can show", "malformed",
            m.card_order("X-1", 100, payee="T" * 65).code)
    t.equal("a card, and no terminal", "account", m.card_order("X-1", 100).code)
    t.equal("another currency", "account",
            m.order("X-1", 100, ALICE_PHONE, currency="EUR").code)
    t.equal("less than nothing", "amount", m.order("X-1", -1, ALICE_PHONE).code)


def other_jwk():
    from merchant import b64url

    n = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    return {"x": b64url(n.x.to_bytes(32, "big")), "y": b64url(n.y.to_bytes(32, "big"))}


def told_of(events):
    return {e["bill"]["orderNumber"] for e in events if e}


def call_backs(m, b):
    t.proves("a merchant who is down is told when he is up")
    port = m.server.server_port
    m.stop()
    m.order("D-1", 100, ALICE_PHONE)
    t.equal("paid meanwhile", "200", pay(b, bills(b)["bills"][0]["bill"], "o-d", ALICE).code)
    server.again()
    m.listen(port)
    t.true("told after both were away", m.wait_until(lambda: m.told_of("D-1", "paid")))

    t.proves("errors and forged acknowledgements do not count")
    m.refuse, attempts, b = 1, m.attempts, logged_in()
    stranger = ec.generate_private_key(ec.SECP256R1())
    old = m.last_ack  # signed for another call
    bad = [
        lambda k, a, h: (None, *old),
        lambda k, a, h: (k, a, dict(h, **{"content-digest": digest(b"{}")})),
        lambda k, a, h: (stranger, a, h),
        lambda k, a, h: (k, b'{"acknowledged": 0}',
                         dict(h, **{"content-digest": digest(b'{"acknowledged": 0}')})),
    ]

    def forge(k, a, h):
        return bad.pop()(k, a, h) if bad else (k, a, h)

    m.forge = forge
    stream = Stream(PORT, b.session, after=0)
    for order in "G-1", "G-2":
        m.order(order, 100, ALICE_PHONE)
        pay(b, stream.wait("new", order)["bill"]["bill"], "o-" + order, ALICE)
    told = [stream.wait("told", "") for _ in range(2)]
    t.equal("both told in the end", {"G-1", "G-2"}, told_of(told))
    m.forge = None
    t.equal("after 503, another's key, another's number, a wrong digest, and an answer to"
            " another call", 7, m.attempts - attempts)
    stream.close()


def killed(m, b):
    t.proves("kill -9 between each step and the next")
    a = m.order("Z-1", 777, ALICE_PHONE)
    server.again()
    b = logged_in()
    t.equal("the order is there", a.body["bill"],
            m.order("Z-1", 777, ALICE_PHONE).body["bill"])
    stream = Stream(PORT, b.session, last_event_id=0)
    e = stream.wait("new", "Z-1")
    t.true("the event comes after a resume from nothing", e)
    server.again()
    b = logged_in()
    stream = Stream(PORT, b.session, last_event_id=e["number"])
    prepared = order_for(b, e["bill"]["bill"], "o-z", ALICE)
    t.equal("prepared", "200", prepared.code)
    server.again()
    b = logged_in()
    m.refuse = 1
    before = m.attempts
    paid = pay(b, e["bill"]["bill"], "o-z", ALICE)
    t.equal("paid from what was prepared before", prepared.body["text"] and "200", paid.code)
    m.wait_until(lambda: m.attempts > before)
    server.again()
    b = logged_in()
    t.equal("the same receipt", paid.body["receipt"],
            pay(b, e["bill"]["bill"], "o-z", ALICE).body["receipt"])
    t.true("the merchant is told by the next server",
           m.wait_until(lambda: m.told_of("Z-1", "paid")))
    stream = Stream(PORT, b.session, last_event_id=e["number"])
    t.true("and the customer, who missed nothing", stream.wait("paid", "Z-1")
           and stream.wait("told", "Z-1"))
    stream.close()


def make_watchers():
    """Customers with a key, a certificate and a phone number each."""
    for i, name in enumerate(WATCHERS):
        own = ec.generate_private_key(ec.SECP256R1())
        with open("soft/%s-auth.key" % name, "wb") as f:
            f.write(own.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
        request = x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        with open("watch.csr", "wb") as f:
            f.write(request.sign(own, hashes.SHA256()).public_bytes(
                serialization.Encoding.PEM))
        run("account", "--customer", name, "--account", "W-%d" % i, "--currency", "CNY")
        done = run("enroll", "--customer", name, "--request", "watch.csr", "--purpose",
                   "login")
        with open("soft/%s-auth.pem" % name, "w") as f:
            f.write(done.stdout)
        run("customer", "--customer", name, "--phone", "-", data="+86135000000%02d\n" % i)


def waiting(m, b):
    t.proves("waiting without a stream")
    last = bills(b)["last"]
    got = []
    waiter = threading.Thread(target=lambda: got.append(bills(b, after=last, wait=20)))
    waiter.start()
    m.order("W-1", 100, ALICE_PHONE)
    waiter.join(25)
    t.true("the poll is answered by the bill",
           got and got[0]["bills"][0]["orderNumber"] == "W-1" and got[0]["last"] > last)

    names = ["alice", "bob"] + WATCHERS
    t.proves("%d wait at once: eight of each of %d customers" % (8 * len(names), len(names)))
    sessions = [logged_in(name + "-auth") for name in names]
    phones = [ALICE_PHONE, BOB_PHONE] + ["+86135000000%02d" % i for i in range(len(WATCHERS))]
    streams = [(name, Stream(PORT, s.session)) for name, s in zip(names, sessions)
               for _ in range(8)]
    t.equal("all are let in", {200}, {s.status for _, s in streams})
    t.equal("and no ninth", [429] * len(names),
            [Stream(PORT, s.session).status for s in sessions])
    for name, phone in zip(names, phones):
        m.order("W-" + name, 100, phone)
    t.equal("each hears of his own bill", len(streams),
            sum(1 for name, s in streams if s.wait("new", "W-" + name)))
    t.true("and of nobody else's", all(
        s.seen == [(1, "new")] and s.events.empty()
        for name, s in streams if name in WATCHERS))
    for _, s in streams:
        s.close()


def keys_change(m, b):
    t.proves("a new key beside the old one; an end; a merchant who is shut out")
    old = m.key
    new = ed25519.Ed25519PrivateKey.generate()
    with open("new.pub", "wb") as f:
        f.write(new.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo))
    t.equal("registered", 0,
            run("merchant", "--name", "Shop", "--key", "new.pub").returncode)
    t.equal("the old one is good", "200", m.ask("GET", "/v1/merchant/orders/T-1").code)
    m.key = new
    t.equal("the new one, too (Ed25519)", "200",
            m.ask("GET", "/v1/merchant/orders/T-1").code)
    clock(8 * 86400)
    now = int(time.time()) + 8 * 86400
    a = m.send(*m.prepare("GET", "/v1/merchant/orders/T-1", created=now))
    t.equal("a week later: the new one", "200", a.code)
    a = m.send(*m.prepare("GET", "/v1/merchant/orders/T-1", created=now, key=old))
    t.equal("the old one no more", "merchant-signature", a.code)
    clock(0)
    run("merchant", "--name", "Shop", "--disable")
    a = m.send(*m.prepare("GET", "/v1/merchant/orders/T-1"))
    t.equal("disabled", "merchant-signature", a.code)
    run("merchant", "--name", "Shop", "--enable")
    t.equal("enabled", "200", m.ask("GET", "/v1/merchant/orders/T-1").code)


def secrets_stay(m):
    t.proves("no phone number in files, log or write-ahead log")
    for number in (ALICE_PHONE, BOB_PHONE, NOBODY):
        plain = number[1:].encode()
        for folder, _, files in os.walk("bank"):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    t.true("not in %s" % name, plain not in f.read())
        with open("bank.log", "rb") as f:
            t.true("not in the log", plain not in f.read())
        t.true("not in what the merchant sends, nor in what he is told",
               not any(plain in b for b in m.sent + m.heard))
    t.true("of which there was a lot", len(m.sent) > 20 and len(m.heard) > 5)


make_watchers()
server = Process()
server.start()
merchant = Merchant("shop.key", PORT, "soft/ca.pem")
port = merchant.listen(int(os.environ["SHOP_PORT"]))
merchant.connect()
alice = logged_in()
whole_way(merchant, alice)
other_outcomes(merchant, alice)
choice(merchant, alice)
who_is_who(merchant, alice)
replays(merchant, alice)
alice = logged_in()
call_backs(merchant, logged_in())
killed(merchant, logged_in())
waiting(merchant, logged_in())
keys_change(merchant, logged_in())
secrets_stay(merchant)
server.kill()
sys.exit(t.end())
