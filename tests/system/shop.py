#!/usr/bin/env python3
"""A shop at the command line, for tests and the demo: merchant.py with commands on
standard input and one line of output for each thing that happens.

    shop.py KEY BANK_PORT CA LISTEN_PORT

    order NUMBER MINOR_UNITS PHONE      ->  placed NUMBER BILL
    card NUMBER MINOR_UNITS [TERMINAL]  ->  the same; paid at a card terminal
    state NUMBER                        ->  state NUMBER STATE
    cancel NUMBER                       ->  cancelled NUMBER
    (called back by the bank)           ->  told NUMBER EVENT
"""
import sys
import threading

from merchant import Merchant


def say(*words):
    print(*words, flush=True)


def listen(shop):
    told = 0
    while True:
        shop.wait_until(lambda: len(shop.told) > told, None)
        for call in shop.told[told:]:
            say("told", call["order"]["orderNumber"], call["event"])
            told += 1


shop = Merchant(sys.argv[1], int(sys.argv[2]), sys.argv[3])
shop.listen(int(sys.argv[4]))
shop.connect()
threading.Thread(target=listen, args=(shop,), daemon=True).start()
say("open")
for line in sys.stdin:
    words = line.split()
    if words[0] in ("order", "card"):
        answer = (shop.order(words[1], int(words[2]), words[3])
                  if words[0] == "order" else
                  shop.card_order(words[1], int(words[2]), *words[3:]))
        say(*(["placed", words[1], answer.body["bill"]] if answer.status == 200
              else ["refused", words[1], answer.code]))
    elif words[0] == "state":
        path = "/v1/merchant/orders/" + words[1]
        say("state", words[1], shop.ask("GET", path).body["state"])
    elif words[0] == "cancel":
        answer = shop.ask("POST", "/v1/merchant/orders/%s/cancel" % words[1], {})
        say(*(["cancelled", words[1]] if answer.status == 200
              else ["refused", words[1], answer.code]))
