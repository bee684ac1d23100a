"""A Radicale or Xandikos of a test's own, and what was asked of it."""

import ast
import os
import re
import time
from dataclasses import dataclass

import dav
import davcorpus
from private import Private

READING = {"OPTIONS", "PROPFIND", "REPORT", "GET", "HEAD"}


@dataclass
class Request:
    """One that the server answered."""
    method: str
    path: str
    depth: str
    status: int

    def __str__(self):
        return f"{self.method} {self.path}{' Depth ' + self.depth if self.depth else ''}: {self.status}"


class DavServer(Private):
    """program: "radicale" or "xandikos"; options are those of tests/servers/PROGRAM."""

    def __init__(self, program="radicale", users="alice", **options):
        super().__init__(users, **options)
        self.program = program
        self.at = 0
        self.marks = 0
        # Whoever stands foremost logs the requests.
        self.fronted = program == "xandikos" or bool(options.get("front"))

    def start(self):
        super().start()
        self.mark()
        return self

    @property
    def scheme(self):
        return "https" if self.options.get("tls") else "http"

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port(self.scheme)}/"

    def homes(self, user="alice"):
        if self.program == "radicale":
            return [f"/{user}/"]
        return [f"/{user}/calendars/", f"/{user}/contacts/"]

    def client(self, user="alice"):
        """A connection of the test's own."""
        return dav.Dav(self.url, user, ca=self.ca, homes=self.homes(user))

    def fill(self, collections, user="alice"):
        """Puts them into its data; before it is started."""
        data = os.path.join(self.directory, "data")
        os.makedirs(data, exist_ok=True)
        davcorpus.fill(data, self.program, user, collections)

    # ---- what was asked -------------------------------------------------------------------

    @property
    def journal(self):
        return os.path.join(self.directory, "requests" if self.fronted else "log")

    def read_journal(self):
        try:
            with open(self.journal, errors="replace") as f:
                f.seek(self.at)
                return f.read()
        except FileNotFoundError:
            return ""

    def mark(self):
        """Forgets what was asked so far."""
        self.settle()
        self.at += len(self.read_journal().encode(errors="replace"))

    def settle(self):
        """Until the journal holds all that was answered: nginx writes a line just after an answer.  It
        writes them in order, so it is asked something that will be seen there."""
        if not self.fronted or not self.up:
            return
        self.marks += 1
        path = f"/.mark-{os.getpid()}-{self.marks}"
        client = self.client()
        client.request("OPTIONS", path)
        client.close()
        end = time.monotonic() + 20
        while path not in self.read_journal() and time.monotonic() < end:
            time.sleep(0.005)  # between polls

    def requests(self):
        """[Request] since the last mark()."""
        self.settle()
        found = []
        for line in self.read_journal().splitlines():
            if self.fronted:
                words = line.split(" ")
                if len(words) == 8 and not words[2].startswith("/.mark-"):
                    found.append(Request(words[1], words[2], words[3].strip("-"), int(words[4])))
                continue
            m = re.search(r"\] (\w+) response status for ('.*?'|\".*?\")(?: with depth '(\w+)')? in "
                          r"[\d.]+ seconds: (\d+)", line)
            if m:
                found.append(Request(m[1], ast.literal_eval(m[2]), m[3] or "", int(m[4])))
        return found
