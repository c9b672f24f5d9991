#!/usr/bin/env python3
"""Bytes that are hardly a request, and what the server answers, exactly. Clauses
are those of RFC 9112 unless another one is named.

    bank_raw.py CA PORT [FRONT-SOCKET OPERATOR-SOCKET]
"""
import json
import re
import socket
import ssl
import sys

from bank_client import Checks

ca, port = sys.argv[1], int(sys.argv[2])
fronts = sys.argv[3:4]
operators = sys.argv[4:5]
t = Checks()

HEAD_MAX, BODY_MAX = 8 * 1024, 64 * 1024
H = b"Host: localhost\r\n"
GET = b"GET /v1/bank HTTP/1.1\r\n"
POST = b"POST /v1/login/challenge HTTP/1.1\r\n" + H
CHUNKED = b"Transfer-Encoding: chunked\r\n"
# Behind everything: is it answered, or was it dropped?
LAST = b"GET /v1/last HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n"
BODY = b'{"clientNonce":"' + b"A" * 43 + b'="}'
SECRET = b"GET /v1/smuggled HTTP/1.1\r\n" + H + b"\r\n"


def get(*fields, line=GET, host=H):
    return line + host + b"".join(f + b"\r\n" for f in fields) + b"\r\n"


def post(body, *fields):
    return POST + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


def sized(body):
    return post(body, b"Content-Length: %d" % len(body))


def chunks(body):
    return post(body, CHUNKED.rstrip())


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


OK, LAST_OK = "200", "404 not-found"
ROOT = ("404 not-found", "200 text/html; charset=utf-8")  # where there are pages
BAD = "400 malformed"

