"""The host's side of GlobalPlatform, written from the published algorithms with
nothing but python3-cryptography. Talks to a card through scapdu (PC/SC).

    gp.py SCAPDU READER SCENARIO
"""
import os
import subprocess
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, TripleDES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives import hashes

h = bytes.fromhex
ISD = h("A000000151000000")
TEST_KEY = h("404142434445464748494A4B4C4D4E4F")
C_MAC, C_DEC, R_MAC, R_ENC = 1, 2, 0x10, 0x20


class Failure(Exception):
    pass


# --- ciphers -------------------------------------------------------------------


def encipher(algorithm, mode, data):
    e = Cipher(algorithm, mode).encryptor()
    return e.update(data) + e.finalize()


def decipher(algorithm, mode, data):
    d = Cipher(algorithm, mode).decryptor()
    return d.update(data) + d.finalize()


def pad(data, size):
    data += b"\x80"
    return data + bytes(-len(data) % size)


def unpad(data):
    data = data.rstrip(b"\0")
    if data[-1:] != b"\x80":
        raise Failure("padding of an answer")
    return data[:-1]


def cmac(key, data):
    c = CMAC(AES(key))
    c.update(data)
    return c.finalize()


def des(key, data):
    return encipher(TripleDES(key * 3), modes.ECB(), data)


def retail_mac(key, data, start):
    data = pad(data, 8)
    mac = encipher(TripleDES(key[:8] * 3), modes.CBC(start), data)[-8:]
    middle = decipher(TripleDES(key[8:] * 3), modes.ECB(), mac)
    return des(key[:8], middle)


# --- the card ------------------------------------------------------------------


class Card:
    def __init__(self, program, reader):
        self.p = subprocess.Popen([program, reader], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True, bufsize=1)

    def plain(self, apdu):
        data = b""
        while True:
            self.p.stdin.write(apdu.hex() + "\n")
            answer = self.p.stdout.readline().split()
            if not answer:
                raise Failure("no answer")
            sw = int(answer[-1], 16)
            data += h(answer[0]) if len(answer) > 1 else b""
            if sw >> 8 != 0x61:
                return data, sw
            apdu = h("00C00000") + bytes([sw & 0xFF])

    def close(self):
        self.p.stdin.close()
        self.p.wait()


# --- channels ------------------------------------------------------------------


class Scp02:
    """GlobalPlatform 2.3.1, appendix E, i = 15 and 55."""

    def __init__(self, keys, host, answer):
        seq, card, cryptogram = answer[12:14], answer[14:20], answer[20:28]
        self.enc, self.mac, self.dek = (
            encipher(TripleDES(k), modes.CBC(bytes(8)),
                     h(c) + seq + bytes(12))
            for k, c in zip(keys, ("0182", "0101", "0181")))
        if self.cryptogram(host + seq + card) != cryptogram:
            raise Failure("cryptogram of the card")
        self.proof = self.cryptogram(seq + card + host)
        self.last = None

    def cryptogram(self, data):
        return encipher(TripleDES(self.enc), modes.CBC(bytes(8)),
                        pad(data, 8))[-8:]

    def wrap(self, level, header, data):
        start = des(self.mac[:8], self.last) if self.last else bytes(8)
        self.last = retail_mac(
            self.mac, header + bytes([len(data) + 8]) + data, start)
        if level & C_DEC and data:
            data = encipher(TripleDES(self.enc), modes.CBC(bytes(8)),
                            pad(data, 8))
        return data + self.last

    def key(self, value):
        return encipher(TripleDES(self.dek), modes.ECB(), value)


