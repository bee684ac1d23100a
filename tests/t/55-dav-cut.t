#!/usr/bin/python3
"""Calendars and contacts: the line breaks after so many bytes from the server, also just after it did what it was
asked to; at most two more runs finish the work, nothing is done twice, nothing is in conflict with oneself."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
from cutter import Cutter
from tap import finish, ok

POINTS = 24

with killing.DavScenario(killing.dav_changes) as scenario:
    for i in range(-1, POINTS):
        a = scenario.make(f"u{i}" if i >= 0 else "u399")
        with a:
            cutter = Cutter(a.dav.port("http"))
            # The same address throughout: it is the line that breaks.
            a.dav_url = f"http://127.0.0.1:{cutter.port}/"
            a.configure(folders="")
            a.koc("sync")
            scenario.change(a)
            at = None if i < 0 else size * (2 * i + 1) // (2 * POINTS)
            cutter.mend(at)
            run = a.koc("sync", limit=60)
            if i < 0:
                size = cutter.passed
                ok(run.status == 0, "through a whole line", run)
                ok(size > 3000, "some bytes came", size)
            else:
                ok(run.status == 75, f"cut after {at} bytes: status 75", run)
            cutter.mend()
            scenario.recovers(a, f"cut after {at} bytes")
            cutter.close()
finish(at_least=2 * POINTS + 4)
