"""An OCSP responder (RFC 6960) by Python's cryptography, that can lie: what it says is in
the file MODE at each request.

usage: ocsp_responder.py PORT FOLDER

FOLDER has ca.pem and ca.key, certificates (*.pem) that it knows, and MODE; it writes a line to asked
for each request, and ready once it listens."""
import datetime
import glob
import http.server
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

port, folder = int(sys.argv[1]), sys.argv[2]
path = lambda name: os.path.join(folder, name)
day = datetime.timedelta(days=1)
ca = x509.load_pem_x509_certificate(open(path("ca.pem"), "rb").read())
ca_key = serialization.load_pem_private_key(open(path("ca.key"), "rb").read(), None)
known = {}
for name in glob.glob(path("*.pem")):
    cert = x509.load_pem_x509_certificate(open(name, "rb").read())
    known[cert.serial_number] = cert


def delegate(issuer, issuer_key, usage=ExtendedKeyUsageOID.OCSP_SIGNING, nocheck=True, late=False):
    """A responder's certificate and key; issuer None: it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "responder")])
    now = datetime.datetime.utcnow()
    b = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * day)
        .not_valid_after(now - day if late else now + day)
    )
    if usage:
        b = b.add_extension(x509.ExtendedKeyUsage([usage]), False)
    if nocheck:
        b = b.add_extension(x509.OCSPNoCheck(), False)
    return b.sign(issuer_key or key, hashes.SHA256()), key


signers = {
    "foreign": delegate(None, None),
    "no-usage": delegate(ca, ca_key, None),
    "other-usage": delegate(ca, ca_key, ExtendedKeyUsageOID.CLIENT_AUTH),
    "late-delegate": delegate(ca, ca_key, late=True),
    "delegate": delegate(ca, ca_key),
    "listed-delegate": delegate(ca, ca_key, nocheck=False),
}
STATUS = {"revoked": ocsp.OCSPCertStatus.REVOKED, "unknown": ocsp.OCSPCertStatus.UNKNOWN}


def answer(mode, request):
    if mode == "garbage":
        return os.urandom(300)
    if mode == "huge":
        return b"\x30\x84\x00\x10\x00\x00" + bytes(1 << 20)
    if mode == "try-later":
        return ocsp.OCSPResponseBuilder.build_unsuccessful(
            ocsp.OCSPResponseStatus.TRY_LATER
        ).public_bytes(serialization.Encoding.DER)
    cert = known[request.serial_number]
    if mode == "other-cert":
        cert = next(c for c in known.values() if c.serial_number != cert.serial_number)
    now = datetime.datetime.utcnow()
    this, following = {
        "stale": (now - 9 * day, now - 8 * day),
        "old": (now - 9 * day, now + day),
        "future": (now + day, now + 2 * day),
    }.get(mode, (now - day / 24, now + day / 24))
    signer, key = signers.get(mode, (ca, ca_key))
    revoked = mode == "revoked"
    b = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert,
            ca,
            request.hash_algorithm,
            STATUS.get(mode, ocsp.OCSPCertStatus.GOOD),
            this,
            following,
            now - day if revoked else None,
            None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
    )
    if signer is not ca:
        b = b.certificates([signer])
    nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert 1 <= len(nonce) <= 64  # RFC 8954 (with its DER header)
    if mode == "wrong-nonce":
        nonce = bytes(len(nonce))
    if mode != "no-nonce":
        b = b.add_extension(x509.OCSPNonce(nonce), False)
    der = b.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    if mode == "bad-signature":
        at = der.rindex(b"\x03\x48") if b"\x03\x48" in der else len(der) - 8
        der = der[: at + 20] + bytes([der[at + 20] ^ 1]) + der[at + 21 :] if at + 21 < len(der) else der[:-1] + bytes([der[-1] ^ 1])
    return der + b"\0" if mode == "longer" else der


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/ocsp-request"
        mode = open(path("MODE")).read().strip()
        request = ocsp.load_der_ocsp_request(data)
        with open(path("asked"), "a") as f:
            f.write("%s %x\n" % (mode, request.serial_number))
        if mode == "slow":
            with open(path("go")) as f:  # a FIFO: until somebody writes
                f.read()
            mode = "good"
        body = answer(mode, request)
        self.send_response(500 if mode == "http-500" else 200)
        self.send_header("Content-Type", "application/ocsp-response")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
open(path("ready"), "w").close()
server.serve_forever()
