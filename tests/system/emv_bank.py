"""The bank's side of a payment card, and the arithmetic of its cryptograms a
second time: python3-cryptography has the ciphers, the rest is EMV 4.3 Book 2
(A1.3, A1.4, 8.1, 8.2) and PBOC 2.0/3.0.

    emv_bank.py selftest
    emv_bank.py card-key SCHEME ISSUER-KEY PAN SEQUENCE
    emv_bank.py ac SCHEME CARD-KEY ATC DATA
    emv_bank.py arpc SCHEME CARD-KEY ATC AC ARC
    emv_bank.py arpc2 SCHEME CARD-KEY ATC AC CSU [PROPRIETARY]
    emv_bank.py pin-block-0 KEY PAN PIN
    emv_bank.py pin-block-4 KEY PAN PIN FILLING
    emv_bank.py dukpt BASE-KEY KSN pin|mac|data|ik
    emv_bank.py cmac KEY DATA

SCHEME: csk, pboc, sm4. Hexadecimal in, hexadecimal out; PAN and PIN are digits.
DUKPT by the length of the KSN: 12 bytes AES (ANSI X9.24-3), 10 triple DES (ANSI
X9.24-1). PIN blocks as ISO 9564-1 has them.
"""
import hashlib
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC


def ecb(algorithm, key, block):
    e = Cipher(algorithm(key), modes.ECB()).encryptor()
    return e.update(block) + e.finalize()


def des3(key, block):
    return ecb(algorithms.TripleDES, key, block)


def undes3(key, block):
    d = Cipher(algorithms.TripleDES(key), modes.ECB()).decryptor()
    return d.update(block) + d.finalize()


def sm4(key, block):
    return ecb(algorithms.SM4, key, block)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def pad(data, size):
    data += b"\x80"
    return data + bytes(-len(data) % size)


def odd_parity(key):
    return bytes(b if bin(b).count("1") % 2 else b ^ 1 for b in key)


def diversifier(pan, sequence):
    digits = pan + sequence
    if len(pan) > 16:
        digits = digits.zfill(len(digits) + len(digits) % 2)
        text = hashlib.sha1(bytes.fromhex(digits)).hexdigest()
        letters = {c: str(i) for i, c in enumerate("abcdef")}
        digits = "".join(c for c in text if c.isdigit())
        digits += "".join(letters[c] for c in text if c in letters)
        return bytes.fromhex(digits[:16])
    return bytes.fromhex(digits[-16:].zfill(16))


def card_key(scheme, issuer_key, pan, sequence):
    y = diversifier(pan, sequence)
    z = xor(y, b"\xff" * 8)
    if scheme == "sm4":
        return sm4(issuer_key, y + z)
    return odd_parity(des3(issuer_key, y) + des3(issuer_key, z))


def session_key(scheme, key, atc):
    if scheme == "csk":
        return odd_parity(des3(key, atc + b"\xf0" + bytes(5)) +
                          des3(key, atc + b"\x0f" + bytes(5)))
    left, right = bytes(6) + atc, bytes(6) + xor(atc, b"\xff\xff")
    if scheme == "sm4":
        return sm4(key, left + right)
    return odd_parity(des3(key, left) + des3(key, right))


def mac(scheme, key, data):
    size = 16 if scheme == "sm4" else 8
    state = bytes(size)
    data = pad(data, size)
    for i in range(0, len(data), size):
        block = xor(state, data[i:i + size])
        # DES is triple DES with three equal keys.
        state = sm4(key, block) if size == 16 else des3(key[:8] * 3, block)
    if size == 8:
        state = des3(key[:8] * 3, undes3(key[8:] * 3, state))
    return state[:8]


def arpc(scheme, key, ac, arc):
    block = xor(ac, arc + bytes(6))
    return sm4(key, block + bytes(8))[:8] if scheme == "sm4" else des3(key, block)


def arpc2(scheme, key, ac, csu, proprietary=b""):
    return mac(scheme, key, ac + csu + proprietary)[:4]


def aes(key, block):
    return ecb(algorithms.AES, key, block)


