"""The judge of card terminals: the bank's keys and a payment's cryptograms a
second time (emv_bank.py), and a terminal of its own, with a card of its own,
that does what no terminal should.

    pos_bank.py selftest
    pos_bank.py initial-key BANK-FOLDER
    pos_bank.py payment BANK-FOLDER ORDER ISSUER-KEY SCHEME PAN
    pos_bank.py authorise BANK-FOLDER ORIGIN SESSION ISSUER-KEY PAN PIN ORDER
    pos_bank.py attacks BANK-FOLDER ORIGIN SESSION ISSUER-KEY PAN PIN
"""
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import emv_bank as emv
from cryptography.hazmat.primitives.ciphers import algorithms


def derived(bank, label):
    """NIST SP 800-108, HMAC-SHA256 in counter mode, one block."""
    with open(os.environ.get("POS_KEY", f"{bank}/pos.key"), "rb") as f:
        master = f.read()
    data = b"\0\0\0\1" + label.encode() + b"\0\0\0\1\0"
    return hmac.new(master, data, hashlib.sha256).digest()


def base_keys(bank):
    return (derived(bank, "pos terminals aes")[:16],
            derived(bank, "pos terminals tdes")[:16])


def tlv(tag, value):
    return bytes.fromhex(tag) + bytes([len(value)]) + value


def objects(b):
    found = {}
    while b:
        n = 2 if b[0] & 0x1f == 0x1f else 1
        tag, size = b[:n].hex().upper(), b[n]
        found[tag] = b[n + 1:n + 1 + size]
        b = b[n + 1 + size:]
    return found


SIGNED = ["9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82",
          "9F36"]


def signed(o):
    return b"".join(o[t] for t in SIGNED) + o["9F10"][3:7]


# --- what was paid --------------------------------------------------------

def last_payment(bank, number):
    """From the books, read by sqlite3, or by psql if BANK_URI is set."""
    sql = ("SELECT %s, o.amount, o.currency FROM pos_payments p JOIN"
           " pos_orders o ON o.id = p.order_id WHERE o.number = '" + number +
           "' ORDER BY p.id DESC LIMIT 1")
    blobs = ["p.emv", "p.issuer_data", "p.last_emv", "o.challenge"]
    if "BANK_URI" in os.environ:
        hexes = ", ".join("encode(%s, 'hex')" % b for b in blobs)
        out = subprocess.run(["psql", "-XAtqd", os.environ["BANK_URI"], "-c",
                              sql % hexes], check=True, text=True,
                             capture_output=True).stdout.strip().split("|")
        return [bytes.fromhex(x) for x in out[:4]] + [int(out[4]), out[5]]
    db = sqlite3.connect(f"file:{bank}/bank.db?mode=ro", uri=True)
    return db.execute(sql % ", ".join(blobs)).fetchone()


def payment(bank, number, issuer, scheme, pan):
    """First and last cryptogram, and the answer between them, of the payment
    as the books have it."""
    row = last_payment(bank, number)
    first, last = objects(row[0]), objects(row[2])
    key = emv.card_key(scheme, bytes.fromhex(issuer), pan, "01")
    sk = emv.session_key(scheme, key, first["9F36"])
    assert emv.mac(scheme, sk, signed(first)) == first["9F26"], "ARQC"
    assert row[1] == emv.arpc(scheme, sk, first["9F26"], b"00") + b"00", "ARPC"
    assert emv.mac(scheme, sk, signed(last)) == last["9F26"], "TC"
    assert last["9F27"] == b"\x40", "TC"
    assert first["9F37"] == unpredictable(row[3], row[4], row[5], number), "UN"
    return "good"


def unpredictable(challenge, amount, currency, number):
    return hashlib.sha256(
        b"ukey pos order 1" + challenge + amount.to_bytes(8, "big") +
        currency.encode() + number.encode()).digest()[:4]


# --- a terminal and a card --------------------------------------------------

