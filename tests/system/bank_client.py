"""A second client of the bank, written from docs/protocol.md alone, with keys in
files and openssl for the cryptography: what it says and what the bank answers is
compared with the document, not with our own client."""
import base64
import hashlib
import json
import os
import ssl
import subprocess
import http.client


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def sha256(data):
    return hashlib.sha256(data).digest()


def openssl(*args, data=b""):
    return subprocess.run(
        ["openssl", *args], input=data, check=True, capture_output=True
    ).stdout


def der_integers(der):
    """The two INTEGERs of an ECDSA signature (RFC 3279, 2.2.3), below 128 bytes."""
    assert der[0] == 0x30 and der[1] == len(der) - 2
    at, out = 2, []
    while at < len(der):
        assert der[at] == 2
        n = der[at + 1]
        out.append(int.from_bytes(der[at + 2 : at + 2 + n], "big"))
        at += 2 + n
    return out


def der_signature(raw):
    def integer(value):
        body = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return b"\x02" + bytes([len(body)]) + body

    half = len(raw) // 2
    body = b"".join(
        integer(int.from_bytes(part, "big")) for part in (raw[:half], raw[half:])
    )
    return b"\x30" + bytes([len(body)]) + body


class Key:
    """A P-256 key in a PEM file, with its certificate."""

    def __init__(self, key, cert):
        self.key, self.cert = key, cert

    def sign(self, message):
        r, s = der_integers(openssl("dgst", "-sha256", "-sign", self.key, data=message))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def certificate(self):
        return openssl("x509", "-in", self.cert, "-outform", "DER")


def verify(certificate, message, raw, folder):
    """Does the ES256 signature fit the DER certificate?"""
    pub, sig = os.path.join(folder, ".pub"), os.path.join(folder, ".sig")
    with open(pub, "wb") as f:
        f.write(openssl("x509", "-inform", "DER", "-noout", "-pubkey", data=certificate))
    with open(sig, "wb") as f:
        f.write(der_signature(raw))
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", pub, "-signature", sig],
        input=message,
        capture_output=True,
    )
    return done.returncode == 0


class Answer:
    def __init__(self, status, data):
        self.status, self.data = status, data
        try:
            self.body = json.loads(data)
        except ValueError:
            self.body = None

    @property
    def code(self):
        """200, or the status and the bank's word for it, such as "409 account"."""
        if self.status == 200:
            return "200"
        try:
            return "%d %s" % (self.status, self.body["error"]["code"])
        except (TypeError, KeyError):
            return "%d without a code" % self.status


class Bank:
    def __init__(self, port, ca, origin):
        self.port, self.origin, self.session = port, origin, None
        self.context = ssl.create_default_context(cafile=ca)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3

    def raw(self, method, path, data=None, headers=None):
        line = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, timeout=30
        )
        try:
            line.request(method, path, data, headers or {})
            reply = line.getresponse()
            return Answer(reply.status, reply.read())
        finally:
            line.close()

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.session:
            headers["Authorization"] = "Bearer " + self.session
        data = None if body is None else json.dumps(body).encode()
        return self.raw(method, path, data, headers)

    def challenge(self):
        return self.ask(
            "POST", "/v1/login/challenge", {"clientNonce": b64(os.urandom(32))}
        )

    def token(self, key, nonce, origin=None):
        """A Web eID token, format 1.0, over this bank's origin or another."""
        origin = origin or self.origin
        return {
            "unverifiedCertificate": b64(key.certificate()),
            "algorithm": "ES256",
            "signature": b64(key.sign(sha256(origin.encode()) + sha256(nonce.encode()))),
            "format": "web-eid:1.0",
            "appVersion": "test/1.0",
        }

    def login(self, key, **changes):
        """The answer to a login; the session is kept when it is good."""
        nonce = self.challenge().body["nonce"]
        return self.login_with(nonce, self.token(key, nonce, **changes))

    def login_with(self, nonce, token):
        answer = self.ask("POST", "/v1/login", {"nonce": nonce, "authToken": token})
        if answer.status == 200:
            self.session = answer.body["session"]
        return answer

    def order(self, order_number, source, target, minor_units, **changes):
        body = {
            "orderNumber": order_number,
            "from": source,
            "to": target,
            "toName": "Bob",
            "amount": minor_units,
            "currency": "CNY",
            "memo": "",
        }
        body.update(changes)
        return self.ask("POST", "/v1/orders", body)

    def confirm(self, number, key, text, signature=None):
        return self.ask(
            "POST",
            "/v1/orders/%s/confirm" % number,
            {
                "text": b64(text),
                "algorithm": "ES256",
                "signature": b64(signature or key.sign(text)),
                "certificate": b64(key.certificate()),
            },
        )


class Checks:
    """Counts expectations the way lib.sh does."""

    def __init__(self):
        self.count = self.unmet = 0

    def proves(self, text):
        print("# " + text)

    def equal(self, text, wanted, got):
        self.count += 1
        if wanted == got:
            print("ok - %s (%s)" % (text, wanted))
        else:
            self.unmet += 1
            print("NOT OK - %s: wanted %r, got %r" % (text, wanted, got))

    def true(self, text, so):
        self.equal(text, True, bool(so))

    def end(self):
        print("%d expectations, %d unmet" % (self.count, self.unmet))
        return 1 if self.unmet or not self.count else 0
