"""The bank's side of a payment card, and the arithmetic of its cryptograms a
second time: python3-cryptography has the ciphers, the rest is EMV 4.3 Book 2
(A1.3, A1.4, 8.1, 8.2) and PBOC 2.0/3.0.

    emv_bank.py selftest
    emv_bank.py card-key SCHEME ISSUER-KEY PAN SEQUENCE
    emv_bank.py ac SCHEME CARD-KEY ATC DATA
    emv_bank.py arpc SCHEME CARD-KEY ATC AC ARC

SCHEME: csk, pboc, sm4. Hexadecimal in, hexadecimal out.
"""
import hashlib
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


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
    assert (session_key("csk", imk, b"\x00\x1c").hex() ==
            "e9fb384af807b940fedcea613461b0c4")
    # GB/T 32907, A.1
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert sm4(key, key).hex() == "681edf34d206965e86b3e94f536e4246"
    return "good"


def main(what, *args):
    if what == "selftest":
        return selftest()
    scheme = args[0]
    if what == "card-key":
        return card_key(scheme, bytes.fromhex(args[1]), args[2], args[3]).hex()
    sk = session_key(scheme, bytes.fromhex(args[1]), bytes.fromhex(args[2]))
    if what == "ac":
        return mac(scheme, sk, bytes.fromhex(args[3])).hex()
    if what == "arpc":
        return arpc(scheme, sk, bytes.fromhex(args[3]),
                    bytes.fromhex(args[4])).hex()
    raise SystemExit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print(main(*sys.argv[1:]).upper())
