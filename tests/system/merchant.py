"""A merchant, written from docs/protocol.md section 8 and the RFCs alone (9421,
9530, 7516, 7518), with the python cryptography package: the second implementation
that the bank is tried with."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import re
import secrets
import ssl
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_der_x509_certificate


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(body):
    return "sha-256=:" + b64(hashlib.sha256(body).digest()) + ":"


# --- keys (RFC 9421, 3.3) -------------------------------------------------------


def sign_bytes(key, base):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(base, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(base)
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64)
    return key.sign(base, pss, hashes.SHA512())


def verify_bytes(key, signature, base):
    assert isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 64
    der = utils.encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    key.verify(der, base, ec.ECDSA(hashes.SHA256()))


def keyid(public):
    spki = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).hexdigest()


# --- signature bases (RFC 9421, 2.5) ---------------------------------------------


def value_of(component, message):
    name = component[1:].split('"')[0]
    if component.endswith(";req"):
        message = message["request"]
    if name.startswith("@"):
        return message[name]
    return message["fields"][name].strip()


def make_base(components, params, message):
    lines = ["%s: %s" % (c, value_of(c, message)) for c in components]
    lines.append('"@signature-params": (%s)%s' % (" ".join(components), params))
    return "\n".join(lines).encode()


def sign(key, components, message, tag, nonce=None, created=None):
    params = ";created=%d" % (int(time.time()) if created is None else created)
    if nonce:
        params += ';nonce="%s"' % nonce
    params += ';keyid="%s";tag="%s"' % (keyid(key.public_key()), tag)
    raw = sign_bytes(key, make_base(components, params, message))
    return (
        "sig=(%s)%s" % (" ".join(components), params),
        "sig=:%s:" % b64(raw),
    )


def verify(public, message, tag, needed):
    """The parameters; raises if anything is wrong."""
    fields = message["fields"]
    found = re.fullmatch(r"(\w+)=\(([^)]*)\)(;.*)", fields["signature-input"])
    label, inside, params = found.groups()
    components = inside.split(" ")
    for component in needed:
        assert component in components, component + " is not covered"
    assert ';tag="%s"' % tag in params
    assert ';keyid="%s"' % keyid(public) in params
    created = int(re.search(r";created=(\d+)", params).group(1))
    assert abs(created - time.time()) < 300
    raw = re.fullmatch(label + r"=:([A-Za-z0-9+/=]+):", fields["signature"]).group(1)
    verify_bytes(public, base64.b64decode(raw), make_base(components, params, message))
    assert fields["content-digest"] == digest(message["body"])
    return params


ASK = ['"@method"', '"@authority"', '"@path"', '"@query"']
BODY = ['"content-type"', '"content-digest"']
ANSWER = [
    '"@status"',
    '"content-type"',
    '"content-digest"',
    '"@method";req',
    '"@path";req',
    '"signature";req',
]


# --- a field for the bank (RFC 7516; RFC 7518, 4.6) -------------------------------


def jwe(jwk, plain):
    peer = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unb64url(jwk["x"]), "big"),
        int.from_bytes(unb64url(jwk["y"]), "big"),
        ec.SECP256R1(),
    ).public_key()
    own = ec.generate_private_key(ec.SECP256R1())
    numbers = own.public_key().public_numbers()
    header = b64url(
        json.dumps(
            {
                "alg": "ECDH-ES",
                "enc": "A256GCM",
                "epk": {
                    "kty": "EC",
                    "crv": "P-256",
                    "x": b64url(numbers.x.to_bytes(32, "big")),
                    "y": b64url(numbers.y.to_bytes(32, "big")),
                },
            }
        ).encode()
    )
    z = own.exchange(ec.ECDH(), peer)
    info = (7).to_bytes(4, "big") + b"A256GCM" + bytes(8) + (256).to_bytes(4, "big")
    key = hashlib.sha256((1).to_bytes(4, "big") + z + info).digest()
    iv = os.urandom(12)
    sealed = AESGCM(key).encrypt(iv, plain, header.encode())
    return ".".join([header, "", b64url(iv), b64url(sealed[:-16]), b64url(sealed[-16:])])


# --- the merchant -------------------------------------------------------------------


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.data = status, body
        self.headers = {k.lower(): v for k, v in headers}
        self.body = json.loads(body)

    @property
    def code(self):
        return self.body["error"]["code"] if self.status != 200 else "200"


class Merchant:
    def __init__(self, key_file, port, ca):
        with open(key_file, "rb") as f:
            self.key = serialization.load_pem_private_key(f.read(), None)
        self.authority = "localhost:%d" % port
        self.port = port
        self.context = ssl.create_default_context(cafile=ca)
        self.bank_key = None
        self.told = []  # what was told, once each
        self.attempts = 0  # how often we were called
        self.refuse = 0  # so many calls are answered by an error
        self.forge = None  # alters the acknowledgement
        self.last_ack = None
        self.heard, self.sent = [], []  # bodies, as they went over the line
        self.news = threading.Condition()
        self.server = None

    # -- asking

    def prepare(self, method, path, body=None, **options):
        """Headers and data of a signed request."""
        data = b"" if body is None else json.dumps(body).encode()
        self.sent.append(data)
        fields = {}
        if body is not None:
            fields["content-type"] = "application/json"
            fields["content-digest"] = digest(data)
        message = {
            "@method": method,
            "@authority": options.get("authority", self.authority),
            "@path": path,
            "@query": "?",
            "fields": fields,
        }
        components = options.get("components", ASK + (BODY if body is not None else []))
        fields["signature-input"], fields["signature"] = sign(
            options.get("key", self.key),
            components,
            message,
            options.get("tag", "ukey-merchant-1"),
            options.get("nonce", secrets.token_hex(16)),
            options.get("created"),
        )
        return message, data

    def send(self, message, data):
        line = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, timeout=30
        )
        try:
            line.request(message["@method"], message["@path"], data or None, message["fields"])
            reply = line.getresponse()
            return Answer(reply.status, reply.read(), reply.getheaders())
        finally:
            line.close()

    def ask(self, method, path, body=None, **options):
        message, data = self.prepare(method, path, body, **options)
        answer = self.send(message, data)
        self.check(message, answer)
        return answer

    def check(self, message, answer):
        """Every answer to a signed request is signed by the bank."""
        verify(
            self.bank_key,
            {
                "@status": str(answer.status),
                "fields": answer.headers,
                "request": message,
                "body": answer.data,
            },
            "ukey-answer-1",
            ANSWER,
        )

    def connect(self):
        line = http.client.HTTPSConnection("localhost", self.port, context=self.context)
        line.request("GET", "/v1/bank")
        der = base64.b64decode(json.loads(line.getresponse().read())["certificate"])
        line.close()
        self.bank_key = load_der_x509_certificate(der).public_key()
        self.seal = self.ask("GET", "/v1/merchant").body["sealKey"]

    def order(self, number, amount, phone, **more):
        body = {
            "orderNumber": number,
            "amount": amount,
            "currency": "CNY",
            "payerPhone": jwe(self.seal, phone.encode()),
            "payee": "Tea House",
            "memo": "Two cups",
            "items": [{"name": "Longjing", "quantity": 2, "amount": int(amount) // 2}],
        }
        body.update(more)
        return self.ask("POST", "/v1/merchant/orders", body)

    def card_order(self, number, amount, terminal=None, **more):
        """Paid with a card, at a terminal of the merchant's account."""
        body = {"orderNumber": number, "amount": amount, "currency": "CNY",
                "method": "card", "payee": "Tea House", "memo": "Two cups"}
        if terminal is not None:
            body["terminal"] = terminal
        body.update(more)
        return self.ask("POST", "/v1/merchant/orders", body)

    # -- being called

    def listen(self, port=0):
        merchant = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                merchant.answer_call(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_port

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.server = None

    def answer_call(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        fields = {k.lower(): v for k, v in handler.headers.items()}
        request = {
            "@method": "POST",
            "@authority": fields["host"],
            "@path": handler.path.split("?")[0],
            "@query": "?" + handler.path.partition("?")[2],
            "fields": fields,
            "body": body,
        }
        verify(self.bank_key, request, "ukey-callback-1", ASK + BODY)
        with self.news:
            self.attempts += 1
            if self.refuse > 0:
                self.refuse -= 1
                self.news.notify_all()
                return self.reply(handler, 503, b"{}", {})
        call = json.loads(body)
        answer = json.dumps({"acknowledged": call["id"]}).encode()
        headers = {"content-type": "application/json", "content-digest": digest(answer)}
        key = self.key
        if self.forge is not None:
            key, answer, headers = self.forge(key, answer, headers)
        if key is not None:  # None: it is signed already
            headers["signature-input"], headers["signature"] = sign(
                key,
                ANSWER,
                {"@status": "200", "fields": headers, "request": request},
                "ukey-ack-1",
            )
        self.last_ack = (answer, headers)
        self.heard.append(body)
        self.reply(handler, 200, answer, headers)
        with self.news:
            if call["id"] not in [t["id"] for t in self.told]:
                self.told.append(call)
            self.news.notify_all()

    @staticmethod
    def reply(handler, status, body, headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def wait_until(self, done, seconds=20):
        """Waits for what the calls bring about; False after so long."""
        with self.news:
            return self.news.wait_for(done, seconds)

    def told_of(self, order, event):
        return any(
            t["order"]["orderNumber"] == order and t["event"] == event for t in self.told
        )
