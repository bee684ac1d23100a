#!/usr/bin/python3
"""A scripted server for hostile and odd cases: it follows a transcript, line by line, and says
whether the client did too.

    oddserver.py --listen-file F [--tls] [--cert PEM --key PEM] [--timeout S] TRANSCRIPT

It listens on a free port of 127.0.0.1, writes the number into F once it does ("-": a line on
standard output, so that a parent can wait for it by reading a pipe), and serves the connections that
the transcript speaks of, one after the other.  --listen-fd N takes a listening socket of the parent
instead.  --tls: TLS from the first byte.

Exit status: 0 the transcript was followed to its end; 1 it was not: standard error tells the line,
what was expected and what came; 2 usage, or a mistake in the transcript.  Nothing sleeps; a client
that neither speaks nor closes for --timeout seconds (20) did not follow.

TRANSCRIPT (UTF-8; every line is a step; # and empty lines are comments)

    S: text           send text and CRLF
    S*N: text         the same N times; $# in it is 1, 2, … N
    RAW: text         send text alone; RAW*N: text
    FOREVER: text     send text over and over until the client closes
    DRIBBLE: text     send text in segments of one byte
    FLUSH             S and RAW lines that follow each other go out in one segment; not across this
    C: pattern        the client's next line, which must end with CRLF
    CRAW: text        exactly these bytes from the client (the data of a literal)
    CSKIP: N          any N bytes from the client; N may be a capture
    ON: pattern       from here on: when a line comes that the C: line at hand does not match but
    | S: text         this pattern does, the S and RAW lines behind `|` are the answer, and the wait
                      for the C: line goes on
    TLS               shake hands now
    DEFLATE           both directions are deflated from now on (RFC 4978)
    HOLD              silence until the client closes; what it says until then does not matter
    EOF               the client closes now, without another byte
    NEXT              close, and wait for the next connection; captures are forgotten
    CUT               close at once: without the TLS closing alert
    RESET             close at once, by a TCP reset

At its end a transcript closes in order, and the client must close too without another byte (as with
EOF).

Patterns: `*` stands for any text.  $name (a-z, 0-9) captures a word without blanks where it is first
seen, and stands for the same text from then on, also in S: lines: `C: $a NOOP` … `S: $a OK`.
($Forwarded, with a capital letter, is just text.)  An ON rule forgets its captures after each use.

Escapes, everywhere: \\r \\n \\t \\xNN \\\\ \\$ and \\* (a star in a pattern).  In what is sent also
    \\{text}           {length} CRLF text: a literal with the right length; } in it is \\}
    \\[N*text]         text N times; ] in it is \\]; both nest

Examples: tests/wire/*.txt.
"""
import argparse
import os
import re
import select
import socket
import ssl
import struct
import sys
import time
import zlib

CHUNK = 1 << 16


class Mistake(Exception):
    """The transcript is not well formed."""


class Astray(Exception):
    """The client did not follow the transcript."""


# ---- texts and patterns --------------------------------------------------------------------------

NAME = re.compile(r"\$([a-z0-9]+|#)")
SIMPLE = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\", "$": b"$", "*": b"*", "]": b"]", "}": b"}"}


class Text:
    """A text of the transcript being read, escape by escape."""

    def __init__(self, text, captures, index=0, pattern=False):
        self.text, self.at, self.index = text, 0, index
        self.captures, self.pattern = captures, pattern
        self.fresh = []                       # captures that a pattern makes

    def fail(self, why):
        raise Mistake(f"{why} in: {self.text}")

    def escape(self):
        """One escape sequence, the backslash already taken; its bytes."""
        rest = self.text[self.at:]
        if not rest:
            self.fail("backslash at the end")
        if rest[0] in SIMPLE:
            self.at += 1
            return SIMPLE[rest[0]]
        code = re.match(r"x([0-9a-fA-F]{2})", rest)
        if code:
            self.at += 3
            return bytes([int(code[1], 16)])
        repeat = re.match(r"\[(\d+)\*", rest)
        if repeat and not self.pattern:
            self.at += repeat.end()
            return self.run("]") * int(repeat[1])
        if rest[0] == "{" and not self.pattern:
            self.at += 1
            data = self.run("}")
            return b"{%d}\r\n%s" % (len(data), data)
        return self.fail("unknown escape \\" + rest[:4])

    def capture(self, name):
        if name == "#":
            return str(self.index).encode()
        if name in self.captures:
            value = self.captures[name]
            return re.escape(value) if self.pattern else value
        if not self.pattern:
            self.fail(f"${name} was not captured")
        if name in self.fresh:
            return b"(?P=c_%s)" % name.encode()
        self.fresh.append(name)
        return b"(?P<c_%s>[^ \r\n]+?)" % name.encode()

    def run(self, end=None):
        """All up to the end, or up to the bracket that closes."""
        out = []
        while self.at < len(self.text):
            c = self.text[self.at]
            name = NAME.match(self.text, self.at)
            if name:
                self.at = name.end()
                out.append(self.capture(name[1]))
                continue
            self.at += 1
            if c == "\\":
                data = self.escape()
                out.append(re.escape(data) if self.pattern else data)
            elif c == end:
                return b"".join(out)
            elif c == "*" and self.pattern:
                out.append(b".*")
            else:
                data = c.encode()
                out.append(re.escape(data) if self.pattern else data)
        if end:
            self.fail(f"missing {end}")
        return b"".join(out)


