#!/usr/bin/env python3
"""Opens what `ukey bind` has put on a card, from the words in src/cli/cli_bound.h alone:
bound_open.py OBJECT [MODULE]. With a module the card derives (pkcs11-tool); without, a
key that is made here."""
import os
import subprocess
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

with open(sys.argv[1], "rb") as f:
    sealed = f.read()
head, nonce, rest = sealed[:66], sealed[66:78], sealed[78:]
assert head[0] == 1
peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), head[1:])
if len(sys.argv) > 2:
    with open("peer.der", "wb") as f:
        f.write(peer.public_bytes(serialization.Encoding.DER,
                                  serialization.PublicFormat.SubjectPublicKeyInfo))
    runtime = os.environ.get("FOREIGN_PRELOAD", "")
    subprocess.run(
        ["pkcs11-tool", "--module", sys.argv[2], "--login", "--pin",
         os.environ.get("CARD_PIN", "482915"), "--derive", "--id", b"bound".hex(),
         "-m", "ECDH1-DERIVE", "-i", "peer.der", "-o", "shared"],
        check=True, capture_output=True,
        env=dict(os.environ, LD_PRELOAD=runtime, ASAN_OPTIONS="detect_leaks=0"))
    with open("shared", "rb") as f:
        shared = f.read()
else:
    shared = ec.generate_private_key(ec.SECP256R1()).exchange(ec.ECDH(), peer)
key = HKDF(hashes.SHA256(), 32, head[1:], b"ukey bound numbers").derive(shared)
sys.stdout.write(AESGCM(key).decrypt(nonce, rest, head).decode())
