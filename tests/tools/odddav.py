#!/usr/bin/python3
"""A small CalDAV and CardDAV server that misbehaves as it is told: what real servers were seen to do, and
what a hostile one could.  Everything is in memory.

    odddav.py --listen-file F [--user NAME:PASSWORD] [--fill PROFILE] [--odd ODDITY …]

It listens on three free ports of 127.0.0.1 and writes their numbers into F, a line each, once it does:

    the server        with all oddities
    the truth         the same data without any; what tests look at and change.  POST /.odd with oddities, a
                      line each, sets them anew; an empty body heals the server
    another origin    which nobody with a password may ask; GET /.seen tells what was said to it

ODDITY: NAME[=VALUE] [METHOD [PATH [TIMES]]]: only for requests with this method and with a path that matches
the pattern, both regular expressions; of those that concern one answer, only so many times.

What becomes of an answer:
    nothing           the connection is closed instead
    truncated         it is closed in the middle of the body
    shortened         the body is half of what it should be, and the length says so
    empty             the body is empty
    stalled           silence in the middle of the body, until the client goes
    dribbled          a segment a byte
    html, html207     a web page, with status 200 or 207
    junk              text that is no XML, with the status kept
    doctype, bomb     XML with a DOCTYPE; with entities that grow
    deep, endless     elements within elements; a listing without an end
    type[=TYPE]       another Content-Type
    controls          bodies hold characters that XML forbids
    status=N[,RETRY]  this status instead, and nothing is done; with Retry-After, _ for a blank
    same, other       redirected: within the origin (it works there); to another origin
    cut               the request is obeyed, and the connection closed before the answer
    close, chunked, gzip

How the server is:
    digest            Digest only
    two-homes         two home sets for calendars
    no-principal      the URL is a home, and nothing says whose
    no-etag, weak-etag, bare-etag    PUT tells none; ETags are weak; without quotes
    flapping-etag     every listing has other ETags
    eml               items that were not sent here are called .eml
    encoded, absolute, doubled    hrefs are percent-encoded in another way; are URLs; come twice
    self              collections are listed among their items
    no-token[=N]      tokens are refused, with status N (403)
    no-sync           no sync-collection; the ctag tells
    neither           nor a ctag
    no-data           sync-collection gives no data
    dead              the first one tells what is gone
    paged=N           sync-collection tells N changes, and 507
    hidden=PATH       collections whose path matches are not listed any more
    window=NAME       items whose name matches are not listed any more
    missing=NAME      a multiget does not find them
    read-only         by privileges, and in fact
    unique            a UID only once a user
    unique-mute       the same, and it does not tell where
    error207          refusals are within a multistatus
    rewrites          other bytes are stored than were sent
    renames           an item is stored under another name than it was sent to; Location tells
    renames-mute      Location does not
    alias             an item that was sent here is listed under another name, and found by both
    edited-move       MOVE looks at no condition, and somebody edits the item just before it
    no-move, no-mkcol
    refuse=TEXT       items that hold the text are not stored
"""

import argparse
import base64
import gzip
import hashlib
import http.server
import os
import re
import secrets
import socketserver
import sys
import threading

import davcorpus
from odddata import Answer, Odd, Request

# ---- listening ------------------------------------------------------------------------------------

class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # clients may go when they want
            super().handle_error(request, client_address)


class Servers:
    """The three of them: the server, the truth, another origin."""

    def __init__(self, odd):
        self.all = []
        for role in ("odd", "truth", "other"):
            server = Listener(("127.0.0.1", 0), Handler)
            server.odd, server.role, server.others = odd, role, self
            self.all.append(server)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def ports(self):
        return [s.server_address[1] for s in self.all]

    def stop(self):
        for server in self.all:
            server.shutdown()
            server.server_close()


# ---- answers that go wrong --------------------------------------------------------------------------

NONCE = secrets.token_hex(8)
PAGE = b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><p>Log in<br>please</body></html>\n"
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(10))


