#!/usr/bin/env python3
"""A program that uses a PIN pad by PC/SC part 10 and lies when it is told to.

    padclient.py READER verify SECONDS    prints the card's status word
    padclient.py READER short|long|huge|nothing

The structure is that of part 10, 2.5.2 (PIN_VERIFY_STRUCTURE), put together here;
the bytes that lie are its ulDataLength and its end."""
import ctypes
import struct
import sys

CM_IOCTL_GET_FEATURE_REQUEST = 0x42000000 + 3400
FEATURE_VERIFY_PIN_DIRECT = 0x06
SELECT = bytes.fromhex("00A4040008F0756B65792E303100")
# VERIFY of the card profile: eight bytes, ASCII, filled up with FF.
VERIFY = bytes.fromhex("0020008110" + "FF" * 16)

lib = ctypes.CDLL("libpcsclite.so.1")
HANDLE = ctypes.c_long
DWORD = ctypes.c_ulong


class Request(ctypes.Structure):
    _fields_ = [("protocol", DWORD), ("size", DWORD)]


def good(rc, what):
    if rc != 0:
        raise SystemExit(f"{what}: {rc & 0xffffffff:08x}")


def connect(name):
    context, card, protocol = HANDLE(), HANDLE(), DWORD()
    good(lib.SCardEstablishContext(DWORD(2), None, None, ctypes.byref(context)),
         "SCardEstablishContext")
    good(lib.SCardConnect(context, name.encode(), DWORD(2), DWORD(3),
                          ctypes.byref(card), ctypes.byref(protocol)), "SCardConnect")
    return card, protocol


def transmit(card, protocol, apdu):
    pci, size = Request(protocol, 16), DWORD(258)
    answer = ctypes.create_string_buffer(258)
    good(lib.SCardTransmit(card, ctypes.byref(pci), apdu, DWORD(len(apdu)), None,
                           answer, ctypes.byref(size)), "SCardTransmit")
    return answer.raw[:size.value]


def control(card, code, data):
    answer, size = ctypes.create_string_buffer(4096), DWORD()
    rc = lib.SCardControl(card, DWORD(code), data, DWORD(len(data)), answer,
                          DWORD(4096), ctypes.byref(size))
    return rc, answer.raw[:size.value]


def verify_code(card):
    rc, features = control(card, CM_IOCTL_GET_FEATURE_REQUEST, b"")
    good(rc, "CM_IOCTL_GET_FEATURE_REQUEST")
    for at in range(0, len(features), 6):
        tag, size, code = struct.unpack(">BBI", features[at:at + 6])
        if tag == FEATURE_VERIFY_PIN_DIRECT and size == 4:
            return code
    raise SystemExit("the reader has no FEATURE_VERIFY_PIN_DIRECT")


def structure(seconds, length=None, command=VERIFY):
    # bTimerOut, bTimerOut2, bmFormatString (bytes, left, ASCII), bmPINBlockString,
    # bmPINLengthFormat, wPINMaxExtraDigit, bEntryValidationCondition (key pressed),
    # bNumberMessage, wLangId, bMsgIndex, bTeoPrologue, ulDataLength, abData
    return struct.pack("<BBBBBHBBHB3sI", seconds, 0, 0x82, 0x10, 0, 0x0408, 2, 1,
                       0x0409, 0, b"\0\0\0",
                       len(command) if length is None else length) + command


LIES = {
    "short": structure(1)[:-1],
    "long": structure(1) + b"\0",
    "huge": structure(1, length=0xffffffff),
    "nothing": b"",
}


def main():
    card, protocol = connect(sys.argv[1])
    code = verify_code(card)
    transmit(card, protocol, SELECT)
    if sys.argv[2] == "verify":
        rc, answer = control(card, code, structure(int(sys.argv[3])))
        good(rc, "FEATURE_VERIFY_PIN_DIRECT")
        print(answer.hex().upper())
    else:
        rc, answer = control(card, code, LIES[sys.argv[2]])
        print("refused" if rc != 0 else f"answered {answer.hex()}")
    lib.SCardDisconnect(card, DWORD(1))


main()
