"""A relay that keeps every HTTP/1.1 request that passes: what a program said to a server can be said again with
another one."""

import os
import re
import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Said:
    began: float
    method: str
    target: str
    headers: list   # "Name: value" of those that matter
    body: bytes


class Recorder:
    """In front of a port on loopback; `said` is what passed, in order.  port: to listen on."""

    def __init__(self, to, port=0):
        self.to, self.said = to, []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.up, args=(client, server), daemon=True).start()
            threading.Thread(target=self.down, args=(server, client), daemon=True).start()

    def down(self, source, sink):
        try:
            while block := source.recv(1 << 16):
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def up(self, source, sink):
        held = b""
        try:
            while block := source.recv(1 << 16):
                sink.sendall(block)
                held = self.take(held + block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def take(self, held):
        """Whole requests go to `said`; what is left is returned."""
        while b"\r\n\r\n" in held:
            head, _, rest = held.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            length = next((int(l.split(":")[1]) for l in lines if l.lower().startswith("content-length:")), 0)
            if len(rest) < length:
                break
            method, target, _ = first.split(" ")
            kept = [l for l in lines if not re.match(r"(?i)(host|content-length|connection|user-agent):", l)]
            self.said.append(Said(time.monotonic(), method, target, kept, rest[:length]))
            held = rest[length:]
        return held

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # accept() would hold the port
        self.listener.close()


class Replay:
    """The same requests as curl's work: each run of requests of one kind in parallel, as many at a time as
    `width`, each group after the one before it."""

    def __init__(self, said, directory, width=8):
        self.groups, self.width = [], width
        os.makedirs(directory, exist_ok=True)
        last = None
        for n, s in enumerate(said):
            # Looking at what is there depends on what was said before it; a kind of work does not.
            kind = (s.method, s.method == "PROPFIND" and s.target, b"sync-collection" in s.body)
            if kind != last:
                self.groups.append([])
                last = kind
            body = os.path.join(directory, f"body{n}")
            with open(body, "wb") as f:
                f.write(s.body)
            self.groups[-1].append((s, body))
        self.directory = directory

    def configs(self, url):
        """Writes curl's configurations for a server; returns their paths."""
        paths = []
        for n, group in enumerate(self.groups):
            lines = []
            for s, body in group:
                lines += ["next"] if lines else []
                lines += [f'url = "{url}{s.target}"', f'request = "{s.method}"', "path-as-is",
                          'output = "/dev/null"', "silent", "fail", "compressed", 'header = "Expect:"']
                for h in s.headers:
                    escaped = h.replace("\\", "\\\\").replace('"', '\\"')
                    lines.append(f'header = "{escaped}"')
                if s.body:
                    lines.append(f'data-binary = "@{body}"')
            paths.append(os.path.join(self.directory, f"curl{n}"))
            with open(paths[-1], "w") as f:
                f.write("\n".join(lines) + "\n")
        return paths

    def script(self, url):
        """The words of a program that does it all."""
        path = os.path.join(self.directory, "replay.sh")
        with open(path, "w") as f:
            f.write("set -e\n" + "".join(
                f"curl --parallel --parallel-immediate --parallel-max {self.width} -K {p}\n"
                for p in self.configs(url)))
        return ["sh", path]
