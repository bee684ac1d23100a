#!/usr/bin/python3
"""The scripted server (tests/tools/oddserver.py): it must follow a transcript to the byte, and it
must be able to say that a client did not."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import socket, ssl, subprocess, zlib
import harness
from harness import scratch
from tap import ok, finish

ODDSERVER = os.path.join(harness.TOP, "tests/tools/oddserver.py")
WIRE = os.path.join(harness.TOP, "tests/wire")
base = scratch("odd")
subprocess.run(["sh", os.path.join(harness.TOP, "tests/servers/ca.sh"), base], check=True)
trust = ssl.create_default_context(cafile=os.path.join(base, "ca.pem"))
# With OpenSSL 3 Python takes an end without the closing alert for a usual one, unless told otherwise.
trust.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(20)

    def say(self, text):
        self.sock.sendall(text if isinstance(text, bytes) else text.encode())

    def hear(self, text):
        want = text if isinstance(text, bytes) else text.encode()
        data = b""
        while len(data) < len(want):
            more = self.sock.recv(len(want) - len(data))
            if not more:
                break
            data += more
        if data != want:
            raise AssertionError(f"heard {data[:300]!r}, wanted {want[:300]!r}")

    def end(self):
        if self.sock.recv(1):
            raise AssertionError("more came")

    def tls(self):
        # An end without the closing alert is to be seen as such.
        self.sock = trust.wrap_socket(self.sock, server_hostname="localhost",
                                      suppress_ragged_eofs=False)

    def done(self):
        """Says no more, but listens."""
        self.sock.shutdown(socket.SHUT_WR)


def play(name, transcript, act, status=0, words="", options=(), clients=1):
    """Runs the server with a transcript (a path if it ends with .txt) and the client with it."""
    path = transcript
    if not transcript.endswith(".txt"):
        path = os.path.join(base, "transcript")
        with open(path, "w") as f:
            f.write(transcript)
    server = subprocess.Popen([ODDSERVER, "--listen-file", "-", "--cert", f"{base}/good.pem",
                               "--key", f"{base}/good.key", *options, path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    port = server.stdout.readline()
    seen = ""
    if port:
        try:
            c = [Client(int(port)) for _ in range(clients)]
            act(*c)
        except (AssertionError, OSError) as error:
            seen = f"client: {error!r}\n"
        for one in c:
            one.sock.close()
    _, told = server.communicate(timeout=60)
    ok(server.returncode == status and words in told and not seen, name,
       f"{seen}status {server.returncode}: {told}")


# ---- transcripts that are followed
def session(c):
    c.tls()
    c.hear("* OK [CAPABILITY IMAP4rev1] ready\r\n")
    c.say("A1 LOGIN alice secret\r\n")
    c.hear("A1 OK logged in\r\n")
    c.say("A2 CAPABILITY\r\nA3 NOOP\r\nA4 CAPABILITY\r\nA5 LOGOUT\r\n")
    c.hear("* CAPABILITY IMAP4rev1\r\nA2 OK\r\nA3 OK\r\n* CAPABILITY IMAP4rev1\r\nA4 OK\r\n"
           "* BYE see you\r\nA5 OK\r\n")
    c.end()


play("login and logout over TLS, with ON rules", f"{WIRE}/login-logout.txt", session,
     options=["--tls"])


def injected(c):
    c.hear("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n")
    c.say("1 STARTTLS\r\n")
    got = c.sock.recv(1000)
    if got != b"1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n":
        raise AssertionError(f"not in one segment: {got!r}")


INJECTION = f"{WIRE}/starttls-injection.txt"
play("STARTTLS injection, in one segment", INJECTION, injected)
play("a client that goes on after an injection is found out", INJECTION,
     lambda c: (injected(c), c.say("2 LOGIN alice secret\r\n")), 1, "2 LOGIN alice secret")
play("one that starts TLS too", INJECTION,
     lambda c: (injected(c), c.say(b"\x16\x03\x01\x02\x00\x01\x00")), 1, "expected the client to")
play("PREAUTH: the client closes", f"{WIRE}/preauth.txt",
     lambda c: c.hear("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n"))
play("one that speaks is found out", f"{WIRE}/preauth.txt",
     lambda c: (c.hear("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n"),
                c.say("1 SELECT INBOX\r\n")), 1, "received  C: 1 SELECT INBOX")


def starttls(c):
    c.hear("* OK\r\n")
    c.say("x1 STARTTLS\r\n")
    c.hear("x1 OK\r\n")
    c.tls()
    c.say("x2 NOOP\r\n")
    c.hear("x2 OK x1\r\n")
    c.end()


play("TLS in mid-stream", "S: * OK\nC: $a STARTTLS\nS: $a OK\nTLS\nC: $b NOOP\nS: $b OK $a\n",
     starttls)


def deflated(c):
    pack, unpack = zlib.compressobj(6, zlib.DEFLATED, -15), zlib.decompressobj(-15)
    c.say("a COMPRESS DEFLATE\r\n")
    c.hear("a OK\r\n")
    c.say(pack.compress(b"b NOOP\r\n") + pack.flush(zlib.Z_SYNC_FLUSH))
    data = b""
    while len(data) < 5000006:
        data += unpack.decompress(c.sock.recv(100000))
    if data != b"x" * 5000000 + b"b OK\r\n":
        raise AssertionError("wrong data")


play("DEFLATE", "C: $a COMPRESS DEFLATE\nS: $a OK\nDEFLATE\nC: $b NOOP\nRAW*5000000: x\nS: $b OK\n",
     deflated)


def literals(c):
    c.hear(b"* 1 FETCH (BODY[] {9}\r\na\x00(b}\r\n\xff\\)\r\n")
    c.hear(b"* 2 FETCH (BODY[] {4}\r\n\xc3\xa9$*)\r\n")
    c.say("t7 APPEND INBOX () {5}\r\n")
    c.hear("+ go\r\n")
    c.say("a\r\nb\n\r\nt8 APPEND x {12+}\r\nabcdefghijkl\r\n")
    c.hear("t7 OK\r\nt8 OK 12\r\n")
    c.end()


play("literals, both ways", r"""# comment

