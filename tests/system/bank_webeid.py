"""A second implementation of the check of a Web eID token, for comparison: Python's
cryptography, and the rules as Web eID's validation libraries have them (web-eid.eu,
"authentication token"): nothing of ours is in it.

usage: bank_webeid.py FOLDER PORT ORIGIN

Tokens of every algorithm and with everything wrong are checked here and sent to the bank; both must
agree."""
import base64
import datetime
import hashlib
import os
import re
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bank_client import Bank, b64, unb64

folder, port, origin = sys.argv[1], int(sys.argv[2]), sys.argv[3]
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
now = datetime.datetime.utcnow()


def digest(alg, data):
    return hashlib.new("sha" + alg[2:], data).digest()


def signed(alg, site, nonce):
    return digest(alg, site.encode()) + digest(alg, nonce.encode())


# --- the check ------------------------------------------------------------------
def verify(key, alg, signature, message):
    h = HASHES[alg[2:]]()
    if alg[:2] == "ES":
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        size = {"256": 256, "384": 384, "512": 521}[alg[2:]]
        if key.curve.key_size != size or len(signature) != 2 * ((size + 7) // 8):
            return False
        half = len(signature) // 2
        r, s = (int.from_bytes(x, "big") for x in (signature[:half], signature[half:]))
        how = (utils.encode_dss_signature(r, s), message, ec.ECDSA(h))
    elif not isinstance(key, rsa.RSAPublicKey):
        return False
    elif alg[:2] == "PS":
        how = (signature, message, padding.PSS(padding.MGF1(h), h.digest_size), h)
    else:
        how = (signature, message, padding.PKCS1v15(), h)
    try:
        key.verify(*how)
        return True
    except InvalidSignature:
        return False


def issued_by(cert, cas):
    for ca in cas:
        if ca.subject == cert.issuer:
            try:
                ca.public_key().verify(
                    cert.signature,
                    cert.tbs_certificate_bytes,
                    ec.ECDSA(cert.signature_hash_algorithm),
                )
                return True
            except InvalidSignature:
                pass
    return False


def extension(cert, kind):
    try:
        return cert.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def attributes(name):
    return sorted((a.oid.dotted_string, a.value) for a in name)


def good(token, nonce, site, cas, revoked):
    """True, or the word for what is wrong."""
    form = re.fullmatch(
        r"web-eid:(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?", token.get("format") or ""
    )
    if not form or form[1] != "1":
        return "format"
    minor = int(form[2] or 0)
    if minor == 0 and token.get("unverifiedSigningCertificates") is not None:
        return "signing certificates in 1.0"
    cert = x509.load_der_x509_certificate(unb64(token["unverifiedCertificate"]))
    if not cert.not_valid_before <= now <= cert.not_valid_after:
        return "dates"
    usage = extension(cert, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        return "key usage"
    extended = extension(cert, x509.ExtendedKeyUsage)
    if extended is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in extended:
        return "extended key usage"
    extra = [
        x509.load_der_x509_certificate(unb64(x))
        for x in (token.get("unverifiedIntermediateCertificates") or [] if minor else [])
    ]
    trusted = cas + [x for x in extra if issued_by(x, cas)]
    if not issued_by(cert, trusted):
        return "trust"
    if cert.serial_number in revoked:
        return "revoked"
    if not re.fullmatch("(ES|PS|RS)(256|384|512)", token["algorithm"]):
        return "algorithm"
    if not verify(
        cert.public_key(),
        token["algorithm"],
        unb64(token["signature"]),
        signed(token["algorithm"], site, nonce),
    ):
        return "signature"
    if minor == 0:
        return True
    signing = token.get("unverifiedSigningCertificates")
    if signing is None and extra:
        return True
    if not signing:
        return "signing certificates"
    for entry in signing:
        if not entry.get("supportedSignatureAlgorithms"):
            return "supported algorithms"
        other = x509.load_der_x509_certificate(unb64(entry["certificate"]))
        if attributes(other.subject) != attributes(cert.subject):
            return "another subject"
        keys = [extension(x, x509.AuthorityKeyIdentifier) for x in (cert, other)]
        if None in keys or keys[0].key_identifier != keys[1].key_identifier:
            return "another authority"
        usage = extension(other, x509.KeyUsage)
        if usage is None or not usage.content_commitment:
            return "not for signing"
        if not issued_by(other, trusted) or not (
            other.not_valid_before <= now <= other.not_valid_after
        ):
            return "signing trust"
    return True


# --- cards of another country ------------------------------------------------------
DAY = datetime.timedelta(days=1)


def name(*pairs):
    return x509.Name([x509.NameAttribute(oid, v) for oid, v in pairs])


def issue(subject, key, issuer, issuer_key, ca=False, usage=None, eku=True, **dates):
    b = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates.get("start", now - DAY))
        .not_valid_after(dates.get("end", now + 30 * DAY))
        .add_extension(x509.BasicConstraints(ca, None), True)
    )
    flags = dict.fromkeys(
        "digital_signature content_commitment key_encipherment data_encipherment "
        "key_agreement key_cert_sign crl_sign encipher_only decipher_only".split(),
        False,
    )
    for flag in usage if usage is not None else ["digital_signature"]:
        flags[flag] = True
    if usage != []:
        b = b.add_extension(x509.KeyUsage(**flags), True)
    if eku:
        b = b.add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.CLIENT_AUTH if eku is True else eku]
            ),
            False,
        )
    b = b.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
    )
    return b.sign(issuer_key, hashes.SHA256())


