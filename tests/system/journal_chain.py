"""Computes the chain of the bank's journal anew, from docs/bankd.md alone and with
nothing but sqlite3 (or a plain pg_dump, NAME.sql) and hashlib: prints the head as
`ukey-bankd audit` does, or the first row that does not fit."""
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


def from_sqlite(path):
    """What the chain is made of, by SQL: rows, entries of a row, orders."""
    books = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    rows = books.execute(
        "SELECT id, time, kind, memo, currency, order_id, reverses, hold, basis, hash"
        " FROM journal ORDER BY id"
    ).fetchall()
    orders = books.execute(
        "SELECT o.text, o.signature, j.basis FROM journal j JOIN orders o"
        " ON o.id = j.order_id"
    ).fetchall()
    entries = {}
    for journal, *entry in books.execute(
        "SELECT journal, account, amount, balance FROM entries ORDER BY id"
    ):
        entries.setdefault(journal, []).append(tuple(entry))
    return rows, entries, orders


def field(text):
    r"""A value in PostgreSQL's COPY text format; bytea is \\x and hexadecimal."""
    if text == "\\N":
        return None
    if text.startswith("\\\\x"):
        return bytes.fromhex(text[3:])
    assert "\\" not in text
    return text


def tables_of(path):
    """The tables of a plain pg_dump: lists of dictionaries of texts."""
    tables, columns, name = {}, None, None
    with open(path, encoding="utf-8") as dump:
        for line in dump:
            line = line.rstrip("\n")
            if line.startswith("COPY "):
                name = line.split()[1].split(".")[-1]
                columns = line[line.index("(") + 1 : line.index(")")]
                columns = columns.replace('"', "").split(", ")
            elif line == "\\.":
                columns = None
            elif columns:
                values = [field(v) for v in line.split("\t")]
                tables.setdefault(name, []).append(dict(zip(columns, values)))
    return tables


def from_dump(path):
    def number(text):
        return None if text is None else int(text)

    tables = tables_of(path)
    orders = {o["id"]: o for o in tables["orders"]}
    rows = [
        (int(j["id"]), int(j["time"]), j["kind"], j["memo"], j["currency"],
         number(j["order_id"]), number(j["reverses"]), number(j["hold"]),
         j["basis"], j["hash"])
        for j in sorted(tables["journal"], key=lambda j: int(j["id"]))
    ]
    entries, sums = {}, {}
    for e in sorted(tables["entries"], key=lambda e: int(e["id"])):
        entry = (int(e["account"]), int(e["amount"]), int(e["balance"]))
        entries.setdefault(int(e["journal"]), []).append(entry)
        sums[e["account"]] = sums.get(e["account"], 0) + entry[1]
    for a in tables["accounts"]:
        assert sums.get(a["id"], 0) == int(a["balance"]), a["number"]
    return rows, entries, [
        (orders[j["order_id"]]["text"], orders[j["order_id"]]["signature"], j["basis"])
        for j in tables["journal"]
        if j["order_id"] in orders
    ]


def main(path):
    rows, entries, orders = (from_dump if path.endswith(".sql") else from_sqlite)(path)
    head, height = bytes(32), 0
    for *row, stored in rows:
        mine = entries[row[0]]
        assert sum(amount for _, amount, _ in mine) == 0
        height = row[0]
        head = hashlib.sha256(head + row_bytes(row, mine)).digest()
        if head != stored:
            sys.exit("broken at row %d" % height)
    for text_, signature, basis in orders:
        both = hashlib.sha256(text_).digest() + hashlib.sha256(signature).digest()
        assert hashlib.sha256(both).digest() == basis
    print("journal head %d %s" % (height, head.hex()))


main(sys.argv[1])
