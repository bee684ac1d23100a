#!/usr/bin/python3
"""2,000 events, 500 tasks, 100 notes and 1,000 contacts: pulled byte for byte, in little memory; a second run asks at
most twice; 50 + 50 changes, 10 + 10 removals and 5 + 5 moves; silence."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from davmodel import Model, mixed
from harness import DavAccount, KOC
from tap import finish, note, ok

PEAK = 32 << 10  # KB
instrumented = b"__asan_init" in open(KOC, "rb").read() if os.path.exists(KOC) else False

with DavAccount("large") as a:
    run = a.measured_sync(name="first sync of 3,600 items")
    note(f"pulled in {run.seconds:.1f} s, {run.cpu * 1000:.0f} ms of CPU, {run.peak} KB, "
         f"{len(run.requests)} requests")
    ok(instrumented or run.peak <= PEAK, "in at most 32 MB", run.peak)
    ok(len(run.requests) <= 4 + 8 + 3600 / 50, "with few requests", len(run.requests))
    a.dav_equal("byte for byte", at_least=3600, exact=True)
    a.silent("a second run")
    run = a.measured_sync(name="a third one")
    note(f"nothing new: {run.seconds * 1000:.0f} ms, {run.cpu * 1000:.0f} ms of CPU, {run.peak} KB")
    model = Model(a)
    mixed(model, 50, 10, 5)
    run = a.measured_sync(name="50 + 50 changes, 10 + 10 removals, 5 + 5 moves")
    note(f"{run.seconds:.1f} s, {run.cpu * 1000:.0f} ms of CPU, {run.peak} KB")
    ok(len(run.requests) <= 65 + 2 + 2 * 8 + 16, "with few requests", len(run.requests))
    model.holds("after the changes")
    a.silent("the run after", requests=10)
    a.silent("the one after that")
finish(at_least=18)