def spoil(request, answer):
    """The answer as the oddities have it."""
    is_odd = request.is_odd
    wrong = is_odd("status")
    if wrong:
        status, _, retry = wrong.value.partition(",")
        answer = Answer(int(status), b"No.", {"Retry-After": retry.replace("_", " ")} if retry else {})
    for name, status in (("html", 200), ("html207", 207)):
        if is_odd(name):
            answer = Answer(status, PAGE, {"Content-Type": "text/html"})
    if is_odd("junk"):
        answer.body = b"multistatus: none\n"
    head, mark, tail = answer.body.partition(b"?>\n")
    if mark and is_odd("doctype"):
        answer.body = head + mark + b'<!DOCTYPE D:multistatus SYSTEM "http://127.0.0.1/x.dtd">' + tail
    if mark and is_odd("bomb"):
        answer.body = head + mark + b"<!DOCTYPE x [" + LAUGHS + b"]>" + tail.replace(b"<D:href>", b"<D:href>&l9;")
    if mark and is_odd("deep"):
        answer.body = head + mark + b"<D:multistatus xmlns:D='DAV:'>" + b"<D:x>" * 1000000
    if is_odd("empty"):
        answer.body = b""
    if is_odd("shortened"):
        answer.body = answer.body[:len(answer.body) // 2]
    kind = is_odd("type")
    if kind:
        answer.headers["Content-Type"] = kind.value or "text/plain"
    if is_odd("gzip"):
        answer.body = gzip.compress(answer.body)
        answer.headers["Content-Encoding"] = "gzip"
    return answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def parse_request(self):
        good = super().parse_request()
        if good:  # all methods go one way
            setattr(self, "do_" + self.command, self.serve)
        return good

    def login(self):
        """True, or the challenge."""
        odd, given = self.server.odd, self.headers.get("Authorization", "")
        if odd.find("digest", self.asked):
            fields = dict(re.findall(r'(\w+)="?([^",]*)"?', given))

            def h(text):
                return hashlib.md5(text.encode()).hexdigest()
            response = h(":".join([h(f"{odd.user}:odd:{odd.password}"), NONCE, fields.get("nc", ""),
                                   fields.get("cnonce", ""), "auth", h(f"{self.command}:{self.path}")]))
            if given.startswith("Digest ") and fields.get("response") == response and \
                    fields.get("username") == odd.user and fields.get("uri") == self.path:
                return True
            return f'Digest realm="odd", qop="auth", algorithm=MD5, nonce="{NONCE}"'
        wanted = base64.b64encode(f"{odd.user}:{odd.password}".encode()).decode()
        return given == "Basic " + wanted or 'Basic realm="odd"'

    def serve(self):
        odd, role = self.server.odd, self.server.role
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = self.asked = Request(odd, self.command, self.path, self.headers, body, role == "truth",
                                       self.server.server_address[1])
        if role == "other":
            self.serve_other(request)
        elif role == "truth" and self.command == "POST" and self.path == "/.odd":
            odd.be(*filter(str.strip, body.decode().split("\n")))
            self.send(request, Answer(204))
        else:
            self.serve_dav(request)

    def serve_other(self, request):
        if self.command == "GET" and self.path == "/.seen":
            text = "".join(f"{m} {p}{' WITH CREDENTIALS' if c else ''}\n" for m, p, c in self.server.odd.seen)
            self.send(request, Answer(200, text.encode()))
            return
        self.server.odd.seen.append((self.command, self.path, "Authorization" in self.headers))
        self.send(request, Answer(207, b"<multistatus xmlns='DAV:'/>"))

    def serve_dav(self, request):
        odd = self.server.odd
        challenge = self.login()
        if challenge is not True:
            self.send(request, Answer(401, b"", {"WWW-Authenticate": challenge}))
            return
        if request.is_odd("nothing"):
            self.note(request, 0)
            self.close_connection = True
            return
        if not request.path.startswith("/alias/") and request.is_odd("same"):
            self.send(request, Answer(302, b"", {"Location": "/alias" + self.path}))
            return
        if request.is_odd("other"):
            port = self.server.others.ports[2]
            self.send(request, Answer(302, b"", {"Location": f"http://127.0.0.1:{port}{self.path}"}))
            return
        if odd.find("status", request):
            answer = Answer(500)  # not obeyed: spoil() says what comes instead
        else:
            answer = request.answer()
        if request.is_odd("cut"):
            self.note(request, 0)
            self.close_connection = True
            return
        self.send(request, spoil(request, answer))

    def note(self, request, status):
        if self.server.role == "odd":
            self.server.odd.journal.append((self.command, request.path, request.depth, status))

    def send(self, request, answer):
        """Sends it, as far as the oddities let it go."""
        body = b"" if self.command == "HEAD" else answer.body
        # Noted first: whoever has the answer finds it in the journal.
        self.note(request, answer.status)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if request.is_odd("close"):
            self.send_header("Connection", "close")
        endless = body and request.is_odd("endless")
        chunked = endless or (body and request.is_odd("chunked"))
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        try:
            if body and request.is_odd("truncated"):
                self.wfile.write(body[:len(body) // 2])
                self.close_connection = True
            elif body and request.is_odd("stalled"):
                self.wfile.write(body[:len(body) // 2])
                self.wfile.flush()
                self.rfile.read(1)  # until the client goes
                self.close_connection = True
            elif chunked:
                self.send_chunks(body, endless)
            elif body and request.is_odd("dribbled"):
                for at in range(len(body)):
                    self.wfile.write(body[at:at + 1])
                    self.wfile.flush()
            else:
                self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True


    def send_chunks(self, body, endless):
        """With `endless` its last response comes over and over, until the client goes."""
        last = re.findall(rb"(?s)<D:response>.*?</D:response>", body)[-1:] or [b" "]
        if endless:
            body = body.replace(b"</D:multistatus>", b"")
        for at in range(0, len(body), 100):
            part = body[at:at + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        part = last[0] * 100
        while endless:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--listen-file", required=True, metavar="F")
    p.add_argument("--user", default="alice:secret", metavar="NAME:PASSWORD")
    p.add_argument("--fill", choices=sorted(davcorpus.PROFILES), metavar="PROFILE")
    p.add_argument("--odd", action="append", default=[], metavar="ODDITY")
    a = p.parse_args()
    user, _, password = a.user.partition(":")
    odd = Odd(user, password)
    try:
        odd.be(*a.odd)
    except ValueError as error:
        p.error(str(error))
    if a.fill:
        odd.fill(davcorpus.collections(a.fill))
    ports = "".join(f"{port}\n" for port in Servers(odd).ports)
    if a.listen_file == "-":
        sys.stdout.write(ports)
        sys.stdout.flush()
    else:
        with open(a.listen_file + ".new", "w") as f:
            f.write(ports)
        os.rename(a.listen_file + ".new", a.listen_file)
    threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