S: * 1 FETCH (BODY[] \{a\x00(b\}\r\n\xff\\})
S: * 2 FETCH (BODY[] \{é\$\*})
C: $a APPEND INBOX () {5}
S: + go
CRAW: a\r\nb\n
C:
S: $a OK
C: $b APPEND x {$n+}
CSKIP: $n
C:
S: $b OK $n
""", literals)


def numbered(c):
    c.hear("".join(f"* {i} FETCH (UID {i})\r\n" for i in range(1, 100001)))
    c.hear("* BIG " + "ab" * 300000 + "c\r\n")
    c.end()


play("much data from short lines", r"S*100000: * $# FETCH (UID $#)" + "\n" +
     r"S: * BIG \[3*\[100000*ab]]c" + "\n", numbered)
play("one connection after the other",
     "S: * OK 1\nC: $a NOOP\nNEXT\nS: * OK 2\nC: $a NOOP\nCUT\nNEXT\nS: * OK 3\n",
     lambda c, d, e: (c.hear("* OK 1\r\n"), c.say("a NOOP\r\n"), c.end(), c.sock.close(),
                      d.hear("* OK 2\r\n"), d.say("b NOOP\r\n"), d.end(), d.sock.close(),
                      e.hear("* OK 3\r\n")), clients=3)
play("for ever ends with the client", "FOREVER: * NO no\\r\\n\n",
     lambda c: c.hear("* NO no\r\n" * 100000))
play("byte by byte, then silence", "DRIBBLE: * OK slow\\r\\n\nHOLD\n",
     lambda c: (c.hear("* OK slow\r\n"), c.say("a NOOP\r\nb LOG")))
play("a writer that does not read is read from meanwhile",
     "S: " + r"\[20000000*x]" + "\nCSKIP: 20000000\n",
     lambda c: (c.say(bytes(20000000)), c.hear("x" * 20000000 + "\r\n"), c.end()))


def fails_with(c, error):
    c.hear("x\r\n")
    try:
        c.sock.recv(1)
    except error:
        return
    raise AssertionError(f"no {error}")


play("RESET", "C: go\nS: x\nRESET\n",
     lambda c: (c.say("go\r\n"), fails_with(c, ConnectionResetError)))
play("CUT is without the closing alert", "S: x\nCUT\n",
     lambda c: (c.tls(), fails_with(c, ssl.SSLError)), options=["--tls"])
play("the usual end is with it", "S: x\n", lambda c: (c.tls(), c.hear("x\r\n"), c.end()),
     options=["--tls"])

# ---- clients that do not follow
for name, transcript, said, words in (
        ("another line", "C: $a NOOP\n", "a NOOB\r\n",
         "line 1: expected  C: $a NOOP\nreceived  C: a NOOB\\r\\n"),
        ("a line too many", "C: $a NOOP\n", "a NOOP\r\nb NOOP\r\n", "expected the client to close"),
        ("part of a line too many", "C: $a NOOP\n", "a NOOP\r\nb", "expected the client to close"),
        ("no CRLF", "C: $a NOOP\n", "a NOOP\n", "received  C: a NOOP\\n"),
        ("another tag than before", "C: $a X\nC: $a Y\n", "a X\r\nb Y\r\n", "line 2: expected"),
        ("the same name twice in a line", "C: $a $a\n", "a b\r\n", "line 1"),
        ("a star that is escaped", "C: 1:\\* x\n", "1:2 x\r\n", "received  C: 1:2 x"),
        ("an end too early", "C: $a X\nC: $b Y\n", "a X\r\n", "but the client closed"),
        ("half a line", "C: $a X\n", "a X", "but the client closed after b'a X'"),
        ("other data", "CRAW: abc\n", "abd", "expected  CRAW: abc"),
        ("less data", "CSKIP: 10\n", "abc", "the client closed after 3"),
        ("letters where a number should be", "C: $n\nCSKIP: $n\n", "abc\r\n", "expected a number"),
        ("data before TLS", "C: x\nTLS\n", "x\r\ny\r\n", "did not wait for TLS"),
        ("no TLS", "C: x\nTLS\n", "x\r\n", "TLS handshake failed")):
    play(f"found out: {name}", transcript, lambda c: (c.say(said), c.done()), 1, words)
play("found out: nothing at all", "C: $a NOOP\n", lambda c: c.sock.recv(1), 1,
     "nothing moved for", options=["--timeout", "0.2"])
play("found out: no client", "C: $a NOOP\n", lambda: None, 1, "no connection for",
     options=["--timeout", "0.2"], clients=0)

# ---- mistakes in transcripts
for text, words in (("X: y\n", "line 1: not a step"), ("S*x: y\n", "not a step"),
                    ("C*2: y\n", "not a step"), ("| S: y\n", "goes with"),
                    ("TLS now\n", "not a step"), ("ON: x\n| C: y\n", "goes with")):
    play(f"a mistake: {text.splitlines()[-1]}", text, lambda: None, 2, words, clients=0)
for text, words in (("S: $a OK\n", "was not captured"), ("S: \\q\n", "unknown escape"),
                    ("S: \\{x\n", "missing }"), ("CUT\nS: x\n", "connection is closed")):
    play(f"a mistake: {text.splitlines()[-1]}", text, lambda c: None, 2, words)
finish(at_least=43)
