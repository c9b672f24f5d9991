"""RSA-OAEP with parameters that pkcs11-tool cannot say:

    client_oaep.py MODULE ID HASH MGF-HASH LABEL <cipher >plain

ID and LABEL in hexadecimal, the PIN on descriptor 8.
"""
import os
import sys

import PyKCS11

HASHES = {
    "sha1": (PyKCS11.CKM_SHA_1, PyKCS11.CKG_MGF1_SHA1),
    "sha256": (PyKCS11.CKM_SHA256, PyKCS11.CKG_MGF1_SHA256),
    "sha384": (PyKCS11.CKM_SHA384, PyKCS11.CKG_MGF1_SHA384),
    "sha512": (PyKCS11.CKM_SHA512, PyKCS11.CKG_MGF1_SHA512),
}

module, key_id, md, mgf, label = sys.argv[1:]
lib = PyKCS11.PyKCS11Lib()
lib.load(module)
session = lib.openSession(lib.getSlotList(tokenPresent=True)[0])
session.login(os.read(8, 64).decode())
key = session.findObjects([
    (PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY),
    (PyKCS11.CKA_ID, tuple(bytes.fromhex(key_id))),
])[0]
oaep = PyKCS11.RSAOAEPMechanism(
    HASHES[md][0], HASHES[mgf][1], bytes.fromhex(label) or None)
sys.stdout.buffer.write(
    bytes(session.decrypt(key, sys.stdin.buffer.read(), oaep)))