# name, bytes, answers before that to LAST; a refusal ends the connection, and
# LAST is not answered.
TABLE = [
    # --- what is as it should be
    ("a plain request", get(), [OK]),
    ("two at once (9.3.2)", get() * 2, [OK, OK]),
    ("thirty at once", get() * 30, [OK] * 30),
    ("a body and the next request", sized(BODY) + get(), [OK, OK]),
    ("empty lines before it (2.2)", b"\r\n" + get(), [OK]),
    ("a URI in absolute form (3.2.2)", get(line=b"GET https://other.example:99/v1/bank HTTP/1.1\r\n"), [OK]),
    ("and without a path", get(line=b"GET http://other.example HTTP/1.1\r\n"), ["root"]),
    ("and with a query only", get(line=b"GET http://other.example?a=b HTTP/1.1\r\n"), ["root"]),
    ("field names in any case", get(b"CONTENT-LENGTH: 0"), [OK]),
    ("blanks and tabs around a value (5.1)", get(b"Content-Length: \t 0 \t"), [OK]),
    ("a body with GET", get(b"Content-Length: 5") + b"hello", [OK]),
    ("a body in chunks (7.1)", chunks(chunk(BODY) + b"0\r\n\r\n"), [OK]),
    ("a byte in each", chunks(b"".join(chunk(BODY[i : i + 1]) for i in range(len(BODY))) + b"0\r\n\r\n"), [OK]),
    ("sizes with zeros and capitals", chunks(b"00000003C\r\n" + BODY[:60] + b"\r\n" + chunk(BODY[60:]) + b"000\r\n\r\n"), [OK]),
    ("extensions, passed over (7.1.1)", chunks(b"%x;a=b ;c=\"d\"\r\n%s\r\n0 ; e\r\n\r\n" % (len(BODY), BODY)), [OK]),
    ("a trailer, dropped (7.1.2)", chunks(chunk(BODY) + b"0\r\nAuthorization: Bearer x\r\nContent-Length: 9\r\n\r\n"), [OK]),
    ("chunks, and the next request", chunks(chunk(BODY) + b"0\r\n\r\n") + get(), [OK, OK]),
    ("a body that is not JSON", sized(b"hello"), [BAD, "more"]),
    ("multipart", post(b"--x--\r\n", b"Content-Type: multipart/form-data; boundary=x", b"Content-Length: 7"), [BAD, "more"]),
    ("HTTP/1.0 that stays (C.2.2)", b"GET /v1/bank HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", [OK]),
    ("HEAD has no body (RFC 9110, 9.3.2)", get(line=b"HEAD /v1/bank HTTP/1.1\r\n"), ["only get", "405", "more"]),
    ("methods that are not for this (RFC 9110, 15.5.6)", get(line=b"DELETE /v1/orders HTTP/1.1\r\n"), ["only get, post", "405 method", "more"]),
    ("100-continue, body behind it", post(BODY, b"Expect: 100-Continue", b"Content-Length: %d" % len(BODY)), [OK]),
    # --- where a request ends: what a front may see in another way
    ("Content-Length twice (6.3)", post(BODY, *[b"Content-Length: %d" % len(BODY)] * 2), [BAD]),
    ("and with another number", post(SECRET, b"Content-Length: 0", b"Content-Length: %d" % len(SECRET)), [BAD]),
    ("as a list (RFC 9110, 8.6)", post(BODY, b"Content-Length: %d, %d" % (len(BODY), len(BODY))), [BAD]),
    ("with a sign", post(BODY, b"Content-Length: +%d" % len(BODY)), [BAD]),
    ("less than nothing", post(BODY, b"Content-Length: -1"), [BAD]),
    ("in hexadecimal", post(BODY, b"Content-Length: 0x3d"), [BAD]),
    ("with a blank in it", post(BODY, b"Content-Length: 6 1"), [BAD]),
    ("empty", post(BODY, b"Content-Length:"), [BAD]),
    ("of 64 bits and more", post(BODY, b"Content-Length: 18446744073709551677"), ["413 too-large"]),
    ("that ends in a NUL", post(BODY, b"Content-Length: 61\x00"), [BAD]),
    ("Content-Length and chunks (6.1)", post(b"0\r\n\r\n" + SECRET, b"Content-Length: 5", CHUNKED.rstrip()), [BAD]),
    ("the other way round", post(b"0\r\n\r\n" + SECRET, CHUNKED.rstrip(), b"Content-Length: 5"), [BAD]),
    ("chunks with HTTP/1.0 (6.1)", b"POST /v1/login HTTP/1.0\r\n" + CHUNKED + b"\r\n0\r\n\r\n", [BAD]),
    ("chunks twice", post(b"0\r\n\r\n", CHUNKED.rstrip(), CHUNKED.rstrip()), [BAD]),
    ("another coding (6.1)", post(b"0\r\n\r\n", b"Transfer-Encoding: gzip"), ["501 not-implemented"]),
    ("two codings", post(b"0\r\n\r\n", b"Transfer-Encoding: gzip, chunked"), ["501 not-implemented"]),
    ("chunked, hidden", post(b"0\r\n\r\n", b"Transfer-Encoding: xchunked"), ["501 not-implemented"]),
    ("in quotation marks", post(b"0\r\n\r\n", b'Transfer-Encoding: "chunked"'), ["501 not-implemented"]),
    ("with a vertical tab", post(b"0\r\n\r\n", b"Transfer-Encoding: \x0bchunked"), [BAD]),
    ("a blank before the colon (5.1)", post(SECRET, b"Content-Length : %d" % len(SECRET)), [BAD]),
    ("a name without a colon", get(b"Content-Length"), [BAD]),
    ("no name", get(b": 5"), [BAD]),
    ("a name with a slash", get(b"a/b: 5"), [BAD]),
    ("a line that goes on (5.2)", get(b"X: a", b" Content-Length: 5"), [BAD]),
    ("the first one does", GET + b" " + H + b"\r\n", [BAD]),
    ("lines that end in LF (2.2)", b"GET /v1/bank HTTP/1.1\nHost: localhost\n\n", [BAD]),
    ("one of them", GET + b"Host: localhost\nX: y\r\n\r\n", [BAD]),
    ("a CR alone (2.2)", GET + b"Host: local\rhost\r\n\r\n", [BAD]),
    ("a body with HEAD (RFC 9110, 9.3.2)", get(b"Content-Length: %d" % len(SECRET), line=b"HEAD /v1/bank HTTP/1.1\r\n") + SECRET, [BAD]),
    # --- chunks that are none
    ("a size with 0x", chunks(b"0x5\r\nhello\r\n0\r\n\r\n"), [BAD]),
    ("a size with a sign", chunks(b"+5\r\nhello\r\n0\r\n\r\n"), [BAD]),
    ("a size below zero", chunks(b"-5\r\nhello\r\n0\r\n\r\n"), [BAD]),
    ("no size", chunks(b"\r\nhello\r\n0\r\n\r\n"), [BAD]),
    ("a size and a blank", chunks(b"5 \r\nhello\r\n0\r\n\r\n"), [BAD]),
    ("a size of 65 bits", chunks(b"1" + b"0" * 16 + b"\r\nhello"), ["413 too-large"]),
    ("a size of zeros only, very long", chunks(b"0" * 17 + b"\r\n\r\n"), [BAD]),
    ("a size that ends in LF", chunks(b"5\nhello\r\n0\r\n\r\n"), [BAD]),
    ("content longer than its size", chunks(b"5\r\nhello!\r\n0\r\n\r\n"), [BAD]),
    ("content that ends in LF", chunks(b"5\r\nhello\n0\r\n\r\n"), [BAD]),
    ("a NUL in an extension", chunks(b"5;\x00\r\nhello\r\n0\r\n\r\n"), [BAD]),
    ("endless extensions", chunks(b"5;" + b"a" * (HEAD_MAX + 9)), ["431 head-too-large"]),
    ("endless trailers", chunks(b"0\r\n" + b"a: b\r\n" * 3000), ["431 head-too-large"]),
    # --- limits
    ("a body of the most", sized(b"x" * BODY_MAX), [BAD, "more"]),
    ("one byte more", sized(b"x" * (BODY_MAX + 1)), ["413 too-large"]),
    ("1 MiB", sized(b"x" * (1 << 20)), ["413 too-large"]),
    ("more, waiting for 100", post(b"", b"Expect: 100-continue", b"Content-Length: 99999999"), ["413 too-large"]),
    ("in chunks", chunks(chunk(b"x" * 60000) + chunk(b"x" * 6000) + b"0\r\n\r\n"), ["413 too-large"]),
    ("a head of the most", get(b"X: " + b"a" * (HEAD_MAX - len(get(b"X: ")))), [OK]),
    ("one byte more", get(b"X: " + b"a" * (HEAD_MAX + 1 - len(get(b"X: ")))), ["431 head-too-large"]),
    ("an endless field", GET + b"X: " + b"a" * 40000, ["431 head-too-large"]),
    ("an endless path", b"GET /" + b"a" * 40000, ["431 head-too-large"]),
    ("endless fields", GET + b"a: b\r\n" * 8000, ["431 head-too-large"]),
    ("endless empty lines", b"\r\n" * 8000, [BAD]),
    # --- the request line (3)
    ("no version", b"GET /v1/bank\r\n\r\n", [BAD]),
    ("another version", b"GET /v1/bank HTTP/2.0\r\n\r\n", ["505 version"]),
    ("HTTP/2's first words (RFC 9113, 3.4)", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["505 version"]),
    ("HTTP/1.10", b"GET /v1/bank HTTP/1.10\r\n" + H + b"\r\n", [BAD]),
    ("http/1.1", b"GET /v1/bank http/1.1\r\n" + H + b"\r\n", [BAD]),
    ("two blanks", b"GET  /v1/bank HTTP/1.1\r\n" + H + b"\r\n", [BAD]),
    ("a blank behind it", b"GET /v1/bank HTTP/1.1 \r\n" + H + b"\r\n", [BAD]),
    ("a tab", b"GET\t/v1/bank HTTP/1.1\r\n" + H + b"\r\n", [BAD]),
    ("a blank before it", b" GET /v1/bank HTTP/1.1\r\n" + H + b"\r\n", [BAD]),
    ("a method nobody knows (RFC 9110, 9.1)", get(line=b"BREW /v1/bank HTTP/1.1\r\n"), ["501 not-implemented"]),
    ("in small letters", get(line=b"get /v1/bank HTTP/1.1\r\n"), ["501 not-implemented"]),
    ("TRACE (RFC 9110, 9.3.8)", get(line=b"TRACE /v1/bank HTTP/1.1\r\n"), ["501 not-implemented"]),
    ("CONNECT (3.2.3)", get(line=b"CONNECT localhost:22 HTTP/1.1\r\n"), ["501 not-implemented"]),
    ("OPTIONS * (3.2.4)", get(line=b"OPTIONS * HTTP/1.1\r\n"), ["405 method"]),
    ("a path without a slash", get(line=b"GET v1/bank HTTP/1.1\r\n"), [BAD]),
    ("two slashes, which may be a host", get(line=b"GET //evil.example/v1/bank HTTP/1.1\r\n"), [BAD]),
    ("another scheme", get(line=b"GET ftp://localhost/v1/bank HTTP/1.1\r\n"), [BAD]),
    ("a user", get(line=b"GET http://a@b/v1/bank HTTP/1.1\r\n"), [BAD]),
    ("a fragment", get(line=b"GET /v1/bank#x HTTP/1.1\r\n"), [BAD]),
    ("a backslash", get(line=b"GET /v1\\bank HTTP/1.1\r\n"), [BAD]),
    ("a NUL", get(line=b"GET /v1/bank\x00 HTTP/1.1\r\n"), [BAD]),
    ("a bell", get(line=b"GET /v1/bank\x07 HTTP/1.1\r\n"), [BAD]),
    ("bytes over 127", get(line=b"GET /v1/b\xc3\xa4nk HTTP/1.1\r\n"), [BAD]),
    ("%00", get(line=b"GET /v1/bank%00 HTTP/1.1\r\n"), [BAD]),
    ("%00 in the query", get(line=b"GET /v1/bank?a=b%00c HTTP/1.1\r\n"), [BAD]),
    ("half an escape", get(line=b"GET /v1/bank%4 HTTP/1.1\r\n"), [BAD]),
    ("an escape that is none", get(line=b"GET /v1/bank%zz HTTP/1.1\r\n"), [BAD]),
    ("line ends in escapes come back nowhere", get(line=b"GET /v1/bank%0d%0aX-Evil:%201 HTTP/1.1\r\n"), ["404 not-found", "more"]),
    ("a letter in an escape is another path", get(line=b"GET /v1/b%61nk HTTP/1.1\r\n"), ["404 not-found", "more"]),
    ("a slash in one", get(line=b"GET /v1%2fbank HTTP/1.1\r\n"), ["404 not-found", "more"]),
    ("dots", get(line=b"GET /v1/../v1/bank HTTP/1.1\r\n"), ["404 not-found", "more"]),
    # --- fields (5), Host (3.2), Expect (RFC 9110, 10.1.1)
    ("no Host (3.2)", get(host=b""), [BAD]),
    ("two (3.2)", get(host=H * 2), [BAD]),
    ("a Host that is none (3.2)", get(host=b"Host: a/b\r\n"), [BAD]),
    ("an attack in it", get(host=b"Host: <script>\r\n"), [BAD]),
    ("a NUL in a value (RFC 9110, 5.5)", get(b"X: a\x00b"), [BAD]),
    ("an escape character", get(b"X: \x1b[2J"), [BAD]),
    ("two Authorization", get(b"Authorization: Bearer a", b"Authorization: Bearer b"), [BAD]),
    ("two Client-Cert", get(b"Client-Cert: :AA==:", b"Client-Cert: :AA==:"), [BAD]),
    ("two X-Forwarded-For", get(b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-For: 5.6.7.8"), [BAD]),
    ("another expectation", get(b"Expect: the-unexpected"), ["417 expectation"]),
    ("a query that is not one", get(line=b"GET /v1/bank?a&b=&=c HTTP/1.1\r\n"), [BAD, "more"]),
    # --- something else altogether
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", [BAD]),
    ("SMTP", b"EHLO there\r\n", [BAD]),
    ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 20 + b"\r\n", [BAD]),
    ("nothing but NUL", b"\x00" * 100, [BAD]),
    ("a good one, then a bad one", get() + b"junk\r\n", [OK, BAD]),
    ("a bad one, then good ones", b"junk\r\n" + get() * 3, [BAD]),
]


def connect_tls():
    context = ssl.create_default_context(cafile=ca)
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    return context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=True)


