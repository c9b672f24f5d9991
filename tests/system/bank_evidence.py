"""Orders signed with keys in files, of every algorithm, by the client that was
written from the document; for test_bank_evidence.sh.

  bank_evidence.py PORT ORIGIN FROM TO [ORDER KEY ALGORITHM LEVEL [TERMINAL COUNTER]]...

prints for each order what the bank answered. KEY.key and KEY.pem are in soft/."""
import os
import struct
import sys
import time

from bank_client import Bank, Key, b64, der_integers, openssl, sha256, unb64

PSS = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:"]


def sign(key, algorithm, text):
    path = "soft/%s.key" % key
    if algorithm.startswith("ES"):
        size = {"ES256": 32, "ES384": 48}[algorithm]
        der = openssl("dgst", "-sha" + algorithm[2:], "-sign", path, data=text)
        return b"".join(x.to_bytes(size, "big") for x in der_integers(der))
    pss = []
    if algorithm.startswith("PS"):  # PS256, or with another salt PS256/20
        algorithm, _, salt = algorithm.partition("/")
        pss = PSS[:3] + [PSS[3] + (salt or "32")]
    return openssl("dgst", "-sha256", "-sign", path, *pss, data=text)


def statement(terminal, counter, text, signature, when=None):
    """docs/protocol.md, section 9"""
    when = struct.pack(">qq", counter, when or int(time.time()))
    spki = openssl("pkey", "-in", terminal, "-pubout", "-outform", "DER")
    message = b"ukey display statement 1" + sha256(text) + sha256(signature) + when
    return sha256(spki) + when + Key(terminal, None).sign(message)


def main():
    port, origin, source, target = sys.argv[1:5]
    bank = Bank(int(port), "soft/ca.pem", origin)
    assert bank.login(Key("soft/alice-auth.key", "soft/alice-auth.pem")).code == "200"
    for words in " ".join(sys.argv[5:]).split(","):
        number, key, algorithm, level, *terminal = words.split()
        amount = int(number.rpartition("-")[2])
        prepared = bank.order(number, source, target, amount).body
        text = unb64(prepared["text"])
        signature = sign(key, algorithm, text)
        body = {
            "text": b64(text),
            "algorithm": algorithm.partition("/")[0],
            "signature": b64(signature),
            "certificate": b64(openssl("x509", "-in", "soft/%s.pem" % key, "-outform", "DER")),
        }
        if level != "-":
            body["display"] = {"level": level}
        if terminal:
            file, counter = terminal[0], int(terminal[1])
            late = int(time.time()) - 3600 if "late" in terminal else None
            shown = text.replace(b"Bob", b"Rob") if "other" in terminal else text
            body["display"]["statement"] = b64(
                statement(file, counter, shown, signature, late)
            )
        answer = bank.ask("POST", "/v1/orders/%s/confirm" % number, body)
        again = bank.ask("POST", "/v1/orders/%s/confirm" % number, body)
        same = answer.status != 200 or answer.body == again.body
        print(number, answer.code, "" if same else "BUT ANOTHER RECEIPT")
        if answer.status == 200:
            proof = bank.ask("GET", "/v1/orders/%s/evidence" % number).body
            with open(number + ".p7m", "wb") as f:
                f.write(unb64(proof["evidence"]))
            with open(number + ".text", "wb") as f:
                f.write(text)
            print(number, "display", proof["display"]["level"],
                  "statement" in proof["display"])
            print(number, "receipt says", b"Display" in unb64(answer.body["receipt"]))


os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
main()
