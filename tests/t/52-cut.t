#!/usr/bin/python3
"""The line breaks after so many bytes from the server, also just after it did what it was asked to: at most
two more runs finish the work, and nothing is done twice."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
from cutter import Cutter
from tap import finish, ok

POINTS = 24


def through(a, limit=None):
    """A run through a line that breaks after `limit` bytes; (run, bytes that came through)."""
    cutter = Cutter(a.host.port(), limit)
    a.configure(url=f"imaps://127.0.0.1:{cutter.port}")
    run = a.koc("sync", limit=60)
    cutter.close()
    a.configure()
    return run, cutter.passed


with killing.Scenario(killing.mail(), killing.changes) as scenario:
    with scenario.account("whole") as a:
        run, size = through(a)
        ok(run.status == 0, "through a whole line", run)
        ok(size > 3000, "some bytes came", size)
    for i in range(POINTS):
        with scenario.account(f"u{i}") as a:
            at = size * (2 * i + 1) // (2 * POINTS)
            run, passed = through(a, at)
            ok(run.status == 75, f"cut after {at} bytes: status 75", run)
            scenario.recovers(a, f"cut after {at} bytes")
finish(at_least=2 * POINTS + 4)
