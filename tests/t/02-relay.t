#!/usr/bin/python3
"""The relay that stands for a far, slow or broken line (tests/tools/relay.c)."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import random, select, signal, socket, struct, subprocess, threading, time
import harness
from harness import scratch
from tap import ok, equal, finish

RELAY = os.path.join(harness.TOP, "build/tools/relay")
base = scratch("relay")


class Relay:
    """In front of a port; counts() ends it and returns its lines as numbers."""
    serial = 0

    def __init__(self, port, *options):
        Relay.serial += 1
        self.counted = os.path.join(base, f"counts.{Relay.serial}")
        self.process = subprocess.Popen([RELAY, "--to", str(port), "--counts", self.counted,
                                         "--with", str(os.getpid()), *map(str, options)],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(30)
        return sock

    def counts(self):
        self.process.send_signal(signal.SIGTERM)
        self.said = self.process.stdout.read()
        equal(self.process.wait(), 0, "the relay ends with status 0 at SIGTERM")
        if not os.path.exists(self.counted):
            return []
        with open(self.counted) as f:
            return [[float(n) if "." in n else int(n) for n in line.split()] for line in f]


class Server:
    """Does `act(sock)` with each connection, in a thread."""

    def __init__(self, act):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.act, self.errors = act, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock = self.listener.accept()[0]
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            self.act(sock)
        except OSError as error:
            self.errors.append(error)
        sock.close()


def read_all(sock):
    data = b""
    while True:
        more = sock.recv(1 << 16)
        if not more:
            return data
        data += more


def echo(sock):
    while True:
        data = sock.recv(1 << 16)
        if not data:
            return
        sock.sendall(data)


echoes = Server(echo)

# ---- bytes and order, many connections, both ways at once
relay = Relay(echoes.port, "--delay-ms", 5)
results = []


def through(seed, size):
    data = random.Random(seed).randbytes(size)
    sock = relay.connect()

    def send():
        for at in range(0, size, 30011):
            sock.sendall(data[at:at + 30011])
        sock.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    results.append((size, read_all(sock) == data))
    sender.join()
    sock.close()


threads = [threading.Thread(target=through, args=(i, 300000 + i)) for i in range(20)]
for t in threads:
    t.start()
for t in threads:
    t.join()
ok(len(results) == 20 and all(same for _, same in results),
   "20 connections at a time: every byte, in order, also after the client's end", results)
lines = relay.counts()
equal(sorted(line[:2] for line in lines), sorted([n, n] for n, _ in results),
      "each has its line of counts: bytes up and down")
equal(relay.said.split()[:4], ["up", str(sum(n for n, _ in results)), "down",
                               str(sum(n for n, _ in results))], "the sums are printed at the end")

# ---- delay and turns
relay = Relay(echoes.port, "--delay-ms", 20)
sock = relay.connect()
times = []
for i in range(10):
    began = time.monotonic()
    sock.sendall(b"ping")
    equal(sock.recv(100), b"ping", "a ping comes back")
    times.append((time.monotonic() - began) * 1000)
ok(min(times) >= 40, "no round trip is shorter than 2 x 20 ms", times)
ok(min(times) < 45 and sorted(times)[5] < 60, "nor much longer", times)
began = time.monotonic()
for i in range(100):
    sock.sendall(b"%04d" % i)
data = b""
while len(data) < 400:
    data += sock.recv(1000)
took = (time.monotonic() - began) * 1000
equal(data, b"".join(b"%04d" % i for i in range(100)), "what is pipelined keeps its order")
ok(40 <= took < 400, "and takes one round trip together, not 100", took)
cpu = sum(map(int, open(f"/proc/{relay.process.pid}/stat").read().rpartition(")")[2].split()[11:13]))
ok(cpu <= 20, "a waiting relay does not spin", f"{cpu} ticks")
sock.close()
lines = relay.counts()
equal((lines[0][:3], len(lines)), ([440, 440, 10], 1),
      "440 bytes each way and 10 turns: the first ping answers nothing")
ok(0.4 < lines[0][3] < 30, "seconds are told", lines)

relay = Relay(echoes.port, "--rtt", 30)
sock = relay.connect()
began = time.monotonic()
sock.sendall(b"x")
sock.recv(1)
ok(0.030 <= time.monotonic() - began < 1, "--rtt is the whole round trip")
lines = relay.counts()
equal([line[:3] for line in lines], [[1, 1, 0]],
      "a connection still open at SIGTERM has its line too")
sock.close()

# ---- rate
relay = Relay(echoes.port, "--rate", 4000000)
sock = relay.connect()
sender = threading.Thread(target=lambda: (sock.sendall(bytes(1000000)),
                                          sock.shutdown(socket.SHUT_WR)))
began = time.monotonic()
sender.start()
size = len(read_all(sock))
took = time.monotonic() - began
sender.join()
equal(size, 1000000, "at a limited rate nothing is lost")
ok(0.24 <= took < 2, "1 MB at 4 MB/s takes a quarter of a second", took)
relay.counts()
sock.close()

# ---- ends
FAREWELL = bytes(range(256)) * 4000


def listen_then_speak(sock):
    asked = read_all(sock)
    sock.sendall(asked + FAREWELL)


speaker = Server(listen_then_speak)
relay = Relay(speaker.port, "--delay-ms", 10)
sock = relay.connect()
sock.sendall(b"question")
sock.shutdown(socket.SHUT_WR)
ok(read_all(sock) == b"question" + FAREWELL, "a half-closed connection still carries the answer")
sock.close()
equal([line[:2] for line in relay.counts()], [[8, 8 + len(FAREWELL)]], "and is counted")


def reset(sock):
    sock.recv(10)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


resetter = Server(reset)
relay = Relay(resetter.port)
sock = relay.connect()
sock.sendall(b"x")
try:
    seen = sock.recv(10)
except ConnectionResetError:
    seen = "reset"
equal(seen, "reset", "a reset arrives as a reset")
sock.close()
relay.counts()

deaf = socket.socket()  # bound, so that nobody else gets the port, but not listening
deaf.bind(("127.0.0.1", 0))
relay = Relay(deaf.getsockname()[1])
try:
    seen = relay.connect().recv(10)
except ConnectionResetError:
    seen = "reset"
equal(seen, "reset", "a server that does not listen is a reset")
equal(relay.counts(), [], "which is not counted")

# ---- the line is cut
for limit in (0, 1, 5, 65536, 65537, len(FAREWELL)):
    relay = Relay(speaker.port, "--cut-after", limit)
    sock = relay.connect()
    sock.shutdown(socket.SHUT_WR)
    data = read_all(sock)
    ok(data == FAREWELL[:limit], f"cut after {limit} bytes: exactly those arrive, then the end",
       len(data))
    sock.close()
    relay.counts()


def speak_and_wait(sock):
    sock.sendall(b"0123456789")
    sock.recv(1)


waiter = Server(speak_and_wait)
relay = Relay(waiter.port, "--cut-after", 4)
for i in range(3):
    sock = relay.connect()
    equal(read_all(sock), b"0123", "cut while the client is silent; each connection anew")
    sock.close()
equal([line[1] for line in relay.counts()], [4, 4, 4], "counted as delivered")

# ---- a receiver that does not read
holding = threading.Event()
silent = Server(lambda sock: sock.sendall(b"!") or holding.wait())
relay = Relay(silent.port)
sock = relay.connect()
equal(sock.recv(1), b"!", "connected")
sock.setblocking(False)
sent = 0
while select.select([], [sock], [], 0.5)[1]:
    sent += sock.send(bytes(1 << 20))
    if sent > 200 << 20:
        break
ok((32 << 20) <= sent < (64 << 20), "32 MB are held for it, then its sender has to wait", sent)
status = open(f"/proc/{relay.process.pid}/status").read()
peak = int(status.split("VmHWM:")[1].split()[0])
ok(peak < 80 << 10, "memory is bounded", f"{peak} KB")
holding.set()
relay.counts()
sock.close()

# ---- usage, and its end with a companion
companion = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
file = os.path.join(base, "port")
child = subprocess.Popen([RELAY, "--to", str(echoes.port), "--listen-file", file,
                          "--with", str(companion.pid)])
while not os.path.exists(file) and child.poll() is None:
    time.sleep(0.002)  # between polls
sock = socket.create_connection(("127.0.0.1", int(open(file).read())))
ok(not os.path.exists(file + ".new"), "--listen-file holds the port once it is there")
companion.stdin.close()
companion.wait()
equal(child.wait(30), 0, "with --with it ends when that process does")
for wrong in (["--to", "0"], ["--to", "x"], ["--to", "70000"], ["--to", "1", "--rate", "-1"], [],
              ["--to", "1", "more"], ["--what"]):
    run = subprocess.run([RELAY, *wrong], capture_output=True)
    equal(run.returncode, 64, f"usage: {' '.join(wrong)}")
finish(at_least=50)
