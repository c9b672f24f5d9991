#!/usr/bin/env python3
"""The bank's pages in Chromium, which logs in with the card through our module. Run
by test_browser.sh, in its folder, with an X display.

    browser.py CARDS_URL BANK_PORT SHOP_PORT UKEY PIN_FD ACCOUNT

The browser is driven through its DevTools protocol on a pair of pipes; only the PIN
is typed into its window, by xdotool.
"""
import base64
import json
import os
import select
import signal
import subprocess
import sys
import time

from bank_client import Checks
from merchant import Merchant

url, bank_port, shop_port, ukey, pin_fd, ALICE = sys.argv[1:7]
PIN = os.fdopen(int(pin_fd)).readline().strip()
PHONE = "+8613800001234"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>"
LONG = 60  # seconds until something that comes by itself is given up
t = Checks()


class Browser:
    def __init__(self, home, headless=False):
        env = dict(os.environ, HOME=os.path.abspath(home))
        to_r, to_w = os.pipe()
        from_r, from_w = os.pipe()

        def descriptors():
            r, w = os.dup(to_r), os.dup(from_w)
            os.dup2(r, 3)
            os.dup2(w, 4)

        self.child = subprocess.Popen(
            ["chromium", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update",
             "--remote-debugging-pipe", "--window-size=1000,900",
             "--user-data-dir=" + os.path.join(env["HOME"], "profile")]
            + (["--headless"] if headless else []) + ["about:blank"],
            env=env, preexec_fn=descriptors, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=open("chromium.log", "ab"))
        os.close(to_r)
        os.close(from_w)
        self.out, self.inp = to_w, from_r
        self.buffer, self.number, self.events = b"", 0, []
        self.session = None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(x for x in targets if x["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"],
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(domain + ".enable")

    def read(self):
        deadline = time.monotonic() + LONG
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.inp], [], [], left)[0]:
                raise TimeoutError("the browser says nothing")
            data = os.read(self.inp, 1 << 16)
            if not data:
                raise EOFError("the browser has gone")
            self.buffer += data
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        return self.number

    def answer(self, number):
        while True:
            message = self.read()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]
            self.events.append(message)

    def ask(self, method, **params):
        return self.answer(self.send(method, **params))

    def js(self, text):
        """The value of an expression, or of its promise."""
        r = self.ask("Runtime.evaluate", expression=text, awaitPromise=True,
                     returnByValue=True, userGesture=True)
        if "exceptionDetails" in r:
            return r["exceptionDetails"]["exception"].get("description", "exception")
        return r["result"].get("value")

    def until(self, condition):
        """Waits in the page for a condition on what it shows."""
        return self.js("""new Promise((done) => {
            const look = () => { if (%s) { watch.disconnect(); done(true); } };
            const watch = new MutationObserver(look);
            watch.observe(document, {subtree: true, childList: true, attributes: true,
                                     characterData: true});
            setTimeout(() => { watch.disconnect(); done(false); }, %d);
            look();
        })""" % (condition, LONG * 1000))

    def open(self, address, pin=None):
        number = self.send("Page.navigate", url=address)
        if pin:
            type_pin(pin)
        self.answer(number)
        t.true("the page is there", self.until("document.readyState === 'complete'"))

    def shot(self, name):
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        with open(os.path.join(os.environ.get("SHOTS", "."), name), "wb") as f:
            f.write(base64.b64decode(data))

    def complaints(self):
        """What the browser has to say about the page."""
        return [e["params"]["entry"]["text"] for e in self.events
                if e["method"] == "Log.entryAdded"
                and e["params"]["entry"]["level"] == "error"] + [
            "dialog" for e in self.events
            if e["method"] == "Page.javascriptDialogOpening"] + [
            "exception" for e in self.events if e["method"] == "Runtime.exceptionThrown"]

    def close(self):
        os.close(self.out)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()


def type_pin(pin):
    def xdotool(*args, data=None):
        return subprocess.run(["timeout", str(LONG), "xdotool", *args], input=data,
                              text=True, capture_output=True)

    found = xdotool("search", "--sync", "--onlyvisible", "--name",
                    "^Unlock Security Device$")
    t.equal("the browser asks for the PIN", 0, found.returncode)
    window = found.stdout.split()[-1]
    xdotool("windowfocus", "--sync", window)
    xdotool("type", "--delay", "20", "--file", "-", data=pin)
    xdotool("key", "Return")


def log_in(b):
    b.js("document.getElementById('enter').click()")
    t.true("logged in", b.until("!document.getElementById('inside').hidden"
                                " || document.getElementById('trouble').textContent"))
    t.equal("without trouble", "", b.js("document.getElementById('trouble').textContent"))


def card(bill):
    return "document.querySelector('[data-bill=\"%s\"]')" % bill


shop = Merchant("shop.key", int(bank_port), "bank/ca.pem")
shop.listen(int(shop_port))
shop.connect()


