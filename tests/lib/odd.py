"""A CalDAV and CardDAV server that misbehaves as a test wants (tests/tools/odddav.py), in this very process.

    with DavAccount("small", server=OddServer()) as a:
        a.dav.be("truncated REPORT")        # then all is as if it were so from now on
        a.sync(status=1)
        a.dav.heal()

What the test itself sees and changes (a.there) is never odd."""

import os
import sys

from private import TOP
sys.path.insert(0, os.path.join(TOP, "tests", "tools"))

import dav
import davcorpus
import odddata
import odddav
from davserver import DavServer, Request


class OddServer(DavServer):
    def __init__(self, user="alice"):
        super().__init__("odd", user)
        self.odd = odddata.Odd(user)
        self.servers = None

    def start(self):
        self.servers = odddav.Servers(self.odd)
        self.up = True
        return self

    def stop(self):
        if self.up:
            self.servers.stop()
            self.up = False

    def port(self, kind="http"):
        return self.servers.ports[0]

    def homes(self, user="alice"):
        return list(self.odd.homes.values())

    def client(self, user="alice"):
        return dav.Dav(f"http://127.0.0.1:{self.servers.ports[1]}/", user, homes=self.homes())

    def fill(self, collections, user="alice"):
        self.odd.fill(davcorpus.collections(collections) if isinstance(collections, str) else collections)

    # ---- its ways

    def be(self, *oddities):
        """In place of all before."""
        self.odd.be(*oddities)
        return self

    def heal(self):
        return self.be()

    @property
    def seen_elsewhere(self):
        """What was said to the other origin: (method, path, whether with credentials)."""
        return self.odd.seen

    # ---- what was asked

    def mark(self):
        self.odd.journal.clear()

    def settle(self):
        pass

    def requests(self):
        return [Request(*entry) for entry in list(self.odd.journal)]
