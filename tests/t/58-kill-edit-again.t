#!/usr/bin/python3
"""Killed at every durable step of a run that uploads, and edited once more before the next one: nobody is in conflict
with himself.  Every item ends as it was left here, on both sides."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import harness, vdir
from clash import conflicts, lost
from killing import MOST
from tap import equal, finish, ok

EDITED = 5  # of the calendar; of them the last one is left as it was sent, the one before removed


def texts(a, path, folder):
    """{UID: what it says} here and there."""
    return ({f.uid: vdir.summary_of(f.data) for f in a.vdir.files(path)},
            {vdir.uid_of(d): vdir.summary_of(d) for d in a.there.bodies(folder).values()})


def once(a, n):
    """Whether the run was killed."""
    a.koc("sync")
    path, folder = a.vdir.folder("Home"), a.there.folder("Home")
    files = a.vdir.files(path)[:EDITED]
    assert len(files) == EDITED
    want, _ = texts(a, path, folder)
    for i, f in enumerate(files):
        a.vdir.replace(f.path, vdir.summary(f.data, f"First {i}"))
    for i in range(3):
        a.vdir.new(path, f"new{i}.ics", vdir.event(f"new{i}@test", f"New {i}"))
    run = a.koc("sync", env={"KOC_TEST_KILL_AT": str(n)} if n else None)
    ok(run.status == (-9 if run.status and n else 0), f"step {n}: killed", run)

    # The user goes on: edits, removes, leaves as it is.
    for i, f in enumerate(files[:EDITED - 2]):
        a.vdir.replace(f.path, vdir.summary(f.data, f"Second {i}"))
        want[f.uid] = f"Second {i}"
    os.unlink(files[-2].path)
    del want[files[-2].uid]
    want[files[-1].uid] = f"First {EDITED - 1}"
    for i in range(2):
        a.vdir.replace(os.path.join(a.store, path, f"new{i}.ics"), vdir.event(f"new{i}@test", f"New again {i}"))
        want[f"new{i}@test"] = f"New again {i}"
    want["new2@test"] = "New 2"
    more = 0
    while more < 2:
        more += 1
        if a.koc("sync").status == 0 and texts(a, path, folder) == (want, want):
            break
    here, there = texts(a, path, folder)
    equal((here, there), (want, want), f"step {n}: as the user left it, after {more} more")
    equal((conflicts(a), lost(a)), ([], {}), f"step {n}: no conflict")
    a.silent(f"step {n}: after that")
    return run.status != 0


for program in ("radicale", "xandikos"):
    items = [c for c in harness.davcorpus.collections("small", (10, 0, 0, 0)) if c.title == "Home"]
    server = harness.DavServer(more_users=100).start() if program == "radicale" else None
    stopped = n = 0
    while n < MOST:
        n += 1 if server else 3
        user = f"u{n}" if server else "alice"
        with harness.DavAccount(items, server=server or program, user=user) as a:
            if not once(a, n):
                break
            stopped += 1
    ok(stopped > (10 if server else 3), f"{program}: there were so many steps", stopped)
    ok(n < MOST, f"{program}: and an end of them", n)
    if server:
        server.stop()
finish(at_least=60)