class Refused(Exception):
    pass


class Terminal:
    def __init__(self, bank, origin, session):
        self.bank, self.origin, self.session = bank, origin, session
        self.context = ssl.create_default_context(cafile=f"{bank}/ca.pem")
        self.aes, self.tdes = base_keys(bank)
        self.counter = 0x100  # beyond what the real terminal has used
        self.reader = b"\0\0\0\x0b\0\0\0\1"

    def call(self, path, body=None):
        request = urllib.request.Request(
            self.origin + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": "Bearer " + self.session,
             "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request,
                                        context=self.context) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            raise Refused(json.load(e)["error"]["code"]) from None

    def order(self, number):
        return self.call(f"/v1/pos/orders/{number}")

    def ksn(self):
        self.counter += 1
        return self.reader + self.counter.to_bytes(4, "big")

    def message(self, number, card, field55, pin=None, **change):
        ksn = change.get("ksn") or self.ksn()
        old = len(ksn) == 10
        base = self.tdes if old else self.aes
        key = {u: emv.dukpt(base, ksn, u) for u in ("pin", "mac", "data")}
        track = bytes.fromhex(card.track)
        cipher = algorithms.TripleDES if old else algorithms.AES
        sealed = emv.cbc(cipher, key["data"],
                         emv.pad(track, 8 if old else 16))
        block = b""
        if pin:
            block = (emv.pin_block_0(key["pin"], card.pan, pin) if old else
                     emv.pin_block_4(key["pin"], card.pan, pin,
                                     os.urandom(8)))
        fields = [number.encode(), ksn, sealed, field55, block, b""]
        data = b"ukey pos authorise 1" + b"".join(
            len(f).to_bytes(4, "big") + f for f in fields)
        if old:
            mac = emv.mac("csk", key["mac"], hashlib.sha256(data).digest())
        else:
            mac = emv.cmac(key["mac"], data)
        body = {"ksn": ksn.hex(), "card": base64.b64encode(sealed).decode(),
                "emv": base64.b64encode(field55).decode(), "mac": mac.hex()}
        if block:
            body["pinBlock"] = block.hex()
        return body

    def authorise(self, number, body):
        return self.call(f"/v1/pos/orders/{number}/authorise", body)

    def complete(self, number, last=None):
        body = {} if last is None else {
            "emv": base64.b64encode(last).decode()}
        return self.call(f"/v1/pos/orders/{number}/complete", body)


class Card:
    """What the card computes; the counter is far ahead of the real one's."""

    def __init__(self, issuer, pan, atc=0x1000):
        self.pan, self.atc = pan, atc
        self.track = pan + "D9912220"
        self.key = emv.card_key("pboc", bytes.fromhex(issuer), pan, "01")

    def objects(self, order, **change):
        o = {
            "9F02": bytes.fromhex(f"{order['amount']:012d}"),
            "9F03": bytes(6), "9F1A": bytes.fromhex("0156"),
            "95": bytes.fromhex("8000040000"),
            "5F2A": bytes.fromhex(f"{order['currencyNumber']:04d}"),
            "9A": bytes.fromhex(time.strftime("%y%m%d", time.gmtime())),
            "9C": b"\0", "9F37": bytes.fromhex(order["unpredictableNumber"]),
            "82": bytes.fromhex("1C00"), "9F36": self.atc.to_bytes(2, "big"),
            "9F34": bytes.fromhex("420300"), "5F34": b"\1"}
        o.update(change)
        return o

    def generate(self, o, cid, cvr="03A00000"):
        o = dict(o)
        o["9F10"] = bytes.fromhex("070101" + cvr + "01")
        sk = emv.session_key("pboc", self.key, o["9F36"])
        o["9F26"] = emv.mac("pboc", sk, signed(o))
        o["9F27"] = bytes([cid])
        return b"".join(tlv(t, v) for t, v in o.items())

    def arqc(self, order, **change):
        self.atc += 1
        return self.generate(self.objects(order, **change), 0x80)