class Scp03:
    """GlobalPlatform 2.3, amendment D, i = 70."""

    def __init__(self, keys, host, answer):
        card, cryptogram = answer[13:21], answer[21:29]
        context = host + card
        self.enc = self.kdf(keys[0], 4, context, len(keys[0]))
        self.mac = self.kdf(keys[1], 6, context, len(keys[1]))
        self.rmac = self.kdf(keys[1], 7, context, len(keys[1]))
        self.dek = keys[2]
        self.chain, self.counter = bytes(16), 0
        if self.kdf(self.mac, 0, context, 8) != cryptogram:
            raise Failure("cryptogram of the card")
        self.proof = self.kdf(self.mac, 1, context, 8)
        # the challenge without random numbers: from counter and name
        if card != self.kdf(keys[0], 2, answer[29:32] + ISD, 8):
            raise Failure("pseudo-random challenge")

    @staticmethod
    def kdf(key, constant, context, n):
        made, i = b"", 1
        while len(made) < n:
            made += cmac(key, bytes(11) + bytes([constant, 0])
                         + (n * 8).to_bytes(2, "big") + bytes([i]) + context)
            i += 1
        return made[:n]

    def icv(self, first):
        block = bytes([first]) + self.counter.to_bytes(15, "big")
        return encipher(AES(self.enc), modes.ECB(), block)

    def wrap(self, level, header, data):
        if level & C_DEC:
            self.counter += 1
            if data:
                data = encipher(AES(self.enc), modes.CBC(self.icv(0)),
                                pad(data, 16))
        self.chain = cmac(self.mac, self.chain + header
                          + bytes([len(data) + 8]) + data)
        return data + self.chain[:8]

    def unwrap(self, level, data, sw):
        data, mac = data[:-8], data[-8:]
        if mac != cmac(self.rmac,
                       self.chain + data + sw.to_bytes(2, "big"))[:8]:
            raise Failure("MAC of an answer")
        if level & R_ENC and data:
            data = unpad(decipher(AES(self.enc),
                                  modes.CBC(self.icv(0x80)), data))
        return data

    def key(self, value):
        return encipher(AES(self.dek), modes.CBC(bytes(16)),
                        value + bytes(-len(value) % 16))


class Session:
    def __init__(self, card, level, keys=(TEST_KEY,) * 3, version=0):
        self.card, self.level, host = card, 0, os.urandom(8)
        expect(card.plain(h("00A4040008") + ISD + b"\0"), 0x9000)
        answer = expect(card.plain(
            bytes([0x80, 0x50, version, 0, 8]) + host + b"\0"), 0x9000)
        self.protocol = answer[11]
        self.scp = (Scp02 if self.protocol == 2 else Scp03)(keys, host, answer)
        data = self.scp.wrap(C_MAC, bytes([0x84, 0x82, level, 0]),
                             self.scp.proof)
        expect(card.plain(bytes([0x84, 0x82, level, 0, len(data)]) + data),
               0x9000)
        self.level = level

    def send(self, header, data=b""):
        header = h(header)
        if not self.level & C_MAC:
            return self.card.plain(
                header + (lv(data) if data else b"") + b"\0")
        header = bytes([header[0] | 4]) + header[1:]
        data = self.scp.wrap(self.level, header, data)
        data, sw = self.card.plain(header + bytes([len(data)]) + data + b"\0")
        if self.level & R_MAC and (sw == 0x9000 or sw >> 8 in (0x62, 0x63)):
            data = self.scp.unwrap(self.level, data, sw)
        return data, sw

    def put_keys(self, old, version, kind, keys):
        data = bytes([version])
        kcvs = b""
        for k in keys:
            block = self.scp.key(k)
            if kind == 0x88:
                block = bytes([len(k)]) + block
                kcv = encipher(AES(k), modes.ECB(), b"\x01" * 16)[:3]
            else:
                kcv = encipher(TripleDES(k), modes.ECB(), bytes(8))[:3]
            data += bytes([kind, len(block)]) + block + b"\x03" + kcv
            kcvs += kcv
        answer = expect(self.send("80D8%02X81" % old, data), 0x9000)
        if answer != bytes([version]) + kcvs:
            raise Failure("check values " + answer.hex())


def expect(answer, sw):
    if answer[1] != sw:
        raise Failure("%04X instead of %04X" % (answer[1], sw))
    return answer[0]


def refused(call):
    try:
        call()
    except Failure:
        return
    raise Failure("not refused")


# --- content -------------------------------------------------------------------


def lv(*parts):
    return b"".join(bytes([len(p)]) + p for p in parts)


def tlv(tag, value):
    n = len(value)
    length = bytes([n]) if n < 128 else (
        bytes([0x81, n]) if n < 256 else b"\x82" + n.to_bytes(2, "big"))
    return tag + length + value


def component(tag, content):
    return bytes([tag]) + len(content).to_bytes(2, "big") + content


