"""Somebody else changes things at the server just when koc is about to: a relay that does something before it passes
on what the client says."""

import re

from cutter import Cutter


class Meanwhile(Cutter):
    """In front of a server's port without TLS."""

    def __init__(self, port):
        self.pattern = self.act = None
        super().__init__(port)

    def when(self, pattern, act):
        """Once, before the first thing the client says that matches (bytes); others wait until it is done."""
        self.pattern, self.act = pattern, act

    @property
    def done(self):
        return self.act is None

    def passing(self, block):
        with self.lock:
            if self.act and re.search(self.pattern, block):
                self.act()
                self.act = None