def refused(code, what, *args):
    try:
        answer = what(*args)
    except Refused as e:
        assert str(e) == code, f"{e}, not {code}"
    else:
        raise AssertionError(f"{answer}, not {code}")


def declined(code, answer):
    assert answer["state"] == "declined", answer
    assert answer["responseCode"] == code, answer


def authorise(bank, origin, session, issuer, pan, pin, number):
    t, c = Terminal(bank, origin, session), Card(issuer, pan, 0x2000)
    t.counter = 0x400
    order = t.order(number)
    answer = t.authorise(number, t.message(number, c, c.arqc(order), pin))
    assert answer["state"] == "authorised", answer
    return "good"


def attacks(bank, origin, session, issuer, pan, pin):
    t, c = Terminal(bank, origin, session), Card(issuer, pan)
    one, two = t.order("X-1"), t.order("X-2")

    # another order's ARQC, another amount, another currency, day or type
    other = c.arqc(two)
    refused("card-data", t.authorise, "X-1", t.message("X-1", c, other, pin))
    for change in ({"9F02": bytes.fromhex("000000000001")},
                   {"5F2A": bytes.fromhex("0840")},
                   {"9A": bytes.fromhex("200101")}, {"9C": b"\1"},
                   {"9F37": b"\1\2\3\4"}, {"9F03": b"\0\0\0\0\0\1"}):
        refused("card-data", t.authorise, "X-1",
                t.message("X-1", c, c.arqc(one, **change), pin))
    # an amount that the terminal alters after the card has signed another
    cheap = c.arqc(one, **{"9F02": bytes.fromhex("000000000001")})
    dear = cheap.replace(bytes.fromhex("9F0206000000000001"),
                         bytes.fromhex("9F0206000000000900"))
    assert dear != cheap
    declined("05", t.authorise("X-1", t.message("X-1", c, dear, pin)))
    # objects twice, cut, none, not a list at all
    good = c.arqc(one)
    for bad in (good + tlv("9F02", bytes(6)), good[:-1], b"\0", b"\xff" * 64,
                good.replace(b"\x9f\x27\x01\x80", b"\x9f\x27\x01\x40")):
        refused("card-data", t.authorise, "X-1",
                t.message("X-1", c, bad, pin))
    # messages altered on the way, of another order, of nobody's reader
    for name, value in (("mac", "00" * 16), ("pinBlock", "00" * 16),
                        ("emv", base64.b64encode(other).decode()),
                        ("card", base64.b64encode(bytes(16)).decode())):
        body = t.message("X-1", c, good, pin)
        body[name] = value
        refused("reader", t.authorise, "X-1", body)
    refused("reader", t.authorise, "X-1", t.message("X-2", c, good, pin))
    refused("reader", t.authorise, "X-1", t.message(
        "X-1", c, good, pin, ksn=b"\0\0\0\x0b\0\0\0\x09\0\0\0\1"))
    refused("reader", t.authorise, "X-1", t.message(
        "X-1", c, good, pin, ksn=t.reader + b"\0\1\xff\xff"))
    refused("malformed", t.authorise, "X-1", {"ksn": "00"})
    # a card that nobody has issued, a key that is not the card's
    alien = Card(issuer, "6222029999999999")
    declined("14", t.authorise("X-1", t.message(
        "X-1", alien, alien.arqc(one), pin)))
    forged = Card("00" * 16, pan, c.atc)
    declined("05", t.authorise("X-1", t.message(
        "X-1", forged, forged.arqc(one), pin)))
    # without its PIN, and with a block of another card's
    declined("55", t.authorise("X-1", t.message("X-1", c, c.arqc(one))))
    # a counter that is used up, although the message is new
    first = t.message("X-1", c, c.arqc(one), pin)
    answer = t.authorise("X-1", first)
    assert answer["state"] == "authorised", answer
    # the same again is the same answer; another is too late
    assert t.authorise("X-1", first) == answer
    refused("order-conflict", t.authorise, "X-1",
            t.message("X-1", c, c.arqc(one), pin))
    # replay for another order: number, reader's counter, card's counter
    refused("reader", t.authorise, "X-2", first)
    used = t.message("X-2", c, c.arqc(two), pin,
                     ksn=bytes.fromhex(first["ksn"]))
    refused("reader", t.authorise, "X-2", used)
    c.atc -= 3
    declined("94", t.authorise("X-2", t.message(
        "X-2", c, c.generate(c.objects(
            two, **{"9F36": objects(base64.b64decode(first["emv"]))["9F36"]}),
            0x80), pin)))
    c.atc += 3
    # the issuer's answer is genuine; a last word that is not the card's
    o = objects(base64.b64decode(first["emv"]))
    sk = emv.session_key("pboc", c.key, o["9F36"])
    assert answer["issuerData"] == (
        emv.arpc("pboc", sk, o["9F26"], b"00") + b"00").hex(), "ARPC"
    last = c.objects(one, **{"9F36": o["9F36"]})
    refused("card-data", t.complete, "X-1", forged.generate(last, 0x40))
    refused("card-data", t.complete, "X-1", c.generate(
        dict(last, **{"9F02": bytes.fromhex("000000000901")}), 0x40))
    done = t.complete("X-1", c.generate(last, 0x40, "03600000"))
    assert done["state"] == "completed", done
    assert t.complete("X-1")["state"] == "completed"  # and stays so
    # the card declines: the money goes back, once
    assert t.authorise("X-3", t.message("X-3", c, c.arqc(t.order("X-3")), pin)
                       )["state"] == "authorised"
    assert t.complete("X-3", c.generate(
        c.objects(t.order("X-3")), 0x00))["state"] == "reversed"
    assert t.complete("X-3")["state"] == "reversed"
    # an old terminal: triple DES and PIN block format 0
    old = t.call("/v1/pos/readers", {"algorithm": "tdes"})["reader"]
    assert os.system(f"'{os.environ['UKEY_BUILD']}/bin/ukey-bankd' pos-reader "
                     f"--dir '{bank}' --reader {old} --out old.json") == 0
    prefix = 0xffff << 64 | old << 21
    key = emv.dukpt(t.tdes, prefix.to_bytes(10, "big"), "ik")
    assert json.load(open("old.json"))["initialKey"] == key.hex(), "IK"
    ksn = (prefix | 7).to_bytes(10, "big")
    four = t.message("X-4", c, c.arqc(t.order("X-4")), pin, ksn=ksn)
    assert t.authorise("X-4", four)["state"] == "authorised"
    assert t.complete("X-4", c.generate(c.objects(t.order("X-4")), 0x40)
                      )["state"] == "completed"
    # too many refused cards, and the order is closed
    for _ in range(10):
        try:
            t.authorise("X-5", t.message("X-5", alien, alien.arqc(
                t.order("X-5")), pin))
        except Refused:
            break
    refused("order-conflict", t.authorise, "X-5",
            t.message("X-5", c, c.arqc(t.order("X-5")), pin))
    # somebody else's, or nobody's
    refused("not-found", t.order, "X-99")
    t.session = "00" * 32
    refused("no-session", t.order, "X-1")
    return "good"


def main(what, *args):
    if what == "selftest":
        return emv.selftest()
    if what == "initial-key":
        return emv.dukpt(base_keys(args[0])[0],
                         b"\0\0\0\x0b\0\0\0\1" + bytes(4), "ik").hex()
    if what == "payment":
        bank, number, issuer, scheme, pan = args
        return payment(bank, number, issuer, scheme, pan)
    return {"attacks": attacks, "authorise": authorise}[what](*args)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print(main(*sys.argv[1:]))
