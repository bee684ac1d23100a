#!/usr/bin/python3
"""A server that asks to be left alone for a while is; one that wants another login, or sends koc to other hosts."""
import email.utils, os, sys, time; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from oddcase import OddCase
from tap import equal, finish, ok

# 429 and 503, to any request, with seconds or a date.
date = email.utils.formatdate(time.time() + 7200, usegmt=True).replace(" ", "_")
WAITS = ["status=503,3600 PROPFIND", "status=429,3600 PROPFIND", f"status=503,{date} PROPFIND",
         "status=503,3600 REPORT", "status=429,3600 PUT", "status=503,3600 DELETE"]
for wait in WAITS:
    name = wait.replace(date, "DATE")
    with OddCase() as a:
        gone = a.change()
        before = a.snapshot()
        a.dav.be(wait)
        run = a.sync(status=75, name=f"{name}: status 75")
        ok("asks to wait until" in run.err, f"{name}: told until when", run)
        asked = [r.status for r in run.requests]
        ok(int(wait[7:10]) in asked and len(asked) <= 14, f"{name}: nothing more is asked", run)
        a.harmless(before, a.snapshot(), gone, name)
        a.dav.heal()
        run = a.sync(status=75, name=f"{name}: the next run: status 75")
        equal(run.requests, [], f"{name}: and not one request")
        ok("wait" in a.koc("status").out, f"{name}: koc status tells")
        a.later()
        a.sync(name=f"{name}: later")
        a.dav_equal(f"{name}: equal", at_least=a.LEAST)

# Without a time, and with nonsense for one: 75, and the next run tries again.
for wait in ("status=503 PROPFIND", "status=429 PROPFIND", "status=503,soon PROPFIND", "status=429,-5 PROPFIND"):
    with OddCase() as a:
        gone = a.change()
        before = a.snapshot()
        a.dav.be(wait)
        run = a.koc("sync")
        ok(run.status in (69, 75) and run.err, f"{wait}: told", run)
        a.harmless(before, a.snapshot(), gone, wait)
        a.dav.heal()
        a.sync(name=f"{wait}: the next run")
        a.dav_equal(f"{wait}: equal", at_least=a.LEAST)

# A time beyond reason is no reason to wait for ever.
with OddCase() as a:
    a.dav.be("status=503,99999999999 PROPFIND")
    a.sync(status=75, name="to wait for 3,000 years")
    a.dav.heal()
    a.later()
    a.sync(name="later")

# The login.
for way in ([], ["digest"]):
    name = "Digest" if way else "Basic"
    with OddCase(*way) as a:
        before = a.snapshot()
        a.configure(password="wrong")
        run = a.sync(status=77, name=f"{name}: a wrong password: status 77")
        ok("login" in run.err and "wrong" not in run.err, f"{name}: told, without the password", run)
        ok(len(run.requests) <= 6, f"{name}: and not tried over and over", run)
        equal(a.snapshot()[:2], before[:2], f"{name}: nothing is lost")
        a.configure()
        a.sync(name=f"{name}: the right one")
with OddCase() as a:
    gone = a.change()
    a.dav.be("digest")
    a.sync(name="Basic no more, but Digest")
    a.dav_equal("equal", at_least=a.LEAST)

# Elsewhere: of every method, and never with the password.
for method in ("PROPFIND", "REPORT", "PUT", "DELETE", "MOVE", "MKCALENDAR|MKCOL"):
    with OddCase() as a:
        a.vdir.make("tasks/Chores")
        a.vdir.move(a.vdir.file(a.vdir.folder("Home"), "odd-4@calendars").path, a.vdir.folder("Work"))
        gone = a.change()
        before = a.snapshot()
        a.dav.be(f"other {method}")
        run = a.koc("sync")
        a.harmless(before, a.snapshot(), gone, f"{method} redirected to another origin")
        equal(a.dav.seen_elsewhere, [], f"{method}: nobody goes there")
        a.dav.heal()
        a.later()
        a.sync(name=f"{method}: the healed server")
        a.dav_equal(f"{method}: equal", at_least=a.LEAST)
finish(at_least=100)