def match(pattern, line, captures):
    """Does the line match?  Then new captures are kept."""
    text = Text(pattern, captures, pattern=True)
    found = re.fullmatch(text.run(), line, re.DOTALL)
    if found:
        for name in text.fresh:
            captures[name] = found["c_" + name]
    return bool(found)


# ---- one connection --------------------------------------------------------------------------------

class Line:
    """A client's connection: nothing blocks for longer than the time limit, and what arrives while we
    write is kept."""

    def __init__(self, sock, limit):
        self.sock, self.limit = sock, limit
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = False
        self.unpacker = self.packer = None
        self.data = bytearray()               # received, not yet asked for
        self.closed = False                   # the client has closed
        self.broken = None                    # why nothing can be sent any more

    def wait(self, read, write):
        """Until the socket is ready; both may be wanted."""
        ready = select.select([self.sock] if read else [], [self.sock] if write else [], [],
                              self.limit)
        if not any(ready):
            raise Astray(f"nothing moved for {self.limit} s")
        return bool(ready[0]), bool(ready[1])

    def try_receive(self):
        """Takes in what is there; returns what to wait for when there is nothing: (read, write)."""
        try:
            data = self.sock.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True, False
        except ssl.SSLWantWriteError:
            return False, True
        except (ConnectionError, ssl.SSLError) as error:
            self.broken = self.broken or str(error)
            data = b""
        if not data:
            self.closed = True
        elif self.unpacker:
            try:
                data = self.unpacker.decompress(data)
            except zlib.error as error:
                raise Astray(f"the client's deflated data is broken: {error}")
        self.data += data
        return None

    def send(self, data, flush=True):
        """Sends all; what arrives meanwhile is kept.  False when the client has gone."""
        if self.packer:
            data = self.packer.compress(data) + (self.packer.flush(zlib.Z_SYNC_FLUSH) if flush
                                                 else b"")
        view = memoryview(data)
        while view and not self.broken:
            want = (True, True)
            try:
                view = view[self.sock.send(view[:CHUNK * 4]):]
                continue
            except (BlockingIOError, ssl.SSLWantWriteError):
                pass
            except ssl.SSLWantReadError:
                want = (True, False)
            except (ConnectionError, ssl.SSLError) as error:
                self.broken = str(error)
                break
            if self.wait(not self.closed, want[1])[0]:
                self.try_receive()
        return not self.broken

    def fill(self):
        """Waits for more data, or for the end."""
        while True:
            want = self.try_receive()
            if not want:
                return
            self.wait(*want)

    def line(self):
        """The next line with its end; None at the end of the stream."""
        start = 0
        while True:
            end = self.data.find(b"\n", start)
            if end >= 0:
                line = bytes(self.data[:end + 1])
                del self.data[:end + 1]
                return line
            if self.closed:
                return None
            start = len(self.data)
            self.fill()

    def bytes(self, size):
        while len(self.data) < size and not self.closed:
            self.fill()
        data = bytes(self.data[:size])
        del self.data[:size]
        return data

    def start_tls(self, context):
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True,
                                            do_handshake_on_connect=False)
            while True:
                try:
                    self.sock.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    self.wait(True, False)
                except ssl.SSLWantWriteError:
                    self.wait(False, True)
        except (ConnectionError, ssl.SSLError) as error:
            raise Astray(f"TLS handshake failed: {error}")
        self.tls = True

    def start_deflate(self):
        self.packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)
        rest, self.data = bytes(self.data), bytearray()
        self.data += self.unpacker.decompress(rest)

    def finish(self):
        """Says that nothing more will be sent."""
        try:
            if self.tls:
                self.sock.unwrap()
        except (OSError, ValueError):
            pass                              # the client's alert is not waited for
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_WR)  # ssl's own would forget the keys
        except OSError:
            pass

    def cut(self, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


# ---- the transcript --------------------------------------------------------------------------------

STEP = re.compile(r"(S|RAW|C|CRAW|CSKIP|ON|FOREVER|DRIBBLE)(?:\*(\d+))?:(?: (.*))?$")
BARE = {"TLS", "DEFLATE", "HOLD", "EOF", "NEXT", "CUT", "RESET", "FLUSH"}
SENT = {"S", "RAW"}


class Step:
    def __init__(self, number, verb, text="", times=1):
        self.number, self.verb, self.text, self.times = number, verb, text, times
        self.answer = []                      # of an ON rule


def parse(lines):
    """The steps of a transcript."""
    steps = []
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        if not line.strip() or line.startswith("#"):
            continue
        answer = line.startswith("|")
        body = line[1:].lstrip() if answer else line
        found = STEP.match(body)
        if found and (not found[2] or found[1] in SENT):
            step = Step(number, found[1], found[3] or "", int(found[2] or 1))
        elif body.strip() in BARE and not answer:
            step = Step(number, body.strip())
        else:
            raise Mistake(f"line {number}: not a step: {line}")
        if answer:
            if not steps or steps[-1].verb != "ON" or step.verb not in SENT:
                raise Mistake(f"line {number}: `|` goes with S and RAW behind ON")
            steps[-1].answer.append(step)
        else:
            steps.append(step)
    return steps


class Play:
    """A transcript being followed."""

    def __init__(self, listener, context, implicit, limit):
        self.listener, self.context = listener, context
        self.implicit, self.limit = implicit, limit
        self.line, self.captures, self.rules = None, {}, []
        self.held = bytearray()               # to be sent in one go
        self.told = []                        # what was said, for the report

    def tell(self, who, data):
        text = bytes(data[:400]).decode("utf-8", "backslashreplace").rstrip("\r\n")
        self.told.append(f"{who} {text}" + ("…" if len(data) > 400 else ""))
        del self.told[:-40]

    def accept(self):
        self.listener.settimeout(self.limit)
        try:
            sock = self.listener.accept()[0]
        except TimeoutError:
            raise Astray(f"no connection for {self.limit} s")
        self.line, self.captures = Line(sock, self.limit), {}
        if self.implicit:
            self.line.start_tls(self.context)

    def flush(self, all_of_it=True):
        if self.held:
            self.line.send(bytes(self.held), all_of_it)
            self.held.clear()

    def say(self, step, captures):
        for index in range(1, step.times + 1):
            if index == 1 or "$#" in step.text:
                data = Text(step.text, captures, index).run() + (b"\r\n" if step.verb == "S"
                                                                 else b"")
            if index == 1:
                self.tell("S:", data if step.times == 1 else b"(%d times) " % step.times + data)
            self.held += data
            if len(self.held) > CHUNK * 16:
                self.flush(all_of_it=False)
            if self.line.broken:
                break

    def expect(self, step):
        self.flush()
        while True:
            line = self.line.line()
            if line is None:
                rest = bytes(self.line.data)
                raise Astray(f"expected  C: {step.text}\n"
                             f"but the client closed" + (f" after {rest!r}" if rest else ""))
            self.tell("C:", line)
            good = line.endswith(b"\r\n")
            if good and match(step.text, line[:-2], self.captures):
                return
            if not good or not self.answer(line[:-2]):
                raise Astray(f"expected  C: {step.text}\nreceived  C: {show(line)}")

    def answer(self, line):
        """Lets the ON rules have the line; the latest that matches answers it."""
        for rule in reversed(self.rules):
            captures = dict(self.captures)
            if match(rule.text, line, captures):
                for step in rule.answer:
                    self.say(step, captures)
                self.flush()
                return True
        return False

    def expect_end(self):
        self.flush()
        while True:
            line = self.line.line()
            if line is None:
                if self.line.data:
                    line = bytes(self.line.data)
                else:
                    return
            self.tell("C:", line)
            if not line.endswith(b"\r\n") or not self.answer(line[:-2]):
                raise Astray(f"expected the client to close\nreceived  C: {show(line)}")

    def close(self):
        self.flush()
        self.line.finish()
        self.expect_end()
        self.line.cut()
        self.line = None

    # Steps, by verb.

    def do_S(self, step):
        self.say(step, self.captures)

    do_RAW = do_S

    def do_C(self, step):
        self.expect(step)

    def do_ON(self, step):
        self.rules.append(step)

    def do_CRAW(self, step):
        self.flush()
        want = Text(step.text, self.captures).run()
        got = self.line.bytes(len(want))
        self.tell("C:", got)
        if got != want:
            raise Astray(f"expected  CRAW: {show(want)}\nreceived        {show(got)}")

    def do_CSKIP(self, step):
        self.flush()
        size = Text(step.text, self.captures).run()
        if not size.isdigit():
            raise Astray(f"expected a number of bytes, not {show(size)}")
        got = self.line.bytes(int(size))
        self.tell("C:", b"(%d bytes) " % len(got) + got)
        if len(got) < int(size):
            raise Astray(f"expected {int(size)} bytes, the client closed after {len(got)}")

    def do_FLUSH(self, step):
        self.flush()

    def do_FOREVER(self, step):
        self.flush()
        data = Text(step.text, self.captures).run()
        self.tell("S:", b"(for ever) " + data)
        data *= max(1, CHUNK // max(1, len(data)))
        end = time.monotonic() + self.limit
        while self.line.send(data) and not self.line.closed:
            if time.monotonic() > end:
                raise Astray(f"the client took it all for {self.limit} s")

    def do_DRIBBLE(self, step):
        self.flush()
        data = Text(step.text, self.captures).run()
        self.tell("S:", data)
        for i in range(len(data)):
            self.line.send(data[i:i + 1])

    def do_TLS(self, step):
        self.flush()
        if not self.context:
            raise Mistake("TLS needs --cert and --key")
        if self.line.data:
            raise Astray(f"the client did not wait for TLS: {show(bytes(self.line.data))}")
        self.line.start_tls(self.context)

    def do_DEFLATE(self, step):
        self.flush()
        self.line.start_deflate()

    def do_HOLD(self, step):
        self.flush()
        while self.line.line() is not None:
            pass
        self.line.data.clear()

    def do_EOF(self, step):
        self.expect_end()

    def do_NEXT(self, step):
        if self.line:
            self.close()
        self.accept()

    def do_CUT(self, step):
        self.flush()
        self.line.cut()
        self.line = None

    def do_RESET(self, step):
        self.flush()
        self.line.cut(reset=True)
        self.line = None

    def run(self, steps):
        """Follows them all; raises Astray with the line's number in front."""
        step = Step(0, "start")
        try:
            self.accept()
            for step in steps:
                if not self.line and step.verb not in ("NEXT", "ON"):
                    raise Mistake(f"line {step.number}: the connection is closed")
                getattr(self, "do_" + step.verb)(step)
            step = Step(step.number + 1, "end")
            if self.line:
                self.close()
        except Astray as astray:
            said = "".join(f"  {line}\n" for line in self.told[-12:])
            raise Astray(f"line {step.number}: {astray}\nthe last lines were:\n{said}")


def show(data):
    return data.decode("utf-8", "backslashreplace").replace("\r", "\\r").replace("\n", "\\n")[:2000]


# ---- the program -----------------------------------------------------------------------------------

def tell_port(path, port):
    if path == "-":
        print(port, flush=True)
        return
    with open(path + ".new", "w") as f:
        f.write(f"{port}\n")
    os.rename(path + ".new", path)


def main():
    options = argparse.ArgumentParser(description="A scripted server.")
    options.add_argument("--listen-file")
    options.add_argument("--listen-fd", type=int)
    options.add_argument("--tls", action="store_true")
    options.add_argument("--cert")
    options.add_argument("--key")
    options.add_argument("--timeout", type=float, default=20)
    options.add_argument("transcript")
    o = options.parse_args()
    try:
        with open(o.transcript, encoding="utf-8") as f:
            steps = parse(f)
        context = None
        if o.cert and o.key:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(o.cert, o.key)
        elif o.tls:
            raise Mistake("--tls needs --cert and --key")
        if o.listen_fd is not None:
            listener = socket.socket(fileno=o.listen_fd)
        elif o.listen_file:
            listener = socket.create_server(("127.0.0.1", 0))
            tell_port(o.listen_file, listener.getsockname()[1])
        else:
            raise Mistake("--listen-file or --listen-fd is needed")
        Play(listener, context, o.tls, o.timeout).run(steps)
    except (Mistake, OSError) as mistake:
        print(f"{o.transcript}: {mistake}", file=sys.stderr)
        return 2
    except Astray as astray:
        print(f"{o.transcript}: {astray}", file=sys.stderr, end="")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
