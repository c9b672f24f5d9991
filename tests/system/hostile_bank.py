#!/usr/bin/env python3
"""Stands between a client and the real bank, with the bank's own TLS key, and
does one hostile thing: what a bank whose web server was taken over could do.

    hostile_bank.py --listen PORT --forward PORT --cert FILE --key FILE --do FILE

FILE says what, and may change at any time: the name of a row of the table below.
Prints "ready" once it listens.
"""
import argparse
import base64
import http.client
import http.server
import json
import ssl
import sys

MEGABYTES = 4 << 20


def b64(data):
    return base64.b64encode(data).decode()


def flip(text, member, at):
    """The base64 member of an answer with one bit of one byte changed."""
    data = bytearray(base64.b64decode(text[member]))
    data[at] ^= 1
    text[member] = b64(bytes(data))


def change_text(change):
    def act(answer):
        if "text" in answer:
            text = base64.b64decode(answer["text"])
            answer["text"] = b64(change(text))

    return act


def more_money(text):
    """Ten times as much; otherwise the bank's own text."""
    at = text.index(b"<k>Amount</k><v>") + len(b"<k>Amount</k><v>")
    return text[:at] + b"9" + text[at:]


def other_payee(text):
    at = text.index(b"<k>To</k><v>") + len(b"<k>To</k><v>")
    digit = b"1" if text[at : at + 1] != b"1" else b"2"
    return text[:at] + digit + text[at + 1 :]


def hide_a_line(text):
    """Moves the amount from what is displayed to what is not."""
    start = text.index(b"<M><k>Amount")
    end = text.index(b"</M>", start) + len(b"</M>")
    line = text[start:end]
    return text[:start] + text[end:].replace(b"<E>", b"<E>" + line, 1)


def bad_proof(answer):
    if "proof" in answer:
        flip(answer, "proof", 5)


def bad_receipt(answer):
    if "receipt" in answer:
        flip(answer, "receipt", len(base64.b64decode(answer["receipt"])) // 2)


def bad_challenge(answer):
    if "nonce" in answer:
        flip(answer, "signature", 5)


def other_nonce(answer):
    if "nonce" in answer:
        first = "B" if answer["nonce"][0] == "A" else "A"
        answer["nonce"] = first + answer["nonce"][1:]


def altered_request(body):
    if "text" in body:
        flip(body, "text", -20)


def altered_signature(body):
    if "text" in body:
        flip(body, "signature", 7)


def raw(data):
    """Another body instead of the answer to a prepared order."""
    return lambda answer: data if "text" in answer else None


# name: (what happens to the client's body, what happens to the bank's answer)
TABLE = {
    "nothing": (None, None),
    "more-money": (None, change_text(more_money)),
    "other-payee": (None, change_text(other_payee)),
    "hidden-line": (None, change_text(hide_a_line)),
    "text-empty": (None, change_text(lambda t: b"")),
    "text-cut": (None, change_text(lambda t: t[:-5])),
    "text-after": (None, change_text(lambda t: t + b"<T></T>")),
    "text-entity": (None, change_text(lambda t: t.replace(b"<T>", b"<T>&x;"))),
    "text-doctype": (
        None,
        change_text(lambda t: t.replace(b"<T>", b'<!DOCTYPE T [<!ENTITY x "y">]><T>')),
    ),
    "text-utf8": (None, change_text(lambda t: t.replace(b"</v>", b"\xc0\x80</v>", 1))),
    "text-bidi": (
        None,
        change_text(lambda t: t.replace(b"</v>", "\u202e".encode() + b"</v>", 1)),
    ),
    "text-huge": (
        None,
        change_text(lambda t: t.replace(b"</D>", b"<M><k>a</k><v>b</v></M>" * 3000 + b"</D>")),
    ),
    "text-deep": (None, change_text(lambda t: b"<T>" * 5000)),
    "json-cut": (None, raw(b'{"orderNumber":"1","text":"')),
    "json-garbage": (None, raw(b"\x00\xff\xfe")),
    "json-deep": (None, raw(b"[" * 30000)),
    "json-array": (None, raw(b"[]")),
    "json-twice": (None, raw(b'{"state":"prepared","state":"posted"}')),
    "json-types": (None, raw(b'{"orderNumber":1,"state":[],"text":{}}')),
    "json-huge": (None, raw(b'{"text":"' + b"A" * MEGABYTES + b'"}')),
    "no-proof": (None, bad_proof),
    "no-receipt": (None, bad_receipt),
    "no-challenge": (None, bad_challenge),
    "other-nonce": (None, other_nonce),
    "request-altered": (altered_request, None),
    "signature-altered": (altered_signature, None),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    def log_message(self, *args):
        pass

    def row(self):
        with open(self.options.do) as f:
            return TABLE[f.read().strip()]

    def body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        change = self.row()[0]
        if change is None or not data:
            return data
        body = json.loads(data)
        change(body)
        return json.dumps(body).encode()

    def answer(self, data):
        change = self.row()[1]
        if change is None:
            return data
        answer = json.loads(data)
        other = change(answer)
        return other if other is not None else json.dumps(answer).encode()

    def forward(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        bank = http.client.HTTPSConnection(
            "localhost", self.options.forward, context=context
        )
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() in ("authorization", "content-type", "accept", "host")
        }
        bank.request(self.command, self.path, self.body() or None, headers)
        reply = bank.getresponse()
        data = self.answer(reply.read())
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass  # the client has seen enough
        bank.close()

    do_GET = do_POST = forward


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--forward", type=int, required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--do", required=True)
    Handler.options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", Handler.options.listen), Handler
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(Handler.options.cert, Handler.options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
