"""A server with OBJECTID (RFC 8474): a relay in front of a Dovecot, which has the same under names of its own.

Its X-GUID of a message stays when that is moved or copied, and its X-GUID of a mailbox when that is renamed:
they are told as EMAILID and MAILBOXID.  All else is the real server's."""

import hashlib
import re
import socket
import threading

LITERAL = re.compile(rb"\{(\d+)\+?\}\r?\n$")
QUOTED = re.compile(rb'("(?:[^"\\]|\\.)*")')


class ObjectId:
    """`without`: capabilities that are not told; `changes`: (pattern, replacement) on the server's lines."""

    def __init__(self, port, without=(b"COMPRESS=DEFLATE",), changes=()):
        self.to, self.without, self.changes = port, without, changes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            for source, sink, translate in ((client, server, self.asked), (server, client, self.told)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.pump, args=(source, sink, translate), daemon=True).start()

    def pump(self, source, sink, translate):
        file = source.makefile("rb")
        try:
            for line in file:
                literal = LITERAL.search(line)
                sink.sendall(translate(line))
                if literal:
                    sink.sendall(file.read(int(literal[1])))
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def asked(self, line):
        """What the client says, outside of quotes."""
        return b"".join(part if i % 2 else re.sub(rb"\b(EMAILID|MAILBOXID)\b", b"X-GUID", part)
                        for i, part in enumerate(QUOTED.split(line)))

    def told(self, line):
        def email(found):
            return b"EMAILID (M%s)" % hashlib.sha1(found[1]).hexdigest()[:24].encode()

        if b"CAPABILITY" in line:
            for word in self.without:
                line = line.replace(b" " + word, b"")
            line = re.sub(rb"(CAPABILITY[^\]\r\n]*)", rb"\1 OBJECTID", line, count=1)
        elif line.startswith(b"* STATUS "):
            line = re.sub(rb"X-GUID (\w+)", rb"MAILBOXID (F\1)", line)
        elif re.match(rb"\* \d+ FETCH |X-GUID| X-GUID", line):
            line = re.sub(rb'X-GUID ("[^"]*"|[^ )]+)', email, line)
        for pattern, replacement in self.changes:
            line = re.sub(pattern, replacement, line)
        return line

    def configuration(self):
        """For Account.configure: where it is, and that it has no TLS."""
        return {"url": f"imap://127.0.0.1:{self.port}", "config": 'tls = "none"'}
