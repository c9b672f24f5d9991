"""Computes the chain of the bank's journal anew, from docs/bankd.md alone and with
nothing but sqlite3 and hashlib: prints the head as `ukey-bankd audit` does, or the
first row that does not fit."""
import hashlib
import sqlite3
import struct
import sys


def text(value):
    return struct.pack(">I", len(value)) + value


def row_bytes(row, entries):
    id_, time, kind, memo, currency, order, reverses, hold, basis = row
    return b"".join(
        [
            b"ukey journal row 1",
            struct.pack(">qq", id_, time),
            text(kind.encode()),
            text(memo.encode()),
            text(currency.encode()),
            struct.pack(">qqq", order or 0, reverses or 0, hold or 0),
            text(basis or b""),
            struct.pack(">I", len(entries)),
        ]
        + [struct.pack(">qqq", *entry) for entry in entries]
    )


def main(path):
    books = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    head, height = bytes(32), 0
    for *row, stored in books.execute(
        "SELECT id, time, kind, memo, currency, order_id, reverses, hold, basis, hash"
        " FROM journal ORDER BY id"
    ).fetchall():
        entries = books.execute(
            "SELECT account, amount, balance FROM entries WHERE journal = ? ORDER BY id",
            row[:1],
        ).fetchall()
        assert sum(amount for _, amount, _ in entries) == 0
        height = row[0]
        head = hashlib.sha256(head + row_bytes(row, entries)).digest()
        if head != stored:
            sys.exit("broken at row %d" % height)
    for (text_, signature, basis) in books.execute(
        "SELECT o.text, o.signature, j.basis FROM journal j JOIN orders o"
        " ON o.id = j.order_id"
    ):
        both = hashlib.sha256(text_).digest() + hashlib.sha256(signature).digest()
        assert hashlib.sha256(both).digest() == basis
    print("journal head %d %s" % (height, head.hex()))


main(sys.argv[1])
