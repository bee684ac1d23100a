"""A relay whose line breaks: what the server sends is passed on up to so many bytes, then both directions end
at once.  What the client sent until then has reached the server."""

import socket
import threading


class Cutter:
    """In front of a port on loopback; `passed` counts the server's bytes of all connections."""

    def __init__(self, port, limit=None):
        self.to, self.limit, self.passed = port, limit, 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.cut = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            for source, sink, counted in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.pump, args=(source, sink, counted),
                                 daemon=True).start()

    def pump(self, source, sink, counted):
        try:
            while True:
                block = source.recv(65536)
                if not block:
                    break
                if not counted:
                    self.passing(block)
                else:
                    with self.lock:
                        if self.limit is not None:
                            block = block[:max(0, self.limit - self.passed)]
                        self.passed += len(block)
                        if self.limit is not None and self.passed >= self.limit:
                            self.cut.set()
                if block:
                    sink.sendall(block)
                if self.cut.is_set():
                    break
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def passing(self, block):
        """Before what the client said is passed on."""

    def mend(self, limit=None):
        """The line is whole again, up to another limit."""
        self.limit, self.passed = limit, 0
        self.cut.clear()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # accept() would hold the port
        self.listener.close()