def connect_unix(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(path)
    return s


def exchange(connect, data, step):
    """All that comes back, until the server has said its last word."""
    c = connect()
    got = b""
    try:
        if step:
            for i in range(0, len(data), step):
                c.sendall(data[i : i + step])
        else:
            c.sendall(data)
    except OSError:
        pass  # it has heard enough; its answer is there
    try:
        while True:
            more = c.recv(65536)
            if not more:
                break
            got += more
    except (ConnectionError, ssl.SSLError):
        pass
    c.close()
    return got


def answers(got, heads):
    """The answers in it, as "status code"; faults of form are said in words. The
    first `heads` of them have no body."""
    out = []
    while got:
        head, _, got = got.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        m = re.fullmatch(rb"HTTP/1\.[01] (\d{3}) [a-z-]+", lines[0]) or re.fullmatch(
            rb"HTTP/1\.[01] (\d{3}) [A-Za-z ]+", lines[0]
        )
        if not m:
            return out + ["no status line: %r" % lines[0][:60]]
        status = m.group(1).decode()
        if status == "100":
            continue
        fields = dict(l.lower().split(b": ", 1) for l in lines[1:])
        if b"x-evil" in fields:
            out.append("injected")
        if fields.get(b"allow"):
            out.append("only %s" % fields[b"allow"].decode())
        if heads:
            heads -= 1
            out.append(status)
            continue
        n = int(fields.get(b"content-length", len(got)))
        body, got = got[:n], got[n:]
        if fields[b"content-type"] != b"application/json":
            out.append("%s %s" % (status, fields[b"content-type"].decode()))
        elif status == "200":
            out.append(status)
        else:
            error = json.loads(body)["error"]
            assert set(error) == {"code", "message"} and error["message"]
            out.append("%s %s" % (status, error["code"]))
    return out


def run(what, connect, pages=False, step=0):
    t.proves("requests that are hardly any, %s" % what)
    for name, data, wanted in TABLE:
        if step and len(data) > 2000:
            continue
        goes_on = wanted[-1] in (OK, "root", "more")
        heads = 1 if data.startswith(b"HEAD") and goes_on else 0
        expected = [ROOT[pages] if w == "root" else w for w in wanted if w != "more"]
        expected += [LAST_OK] if goes_on else []
        t.equal(name, expected, answers(exchange(connect, data + LAST, step), heads))


run("over TLS", connect_tls)
if fronts:
    run("behind a front", lambda: connect_unix(fronts[0]), True)
    run("a byte at a time", lambda: connect_unix(fronts[0]), True, 1)
if operators:
    t.proves("nor does the operator's door speak HTML")
    for name, data, wanted in (
        ("nonsense", b"junk\r\n", [b"400"]),
        ("another method", get(line=b"POST /metrics HTTP/1.1\r\n"), [b"405"]),
        ("an unknown one", get(line=b"BREW /metrics HTTP/1.1\r\n"), [b"501"]),
        ("another path", get(line=b"GET /nothing HTTP/1.1\r\n"), [b"404"]),
        ("a body that is too long", get(b"Content-Length: 999999", line=b"GET /metrics HTTP/1.1\r\n"), [b"413"]),
        ("a good one", get(line=b"GET /healthz HTTP/1.1\r\n"), [b"200"]),
    ):
        got = exchange(lambda: connect_unix(operators[0]), data + LAST.replace(b"/v1/last", b"/healthz"), 0)
        t.equal(name, wanted, re.findall(rb"HTTP/1\.1 (\d{3})", got)[:1])
        t.true("no markup", b"<" not in got)
sys.exit(t.end())