def crl(ca, key, revoked):
    b = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.subject)
        .last_update(now - DAY)
        .next_update(now + 30 * DAY)
    )
    for serial in revoked:
        b = b.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(now - DAY)
            .build()
        )
    return b.sign(key, hashes.SHA256())


def new(curve=ec.SECP256R1):
    return ec.generate_private_key(curve())


def pem(x):
    return x.public_bytes(serialization.Encoding.PEM)


def der64(x):
    return b64(x.public_bytes(serialization.Encoding.DER))


def sign(key, alg, message):
    h = HASHES[alg[2:]]()
    if alg[:2] == "ES":
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(h)))
        size = (key.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if alg[:2] == "PS":
        return key.sign(message, padding.PSS(padding.MGF1(h), h.digest_size), h)
    return key.sign(message, padding.PKCS1v15(), h)


ca_key, sub_key, other_key = new(), new(), new()
ca = issue(name((NameOID.COMMON_NAME, "Country CA")), ca_key, None, ca_key, True,
           ["key_cert_sign", "crl_sign"], False)
sub = issue(name((NameOID.COMMON_NAME, "Region CA")), sub_key, ca, ca_key, True,
            ["key_cert_sign", "crl_sign"], False)
other = issue(name((NameOID.COMMON_NAME, "Country CA")), other_key, None, other_key, True,
              ["key_cert_sign", "crl_sign"], False)
rsa_key = rsa.generate_private_key(65537, 2048)
KEYS = {"ES256": new(), "ES384": new(ec.SECP384R1), "ES512": new(ec.SECP521R1)}
KEYS.update({a + n: rsa_key for a in ("RS", "PS") for n in HASHES})
who = name((NameOID.COUNTRY_NAME, "EE"), (NameOID.SURNAME, "Tamm"),
           (NameOID.GIVEN_NAME, "Mari"), (NameOID.COMMON_NAME, "TAMM,MARI,1"))
turned = x509.Name(list(who)[::-1])
cards = {a: issue(who, k, ca, ca_key) for a, k in KEYS.items()}
K = KEYS["ES256"]
SIGN = dict(usage=["content_commitment"], eku=False)
cards.update(
    sub=issue(who, K, sub, sub_key),
    noeku=issue(who, K, ca, ca_key, eku=False),
    server=issue(who, K, ca, ca_key, eku=ExtendedKeyUsageOID.SERVER_AUTH),
    nousage=issue(who, K, ca, ca_key, usage=[]),
    wrongusage=issue(who, K, ca, ca_key, usage=["content_commitment"]),
    old=issue(who, K, ca, ca_key, start=now - 9 * DAY, end=now - DAY),
    early=issue(who, K, ca, ca_key, start=now + DAY),
    foreign=issue(who, K, other, other_key),
    gone=issue(who, K, ca, ca_key),
)
signing = {
    "turned": issue(turned, K, ca, ca_key, **SIGN),
    "stranger": issue(name((NameOID.COMMON_NAME, "Else")), K, ca, ca_key, **SIGN),
    "region": issue(who, K, sub, sub_key, **SIGN),
    "login": issue(who, K, ca, ca_key),
    "old": issue(who, K, ca, ca_key, end=now - DAY / 2, **SIGN),
}
gone = [cards["gone"].serial_number]
with open(os.path.join(folder, "country.pem"), "wb") as f:
    f.write(pem(ca))
with open(os.path.join(folder, "country.crl"), "wb") as f:
    f.write(pem(crl(ca, ca_key, gone)) + pem(crl(sub, sub_key, [])))
for label, card in cards.items():
    with open(os.path.join(folder, "card-%s.pem" % label), "wb") as f:
        f.write(pem(card))
print("ready", flush=True)
sys.stdin.readline()  # the bank is set up and runs with these

ALGS = {"supportedSignatureAlgorithms": [
    {"cryptoAlgorithm": "ECC", "hashFunction": "SHA-256", "paddingScheme": "NONE"}]}


def with_signing(label, **more):
    return {"format": "web-eid:1.1", "unverifiedSigningCertificates": [
        {"certificate": der64(signing[label]), **ALGS, **more}]}


REGION = {"unverifiedIntermediateCertificates": [der64(sub)]}
# label, certificate, algorithm, changes of the token, changes of what is signed
ROWS = [(a, a, a, {}, {}) for a in sorted(KEYS)] + [
    ("format 1", "ES256", "ES256", {"format": "web-eid:1"}, {}),
    ("format 2", "ES256", "ES256", {"format": "web-eid:2.0"}, {}),
    ("format 1.0x", "ES256", "ES256", {"format": "web-eid:1.0x"}, {}),
    ("no extended usage", "noeku", "ES256", {}, {}),
    ("for servers", "server", "ES256", {}, {}),
    ("no key usage", "nousage", "ES256", {}, {}),
    ("for signing", "wrongusage", "ES256", {}, {}),
    ("expired", "old", "ES256", {}, {}),
    ("not yet", "early", "ES256", {}, {}),
    ("another CA of that name", "foreign", "ES256", {}, {}),
    ("revoked", "gone", "ES256", {}, {}),
    ("another origin", "ES256", "ES256", {}, {"site": "https://evil.example"}),
    ("origin with a slash", "ES256", "ES256", {}, {"site": origin + "/"}),
    ("another nonce", "ES256", "ES256", {}, {"nonce": "1" * 44}),
    ("another algorithm named", "ES256", "ES256", {"algorithm": "ES384"}, {}),
    ("RS for PS", "RS256", "RS256", {"algorithm": "PS256"}, {}),
    ("none", "ES256", "ES256", {"algorithm": "none"}, {}),
    ("1.1", "ES256", "ES256", with_signing("turned"), {}),
    ("1.2", "ES256", "ES256", {**with_signing("turned"), "format": "web-eid:1.2"}, {}),
    ("1.0 with them", "ES256", "ES256",
     {**with_signing("turned"), "format": "web-eid:1.0"}, {}),
    ("1.1 without", "ES256", "ES256", {"format": "web-eid:1.1"}, {}),
    ("somebody else's", "ES256", "ES256", with_signing("stranger"), {}),
    ("of another CA", "ES256", "ES256", with_signing("region"), {}),
    ("not for signing", "ES256", "ES256", with_signing("login"), {}),
    ("expired one", "ES256", "ES256", with_signing("old"), {}),
    ("no algorithms", "ES256", "ES256",
     with_signing("turned", supportedSignatureAlgorithms=[]), {}),
    ("chain not sent", "sub", "ES256", {}, {}),
    ("chain sent, 1.0", "sub", "ES256", REGION, {}),
    ("chain sent, 1.1", "sub", "ES256", {**REGION, "format": "web-eid:1.1"}, {}),
]
bank = Bank(port, os.path.join(folder, "bank-ca.pem"), origin)
bad = 0
for label, card, alg, changes, others in ROWS:
    # as Web eID's examples ask for it
    nonce = bank.ask("GET", "/v1/login/challenge").body["nonce"]
    if not 44 <= len(nonce) <= 128 or len(unb64(nonce)) < 32:
        bad += 1
        print("NOT OK - nonce", nonce)
    message = signed(alg, others.get("site", origin), others.get("nonce", nonce))
    token = {
        "unverifiedCertificate": der64(cards[card]),
        "algorithm": alg,
        "signature": b64(sign(KEYS.get(card, K), alg, message)),
        "format": "web-eid:1.0",
        "appVersion": "https://web-eid.eu/web-eid-app/releases/2.5.0+0",
    }
    token.update(changes)
    mine = good(token, nonce, origin, [ca], gone)
    bank.session = None
    theirs = bank.login_with(nonce, token).code
    same = (mine is True) == (theirs == "200")
    bad += not same
    print("%s - %s: %s, %s" % ("ok" if same else "NOT OK", label, mine, theirs))
print("%d tokens, %d judged otherwise" % (len(ROWS), bad))
sys.exit(bad != 0)
