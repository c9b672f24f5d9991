"""SM2 signed data (GM/T 0010) by a program of its own: SM3 from GB/T 32905, SM2
signatures from GB/T 32918.2, DER from X.690, nothing but Python.

  gm_cms.py selftest                 the standards' examples, and a display key's
  gm_cms.py verify FILE CA.pem       what FILE says, if all of its signatures hold
  gm_cms.py sign KEY.hex TEXT OUT CERTIFICATE.pem...   the signer's first
"""
import base64
import hashlib
import sys

P = int("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF", 16)
A = P - 3
B = int("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93", 16)
N = int("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", 16)
G = (
    int("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7", 16),
    int("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0", 16),
)
DEFAULT_ID = b"1234567812345678"


# --- SM3, GB/T 32905 -----------------------------------------------------------


def rol(x, n):
    n %= 32
    return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF


def sm3(message):
    v = [
        0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
        0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
    ]  # fmt: skip
    padded = message + b"\x80" + bytes((55 - len(message)) % 64)
    padded += (8 * len(message)).to_bytes(8, "big")
    for at in range(0, len(padded), 64):
        w = [int.from_bytes(padded[at + i : at + i + 4], "big") for i in range(0, 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rol(w[j - 3], 15)
            w.append(x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = rol((rol(a, 12) + e + rol(t, j)) & 0xFFFFFFFF, 7)
            ss2 = ss1 ^ rol(a, 12)
            ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if j < 16 else (e & f) | (~e & g)
            tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
            tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
            a, b, c, d = tt1, a, rol(b, 9), c
            e, f, g, h = tt2 ^ rol(tt2, 9) ^ rol(tt2, 17), e, rol(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


# --- SM2, GB/T 32918 -----------------------------------------------------------


def add(p, q):
    if p is None:
        return q
    if q is None:
        return p
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times(k, p):
    out = None
    while k:
        if k & 1:
            out = add(out, p)
        p = add(p, p)
        k >>= 1
    return out


def field(x):
    return x.to_bytes(32, "big")


def hash_e(public, message, identity=DEFAULT_ID):
    z = sm3(
        (8 * len(identity)).to_bytes(2, "big")
        + identity
        + b"".join(field(x) for x in (A, B, *G, *public))
    )
    return int.from_bytes(sm3(z + message), "big")


def sm2_verify(public, message, r, s):
    if not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        return False
    if (public[1] ** 2 - public[0] ** 3 - A * public[0] - B) % P:
        return False
    point = add(times(s, G), times((r + s) % N, public))
    return point is not None and (hash_e(public, message) + point[0]) % N == r


def sm2_sign(d, message, k=None):
    public = times(d, G)
    if k is None:  # for tests: never the same for two messages
        k = int.from_bytes(hashlib.sha512(field(d) + message).digest(), "big") % N
    r = (hash_e(public, message) + times(k, G)[0]) % N
    return r, pow(1 + d, -1, N) * (k - r * d) % N


# --- DER -------------------------------------------------------------------------


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(dotted):
    first, second, *rest = (int(x) for x in dotted.split("."))
    out = bytes([40 * first + second])
    for x in rest:
        part = [x & 0x7F]
        while x := x >> 7:
            part.append(0x80 | x & 0x7F)
        out += bytes(reversed(part))
    return tlv(6, out)


def integer(x):
    return tlv(2, x.to_bytes(x.bit_length() // 8 + 1, "big"))


class Element:
    def __init__(self, data, at=0):
        self.tag = data[at]
        n, start = data[at + 1], at + 2
        if n & 0x80:
            size = n & 0x7F
            n = int.from_bytes(data[start : start + size], "big")
            start += size
        self.body = data[start : start + n]
        assert len(self.body) == n
        self.whole = data[at : start + n]

    @property
    def parts(self):
        at, out = 0, []
        while at < len(self.body):
            out.append(Element(self.body, at))
            at += len(out[-1].whole)
        return out

    @property
    def number(self):
        return int.from_bytes(self.body, "big", signed=True)


DATA = oid("1.2.156.10197.6.1.4.2.1")
SIGNED = oid("1.2.156.10197.6.1.4.2.2")
SM3 = tlv(0x30, oid("1.2.156.10197.1.401"))
SM2_SIGN = tlv(0x30, oid("1.2.156.10197.1.301.1"))
SM2_SM3 = oid("1.2.156.10197.1.501")
SM2_CURVE = oid("1.2.156.10197.1.301")


def pem(path):
    lines = open(path).read().split("-----")[2]
    return base64.b64decode(lines)


class Signed:
    """SEQUENCE { tbs, algorithm, signature }: a certificate or a CRL."""

    def __init__(self, der):
        self.der = der
        tbs, algorithm, signature = Element(der).parts
        assert algorithm.parts[0].whole == SM2_SM3, "not signed with SM2"
        self.tbs, self.fields = tbs.whole, tbs.parts
        self.r, self.s = (x.number for x in Element(signature.body[1:]).parts)

    def by(self, public):
        return sm2_verify(public, self.tbs, self.r, self.s)


class Certificate(Signed):
    def __init__(self, der):
        super().__init__(der)
        fields = self.fields[1:] if self.fields[0].tag == 0xA0 else self.fields
        self.serial, self.issuer = fields[0].whole, fields[2].whole
        self.not_before, self.not_after = (x.body for x in fields[3].parts)
        self.subject = fields[4].whole
        algorithm, key = fields[5].parts
        assert algorithm.parts[1].whole == SM2_CURVE, "not an SM2 key"
        point = key.body[1:]
        assert point[0] == 4 and len(point) == 65
        self.public = tuple(
            int.from_bytes(point[i : i + 32], "big") for i in (1, 33)
        )


def read(der):
    """Content, certificates, CRLs and signer of a GM/T 0010 SignedData."""
    kind, explicit = Element(der).parts
    assert kind.whole == SIGNED, "not signedData of GM/T 0010"
    version, digests, content, *rest = explicit.parts[0].parts
    assert version.number == 1 and digests.body == SM3
    assert content.parts[0].whole == DATA
    text = content.parts[1].parts[0].body
    certificates = [Certificate(x.whole) for x in rest[0].parts] if rest[0].tag == 0xA0 else []
    crls = [Signed(x.whole) for y in rest if y.tag == 0xA1 for x in y.parts]
    (signer,) = rest[-1].parts
    version, sid, digest, algorithm, signature = signer.parts
    assert version.number == 1 and digest.whole == SM3
    assert algorithm.whole == SM2_SIGN
    (own,) = [
        c for c in certificates if c.issuer + c.serial == sid.body
    ]
    r, s = (x.number for x in Element(signature.body).parts)
    return text, certificates, crls, own, r, s


def verify(path, ca_path):
    text, _, crls, own, r, s = read(open(path, "rb").read())
    ca = Certificate(pem(ca_path))
    assert own.issuer == ca.subject and own.by(ca.public), "certificate"
    assert sm2_verify(own.public, text, r, s), "signature"
    for crl in crls:
        at = 1 if crl.fields[0].tag == 2 else 0
        assert crl.fields[at + 1].whole == ca.subject and crl.by(ca.public), "CRL"
        revoked = [x for x in crl.fields[at + 4 :] if x.tag == 0x30]
        for entry in revoked[0].parts if revoked else []:
            assert entry.parts[0].whole != own.serial, "revoked"
    sys.stdout.buffer.write(text)


def sign(key_hex, text_path, out, certificates):
    text = open(text_path, "rb").read()
    own = Certificate(pem(certificates[0]))
    r, s = sm2_sign(int(key_hex, 16), text)
    signer = tlv(
        0x30,
        integer(1),
        tlv(0x30, own.issuer, own.serial),
        SM3,
        SM2_SIGN,
        tlv(4, tlv(0x30, integer(r), integer(s))),
    )
    data = tlv(
        0x30,
        integer(1),
        tlv(0x31, SM3),
        tlv(0x30, DATA, tlv(0xA0, tlv(4, text))),
        tlv(0xA0, *sorted(pem(x) for x in certificates)),
        tlv(0x31, signer),
    )
    open(out, "wb").write(tlv(0x30, SIGNED, tlv(0xA0, data)))


def selftest():
    # GB/T 32905, A.1
    assert sm3(b"abc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )
    # GB/T 32918.5, A.2
    d = int("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8", 16)
    k = int("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21", 16)
    r, s = sm2_sign(d, b"message digest", k)
    assert field(r).hex() == (
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    )
    assert field(s).hex() == (
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    assert sm2_verify(times(d, G), b"message digest", r, s)
    assert not sm2_verify(times(d, G), b"message digesT", r, s)
    # what a second-generation U-key signed (a public example)
    raw = base64.b64decode(
        "Pt3FsCjEGW/Vu57PrQsMkzQhEmoYPDmvgdvg45G6qJhce8iWzkroGkS+yUwUk6cZ1QS85gdjgMmzb6Dj"
        "qj8Q2w=="
    )
    public = (
        int("77dac51899bbdf4fdf3b7b9ba7f931f1e03cc2718894ae20cb823ecc9e5b5c2a", 16),
        int("170f4345b75c591b13c810d812bd7bd00d42f275cac6fb2ce9546eda3f2d25b3", 16),
    )
    message = (
        b'<?xml version="1.0" encoding="utf-8"?><T><D><M><k>Remitter Name:</k>'
        b"<v>Alan</v></M><M><k>Remitter Account:</k><v>1234567890123456</v></M><M>"
        b"<k>Amount:</k><v>123.23</v></M></D><E><M><k>Trade ID:</k>"
        b"<v>1234567890</v></M></E></T>"
    )
    r, s = (int.from_bytes(raw[i : i + 32], "big") for i in (0, 32))
    assert sm2_verify(public, message, r, s)
    print("SM3 and SM2 are as the standards say")


if __name__ == "__main__":
    if sys.argv[1] == "selftest":
        selftest()
    elif sys.argv[1] == "verify":
        verify(*sys.argv[2:4])
    else:
        sign(open(sys.argv[2]).read().strip(), *sys.argv[3:5], sys.argv[5:])