def cbc(algorithm, key, data):
    e = Cipher(algorithm(key), modes.CBC(bytes(algorithm.block_size // 8)))
    e = e.encryptor()
    return e.update(data) + e.finalize()


def cmac(key, data):
    c = CMAC(algorithms.AES(key))
    c.update(data)
    return c.finalize()


def pin_block_0(key, pan, pin):
    pin_part = bytes.fromhex(f"0{len(pin):x}{pin}".ljust(16, "f"))
    pan_part = bytes.fromhex(pan[:-1][-12:].zfill(16))
    return des3(key, xor(pin_part, pan_part))


def pin_block_4(key, pan, pin, filling):
    pin_part = bytes.fromhex(f"4{len(pin):x}{pin}".ljust(16, "a")) + filling
    pan_part = bytes.fromhex(f"{len(pan) - 12:x}{pan}".ljust(32, "0"))
    return aes(key, xor(aes(key, pin_part), pan_part))


AES_USES = {"pin": 0x1000, "mac": 0x2000, "data": 0x3000}


def dukpt_aes(base, ksn, use):
    def derive(key, usage, context):
        return aes(key, bytes([1, 1]) + usage.to_bytes(2, "big") +
                   bytes.fromhex("00020080") + context)

    key = derive(base, 0x8001, ksn[:8])
    if use == "ik":
        return key
    counter, reached = int.from_bytes(ksn[8:], "big"), 0
    for i in reversed(range(32)):
        if counter >> i & 1:
            reached |= 1 << i
            key = derive(key, 0x8000, ksn[4:8] + reached.to_bytes(4, "big"))
    return derive(key, AES_USES[use], ksn[4:])


C0 = bytes.fromhex("c0c0c0c000000000")
TDES_VARIANTS = {"pin": 7, "mac": 6, "data": 5}


def dukpt_tdes(base, ksn, use):
    def half(key, register):
        right = xor(register, key[8:])
        return xor(des3(key[:8] * 3, right), key[8:])

    counter = int.from_bytes(ksn, "big") & 0x1fffff
    register = (int.from_bytes(ksn, "big") ^ counter).to_bytes(10, "big")
    key = (des3(base, register[:8]) +
           des3(xor(base, C0 * 2), register[:8]))
    if use == "ik":
        return key
    reached = int.from_bytes(register[2:], "big")
    for i in reversed(range(21)):
        if counter >> i & 1:
            reached |= 1 << i
            r = reached.to_bytes(8, "big")
            key = half(xor(key, C0 * 2), r) + half(key, r)
    variant = bytearray(8)
    variant[TDES_VARIANTS[use]] = 0xff
    key = xor(key, bytes(variant) * 2)
    if use == "data":
        key = des3(key, key[:8]) + des3(key, key[8:])
    return key


def dukpt(base, ksn, use):
    return (dukpt_aes if len(ksn) == 12 else dukpt_tdes)(base, ksn, use)


def selftest_dukpt():
    """ANSI X9.24-3:2017, test vectors; X9.24-1:2009, A.4; RFC 4493."""
    base = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
    ksn = bytes.fromhex("123456789012345600000001")
    pin = dukpt(base, ksn, "pin")
    assert pin.hex() == "af8cb133a78f8dc2d1359f18527593fb"
    assert dukpt(base, ksn, "data").hex() == "a35c412efd41fdb98b69797c02dcd08f"
    assert dukpt(base, ksn, "mac").hex() == "a2dc23de6fde0824a2bc321e08e4b8b7"
    assert (pin_block_4(pin, "4111111111111111", "1234",
                        bytes.fromhex("2F69ADDE2E9E7ACE")).hex() ==
            "a912150391ab65a67e52883d81ce2d15")
    base = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    ksn = bytes.fromhex("FFFF9876543210E00001")
    assert (pin_block_0(dukpt(base, ksn, "pin"), "4012345678909", "1234").hex()
            == "1b9c1845eb993a7a")
    track = b"4012345678909D987".ljust(24, bytes(1))
    assert (cbc(algorithms.TripleDES, dukpt(base, ksn, "data"), track).hex() ==
            "fc0d53b7ea1fda9ee68aaf2e70d9b9506229be2aa993f04f")
    assert (cmac(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), b"").hex()
            == "bb1d6929e95937287fa37d129b756746")


def selftest():
    """Vectors of pyemv (github.com/knovichikhin/pyemv), tests and README."""
    imk = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    mk = card_key("csk", imk, "9901234567890123", "45")
    assert des3(mk, bytes(8))[:2].hex() == "1da5"
    sk = (des3(mk, bytes.fromhex("1234F07890123456")) +
          des3(mk, bytes.fromhex("12340F7890123456")))
    assert des3(sk, bytes(8))[:2].hex() == "0995"
    ac = mac("csk", sk, bytes.fromhex("0123456789ABCDEF" * 2))
    assert ac.hex() == "4b46013359b7a58b"
    assert arpc("csk", mk, ac, bytes(2)).hex() == "f8c9cecaabd55ad1"
    assert arpc2("csk", sk, ac, bytes(4)).hex() == "7dfb1188"
    assert (arpc2("csk", sk, ac, bytes(4),
                  bytes.fromhex("1234567890ABCDEF")).hex() == "4962b76c")
    assert (session_key("csk", imk, b"\x00\x1c").hex() ==
            "e9fb384af807b940fedcea613461b0c4")
    # GB/T 32907, A.1
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert sm4(key, key).hex() == "681edf34d206965e86b3e94f536e4246"
    selftest_dukpt()
    return "good"


OTHERS = {
    "pin-block-0": lambda key, pan, pin: pin_block_0(
        bytes.fromhex(key), pan, pin),
    "pin-block-4": lambda key, pan, pin, filling: pin_block_4(
        bytes.fromhex(key), pan, pin, bytes.fromhex(filling)),
    "dukpt": lambda base, ksn, use: dukpt(
        bytes.fromhex(base), bytes.fromhex(ksn), use),
    "cmac": lambda key, data: cmac(bytes.fromhex(key), bytes.fromhex(data)),
}


def main(what, *args):
    if what == "selftest":
        return selftest()
    if what in OTHERS:
        return OTHERS[what](*args).hex()
    scheme = args[0]
    if what == "card-key":
        return card_key(scheme, bytes.fromhex(args[1]), args[2], args[3]).hex()
    sk = session_key(scheme, bytes.fromhex(args[1]), bytes.fromhex(args[2]))
    if what == "ac":
        return mac(scheme, sk, bytes.fromhex(args[3])).hex()
    if what == "arpc":
        return arpc(scheme, sk, bytes.fromhex(args[3]),
                    bytes.fromhex(args[4])).hex()
    if what == "arpc2":
        return arpc2(scheme, sk, *map(bytes.fromhex, args[3:])).hex()
    raise SystemExit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print(main(*sys.argv[1:]).upper())