def customer():
    t.proves("a customer logs in with the card, in Chromium")
    b = Browser("home")
    b.open(url + "/", PIN)
    t.equal("no text becomes markup (Trusted Types)", True,
            "TrustedHTML" in b.js("document.body.innerHTML = '<b>x</b>'"))
    b.events.clear()
    log_in(b)
    t.equal("as Alice", "Alice", b.js("document.getElementById('who').textContent"))
    t.true("her accounts are there", b.until(
        "document.getElementById('accounts').textContent.includes('1000.00 CNY')"))

    t.proves("a bill comes up by itself and is paid")
    t.true("events are listened to",
           b.until("document.getElementById('live').textContent"))
    bill = shop.order("B-1", 1234, PHONE).body["bill"]
    t.true("it comes up", b.until(card(bill)))
    shown = b.js(card(bill) + ".innerText")
    for text in ("Tea House", "12.34 CNY", "Longjing", "Shop",
                 "ukey pay %s --from %s" % (bill, ALICE)):
        t.true("it says " + text, text in shown)
    b.shot("customer.png")
    r, w = os.pipe()
    os.write(w, (PIN + "\n" + PIN + "\n").encode())
    os.close(w)
    paid = subprocess.run([ukey, "--pin-fd", str(r), "pay", bill, "--from", ALICE, "--yes"],
                          pass_fds=[r], capture_output=True, text=True)
    t.equal("ukey pays it, while the browser uses the card " + paid.stderr, 0, paid.returncode)
    t.true("the page says so", b.until(card(bill) + ".dataset.state === 'paid'"))
    t.true("and has the new balance", b.until(
        "document.getElementById('accounts').textContent.includes('987.66 CNY')"))
    b.until("document.querySelector('[data-receipt] summary')")
    b.js("document.querySelector('[data-receipt] summary').click()")
    t.true("the receipt is shown", b.until(
        "document.querySelector('[data-receipt] a[download]')"))
    t.true("with what was paid", "12.34 CNY" in b.js(
        "document.querySelector('[data-receipt] dl').innerText"))

    t.proves("news go on behind the last one when the connection is cut")
    cut = subprocess.run(["ss", "-K", "dport", "=", ":" + url.rsplit(":", 1)[1]],
                         capture_output=True)
    before = b.js("document.querySelectorAll('[data-bill]').length")
    bill = shop.order("B-0", 50, PHONE).body["bill"]
    t.equal("the connections are cut", 0, cut.returncode)
    t.true("it comes up", b.until(card(bill)))
    t.equal("and nothing twice", before + 1,
            b.js("document.querySelectorAll('[data-bill]').length"))
    b.js(card(bill) + ".querySelector('details button').click()")
    t.true("answered", shop.wait_until(lambda: shop.told_of("B-0", "rejected")))
    b.events.clear()  # the browser reports the cut

    t.proves("a bill is rejected in the page")
    bill = shop.order("B-2", 100, PHONE).body["bill"]
    b.until(card(bill))
    b.js(card(bill) + ".querySelector('details button').click()")
    t.true("the merchant is told", shop.wait_until(lambda: shop.told_of("B-2", "rejected")))
    t.equal("no complaints", [], b.complaints())

    t.proves("hostile texts are texts, even if they get into the books")
    bill = shop.order("B-3", 100, PHONE).body["bill"]
    b.until(card(bill))
    items = json.dumps([{"name": HOSTILE}]).replace("'", "''")
    text = HOSTILE.replace("'", "''")
    subprocess.run(["sqlite3", "bank/bank.db",
                    ".timeout 10000",
                    "update bills set payee='%s', memo='%s', items='%s' where number='%s'"
                    % (text, text, items, bill)], check=True)
    b.ask("Page.reload")
    b.until("document.readyState === 'complete'")
    b.events.clear()
    log_in(b)
    t.true("the bill is shown", b.until(card(bill)))
    t.equal("three times as it is", 3, b.js(card(bill) + ".innerText").count(HOSTILE))
    t.equal("and nothing came of it", 0,
            b.js("document.querySelectorAll('img, main script').length"))
    t.equal("the title is ours", "(!) Your accounts", b.js("document.title"))
    t.equal("no complaints", [], b.complaints())

    t.proves("small and dark")
    b.ask("Emulation.setDeviceMetricsOverride", width=360, height=740,
          deviceScaleFactor=1, mobile=True)
    b.ask("Emulation.setEmulatedMedia",
          features=[{"name": "prefers-color-scheme", "value": "dark"}])
    t.equal("nothing sticks out at 360 pixels", 360,
            b.js("Math.max(innerWidth, document.documentElement.scrollWidth)"))
    b.shot("small.png")

    t.proves("logged out")
    b.js("document.getElementById('leave').click()")
    t.true("nothing is left", b.until("document.getElementById('inside').hidden"))
    t.equal("of the bills", 0, b.js("document.querySelectorAll('[data-bill]').length"))
    b.close()


def merchant():
    t.proves("a merchant looks on, with a certificate in a file")
    b = Browser("shop-home", headless=True)
    b.open(url + "/merchant")
    b.events.clear()
    log_in(b)
    t.equal("as", "Shop Ltd", b.js("document.getElementById('who').textContent"))
    t.true("the orders are there", b.until("document.querySelectorAll('[data-order]').length === 4"))
    states = b.js("[...document.querySelectorAll('[data-order]')].map((o) =>"
                  " o.dataset.order + ' ' + o.dataset.state).join()")
    t.equal("with their states", "B-3 open,B-2 rejected,B-0 rejected,B-1 paid", states)
    t.equal("and the calls", "done,done,done", b.js(
        "[...document.querySelectorAll('[data-call]')].map((c) => c.dataset.call).join()"))
    shop.order("B-4", 100, PHONE)
    t.true("a new one comes up", b.until("document.querySelector('[data-order=\"B-4\"]')"))
    t.equal("no complaints", [], b.complaints())
    b.shot("merchant.png")
    b.close()


customer()
merchant()
sys.exit(t.end())
