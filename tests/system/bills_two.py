#!/usr/bin/env python3
"""Two servers over one database: the merchant asks one, the customer watches at the
other, and then the other way round.

    bills_two.py PORT PORT ORIGIN ALICE BOB
"""
import os
import sys
import threading

from bank_client import Bank, Checks, Key, unb64
from bill_stream import Stream
from merchant import Merchant

first, second = int(sys.argv[1]), int(sys.argv[2])
origin, account, bob = sys.argv[3:6]
PHONE = "+8613800001234"
t = Checks()


def key(name):
    return Key("soft/%s.key" % name, "soft/%s.pem" % name)


def customer(port):
    b = Bank(port, "soft/ca.pem", origin)
    assert b.login(key("alice-auth")).status == 200
    return b


def pay(b, bill, number):
    a = b.ask("POST", "/v1/bills/%s/order" % bill, {"orderNumber": number, "from": account})
    if a.status != 200 or a.body["state"] == "posted":
        return a
    return b.confirm(number, key("alice-sign"), unb64(a.body["text"]))


shop = Merchant("new.key" if os.path.exists("new.key") else "shop.key", first, "soft/ca.pem")
shop.authority = origin.split("//")[1]
shop.listen(int(os.environ["SHOP_PORT"]))
shop.connect()
for here, there, number in ((first, second, "two-1"), (second, first, "two-2")):
    t.proves("a bill made at %s, a customer at %s" % (
        ("one server", "the other") if here == first else ("the other", "the first")))
    shop.port = here
    alice = customer(there)
    last = alice.ask("GET", "/v1/bills").body["last"]
    stream = Stream(there, alice.session, after=last)
    polled = []
    poll = threading.Thread(target=lambda: polled.append(customer(there).ask(
        "GET", "/v1/bills?after=%d&wait=20" % last).body))
    poll.start()
    t.equal("ordered", "200", shop.order(number, 100, PHONE).code)
    e = stream.wait("new", number)
    t.true("the stream has it", e)
    poll.join(25)
    t.true("and the poll", polled and polled[0]["last"] > last)
    t.equal("the session is good at both", "200",
            Bank.ask(alice, "GET", "/v1/bills").code)
    t.equal("paid", "200", pay(alice, e["bill"]["bill"], "o-" + number).code)
    t.true("event: paid", stream.wait("paid", number))
    t.true("the merchant is told", shop.wait_until(lambda: shop.told_of(number, "paid")))
    told = stream.wait("told", number)
    t.true("event: the merchant knows", told and told["bill"]["merchantTold"])
    t.equal("told once", 1, len([c for c in shop.told if c["order"]["orderNumber"] == number]))
    resumed = Stream(here, customer(here).session, last_event_id=e["number"])
    t.true("resumed at the other server", resumed.wait("paid", number)
           and resumed.wait("told", number))
    stream.close()
    resumed.close()

t.proves("what the pages ask for, at both")
owner = Bank(first, "soft/ca.pem", origin)
assert owner.login(key("shop-auth")).status == 200
shops = owner.ask("GET", "/v1/shops").body["shops"]
t.equal("his shop", ["Shop"], [s["merchant"] for s in shops])
path = "/v1/shops/orders?shop=%d&limit=" % shops[0]["shop"]
newest = owner.ask("GET", path + "1").body
t.equal("the newest order, and its call", ("two-2", "paid", "done", True), (
    newest["orders"][0]["orderNumber"], newest["orders"][0]["state"],
    newest["orders"][0]["call"]["state"], newest["more"]))
before, seen = newest["orders"][0]["id"], ["two-2"]
while before:
    page = owner.ask("GET", path + "7&before=%d" % before).body
    seen += [o["orderNumber"] for o in page["orders"]]
    before = page["orders"][-1]["id"] if page["more"] else 0
t.equal("page by page, each once", len(seen), len(set(seen)))
t.true("to the first", "T-1" in seen and seen[1] == "two-1")
t.equal("nobody else's", "404 not-found", alice.ask("GET", path + "1").code)
prepared = alice.ask("POST", "/v1/orders", {
    "orderNumber": "page-1", "from": account, "to": bob, "toName": "Bob", "amount": 5,
    "currency": "CNY", "memo": ""})
t.equal("an order is prepared", "200", prepared.code)
other = customer(second)
t.true("and listed at the other server", "page-1" in [
    o["orderNumber"] for o in other.ask("GET", "/v1/orders").body["orders"]])
sys.exit(t.end())