def cap(package, modules, size=0):
    """A load file: header, directory of applets, and code."""
    header = h("DECAFFED0102040301") + lv(package)
    applets = bytes([len(modules)]) + b"".join(
        lv(m) + h("0010") for m in modules)
    return (component(1, header) + component(3, applets)
            + component(7, os.urandom(size)))


def load(s, package, code, sha=b""):
    expect(s.send("80E60200", lv(package, ISD, sha, b"", b"")), 0x9000)
    file, i = tlv(b"\xC4", code), 0
    while file:
        block, file = file[:200], file[200:]
        expect(s.send("80E8%02X%02X" % (0 if file else 0x80, i), block),
               0x9000)
        i = (i + 1) & 0xFF


def status(s, kind):
    found, sw = s.send("80F2%02X02" % kind, h("4F00"))
    while sw == 0x6310:
        more, sw = s.send("80F2%02X03" % kind, h("4F00"))
        found += more
    if sw not in (0x9000, 0x6A88):
        raise Failure("GET STATUS %04X" % sw)
    return found


PIV_FILE = b"\xF0ukey.piv"
PIV = h("A000000308000010000100")


# --- scenarios -----------------------------------------------------------------


def levels(card):
    for level in (0x00, 0x01, 0x03, 0x11, 0x13, 0x33):
        s = Session(card, level)
        for kind in (0x80, 0x40, 0x20, 0x10, 0x80):
            if ISD not in status(s, kind):
                raise Failure("status %02X" % kind)
        expect(s.send("80F28002", tlv(b"\x4F", h("EEEEEEEEEE"))), 0x6A88)
        expect(s.send("80CA00E0"), 0x9000)


def keys(card):
    aes = [os.urandom(32) for _ in range(3)]
    tdes = [os.urandom(16) for _ in range(3)]
    s = Session(card, 0x33)
    s.put_keys(0, 0x30, 0x88, aes)
    refused(lambda: Session(card, 0x33))
    s = Session(card, 0x33, aes)
    s.put_keys(0, 0x20, 0x80, tdes)
    for level in (0x00, 0x01, 0x03):
        s = Session(card, level, tdes, 0x20)
        if s.protocol != 2 or ISD not in status(s, 0x80):
            raise Failure("SCP02")
    expect(s.send("80E40000", h("D20120")), 0x9000)
    refused(lambda: Session(card, 0x01, tdes, 0x20))
    aes192 = [os.urandom(24) for _ in range(3)]
    Session(card, 0x03, aes).put_keys(0x30, 0x30, 0x88, aes192)
    Session(card, 0x33, aes192).put_keys(0x30, 0x01, 0x88, [TEST_KEY] * 3)
    Session(card, 0x33)


def install_piv(card):
    module = PIV_FILE + b"1"
    s = Session(card, 0x33)
    code = cap(PIV_FILE, [module], 40000)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(code)
    load(s, PIV_FILE, code, digest.finalize())
    expect(s.send("80E60C00", lv(PIV_FILE, module, PIV, b"\0", h("C900"),
                                 b"")), 0x9000)
    if PIV not in status(s, 0x40):
        raise Failure("PIV is not in the registry")


def delete_piv(card):
    s = Session(card, 0x33)
    expect(s.send("80E40000", tlv(b"\x4F", PIV_FILE)), 0x6985)
    expect(s.send("80E40000", tlv(b"\x4F", PIV)), 0x9000)
    expect(s.send("80E40000", tlv(b"\x4F", PIV_FILE)), 0x9000)
    if PIV in status(s, 0x40) or PIV_FILE in status(s, 0x20):
        raise Failure("PIV is still in the registry")


def lock_ukey(card):
    s = Session(card, 0x01)
    expect(s.send("80F04080", b"\xF0ukey.01"), 0x9000)


def unlock_ukey(card):
    s = Session(card, 0x01)
    expect(s.send("80F04000", b"\xF0ukey.01"), 0x9000)


SCENARIOS = {f.__name__: f for f in (levels, keys, install_piv, delete_piv,
                                     lock_ukey, unlock_ukey)}


def main():
    card = Card(sys.argv[1], sys.argv[2])
    try:
        SCENARIOS[sys.argv[3]](card)
    except Failure as e:
        print(sys.argv[3] + ":", e)
        return 1
    finally:
        card.close()
    return 0


sys.exit(main())
