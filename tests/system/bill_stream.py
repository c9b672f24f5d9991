"""A customer's stream of bill events, written from docs/protocol.md section 7 and
the HTML Living Standard, 9.2."""
import http.client
import json
import queue
import socket
import ssl
import threading


class Stream:
    """Server-sent events, read by a thread: what came is waited for."""

    def __init__(self, port, session, after=None, last_event_id=None):
        self.events, self.seen = queue.Queue(), []
        context = ssl.create_default_context(cafile="soft/ca.pem")
        self.line = http.client.HTTPSConnection("localhost", port, context=context,
                                                timeout=30)
        headers = {"Authorization": "Bearer " + session}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        path = "/v1/events" + ("" if after is None else "?after=%d" % after)
        self.line.request("GET", path, headers=headers)
        self.socket = self.line.sock
        self.reply = self.line.getresponse()
        self.status = self.reply.status
        self.type = self.reply.getheader("Content-Type")
        self.reader = threading.Thread(target=self.read, daemon=True)
        if self.status == 200:
            self.reader.start()

    def read(self):
        data = None
        try:
            for line in self.reply:
                line = line.decode().rstrip("\n")
                if line.startswith("data: "):
                    data = line[6:]
                elif line == "" and data is not None:
                    self.events.put(json.loads(data) if data[0] == "{" else data)
                    data = None
        except Exception:
            pass
        self.events.put(None)

    def wait(self, kind, order):
        """The event of this kind about the merchant's order ("": about any); None if
        none comes."""
        while True:
            try:
                event = self.events.get(timeout=20)
            except queue.Empty:
                return None
            if event is None or isinstance(event, str):
                return None
            self.seen.append((event["number"], event["event"]))
            if event["event"] == kind and order in ("", event["bill"]["orderNumber"]):
                return event

    def close(self):
        """Not line.close, which waits for the thread that reads."""
        self.socket.shutdown(socket.SHUT_RDWR)
