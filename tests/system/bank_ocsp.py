"""usage: bank_ocsp.py PORT ORIGIN login NAME... | together N NAME | pay NAME NAME NUMBER

Logins and an order with keys in soft/, one word of the bank's for each."""
import sys
import threading

from bank_client import Bank, Key, unb64

port, origin, what = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def key(name):
    return Key("soft/%s.key" % name, "soft/%s.pem" % name)


def bank():
    return Bank(port, "bank/ca.pem", origin)


if what == "login":
    for name in sys.argv[4:]:
        print(bank().login(key(name)).code)
elif what == "together":
    codes = []
    threads = [
        threading.Thread(target=lambda: codes.append(bank().login(key(sys.argv[5])).code))
        for _ in range(int(sys.argv[4]))
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(" ".join(sorted(codes)))
elif what == "pay":
    b = bank()
    codes = [b.login(key(sys.argv[4])).code]
    text = unb64(b.order(sys.argv[6], "DE-1001", "DE-2002", 100).body["text"])
    codes.append(b.confirm(sys.argv[6], key(sys.argv[5]), text).code)
    proof = b.ask("GET", "/v1/orders/%s/evidence" % sys.argv[6])
    if proof.status == 200:
        with open(sys.argv[6] + ".p7m", "wb") as f:
            f.write(unb64(proof.body["evidence"]))
    print(" ".join(codes))
