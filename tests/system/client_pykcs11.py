"""What a Python program does with the card: client_pykcs11.py MODULE PIN-FILE FILE.
Leaves what it read and signed in files card.*, for openssl to judge."""
import sys

import PyKCS11
from PyKCS11 import CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY


def write(name, data):
    with open(name, "wb") as out:
        out.write(bytes(data))


def find(session, kind):
    found = session.findObjects([(PyKCS11.CKA_CLASS, kind),
                                 (PyKCS11.CKA_LABEL, "Login")])
    assert len(found) == 1, found
    return found[0]


def refused(code, action, *args):
    try:
        action(*args)
    except PyKCS11.PyKCS11Error as error:
        assert error.value == code, error
    else:
        raise AssertionError("not refused")


def mechanisms(key_type):
    if key_type == PyKCS11.CKK_RSA:
        return {
            "pkcs1": PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS),
            "pss": PyKCS11.RSA_PSS_Mechanism(
                PyKCS11.CKM_SHA256_RSA_PKCS_PSS, PyKCS11.CKM_SHA256,
                PyKCS11.CKG_MGF1_SHA256, 32),
        }
    return {"ecdsa": PyKCS11.Mechanism(PyKCS11.CKM_ECDSA_SHA256)}


def main(module, pin_file, file):
    with open(pin_file) as pin_in, open(file, "rb") as file_in:
        pin, message = pin_in.read(), file_in.read()
    lib = PyKCS11.PyKCS11Lib()
    lib.load(module)
    slot = lib.getSlotList(tokenPresent=True)[0]
    print("token:", lib.getTokenInfo(slot).label.strip())
    for mechanism in lib.getMechanismList(slot):
        lib.getMechanismInfo(slot, mechanism)

    session = lib.openSession(slot)
    certificate = find(session, CKO_CERTIFICATE)
    write("card.der",
          session.getAttributeValue(certificate, [PyKCS11.CKA_VALUE])[0])
    assert not session.findObjects([(PyKCS11.CKA_CLASS, CKO_PRIVATE_KEY)])
    session.login(pin)
    refused(PyKCS11.CKR_USER_ALREADY_LOGGED_IN, session.login, pin)
    key, public = find(session, CKO_PRIVATE_KEY), find(session, CKO_PUBLIC_KEY)
    for obj in session.findObjects():
        assert obj.to_dict()["CKA_TOKEN"]
    # What the card keeps to itself, PyKCS11 calls None.
    secret = [PyKCS11.CKA_PRIVATE_EXPONENT, PyKCS11.CKA_VALUE]
    assert session.getAttributeValue(key, secret) == [None, None]

    key_type = session.getAttributeValue(key, [PyKCS11.CKA_KEY_TYPE])[0]
    for name, mechanism in mechanisms(key_type).items():
        signature = session.sign(key, message, mechanism)
        write("card." + name, signature)
        assert session.verify(public, message, signature, mechanism)
        assert not session.verify(public, message + b"x", signature, mechanism)
    write("card.hash", session.digest(
        message, PyKCS11.Mechanism(PyKCS11.CKM_SHA256)))
    assert len(session.generateRandom(40)) == 40
    session.logout()
    session.closeSession()


main(*sys.argv[1:])
