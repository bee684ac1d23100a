#!/usr/bin/python3
"""What a server refuses: items, changes to what is read-only, moves, new collections, and collections that it does not
list any more.  What is refused is told and kept; everything else goes on."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from oddcase import OddCase, vdir
from tap import equal, finish, ok

MEETING = vdir.event("meet@test", "A meeting", extra="ORGANIZER:mailto:a@test.example\r\nATTENDEE:mailto:b@test.example\r\n")


def uids(a, title):
    return {f.uid for f in a.vdir.files(a.vdir.folder(title))}


def there(a, title):
    return {vdir.uid_of(d) for d in a.there.bodies(a.there.folder(title)).values()}


# One item.
for way in ([], ["error207"]):
    name = ", ".join(["refused", *way])
    with OddCase(*way) as a:
        home = a.vdir.folder("Home")
        path = a.vdir.new(home, "ugly.ics", vdir.event("bad@test", "An ugly one"))
        a.vdir.new(home, "fine.ics", vdir.event("good@test", "A fine one"))
        a.dav.be("refuse=ugly", *way)
        run = a.sync(status=1, name=f"{name}: status 1")
        ok("ugly.ics" in run.err and "valid-calendar-data" in run.err, f"{name}: told, with the reason", run)
        ok("good@test" in there(a, "Home"), f"{name}: the other one is sent")
        ok(os.path.exists(path), f"{name}: it is kept")
        ok("valid-calendar-data" in a.koc("status").out, f"{name}: koc status lists it")
        run = a.sync(name=f"{name}: between tries it is no failure")
        ok(not run.dav_writes(), f"{name}: it is not tried again at once", run)
        a.vdir.edit(path, b"ugly", b"nice")
        a.sync(name=f"{name}: mended, it is sent")
        a.dav_equal(f"{name}: equal", at_least=a.LEAST)
        ok("ugly" not in a.koc("status").out, f"{name}: and listed no more")

# "Not found", of what is there: nothing was removed, and that is not passed over.
with OddCase() as a:
    os.unlink(a.vdir.file(a.vdir.folder("Home"), "odd-3@calendars").path)
    a.dav.be("status=404 DELETE")
    run = a.sync(status=1, name="a removal that finds nothing: status 1")
    ok("DELETE: 404, but it is there" in run.err, "told", run)
    a.later()
    a.dav.heal()
    a.sync(name="the healed server takes it")
    ok("odd-3@calendars" not in there(a, "Home"), "and it is gone there")
    a.dav_equal("equal", at_least=a.LEAST)

# A UID that another calendar has: looked for once more, since somebody may just have put it there; then set aside.
for oddity in ("unique", "unique-mute"):
    with OddCase() as a:
        a.vdir.new(a.vdir.folder("Work"), "twin.ics", vdir.event("odd-3@calendars", "A twin"))
        a.dav.be(oddity)
        run = a.sync(status=1, name=f"{oddity}: status 1")
        ok("twin.ics" in run.err and "no-uid-conflict" in run.err, f"{oddity}: told, with the reason", run)
        run = a.sync(name=f"{oddity}: between tries it is no failure")
        ok(not run.dav_writes(), f"{oddity}: it is not tried again at once", run)

# A calendar that can only be read: local changes are undone, and what somebody wrote is in Conflicts.
with OddCase() as a:
    home = a.vdir.folder("Home")
    before = a.snapshot()
    a.dav.be("read-only")
    a.vdir.edit(a.vdir.file(home, "odd-3@calendars").path, b"Item 3", b"My own words")
    os.unlink(a.vdir.file(home, "odd-5@calendars").path)
    mine = a.vdir.new(home, "mine.ics", vdir.event("mine@test"))
    run = a.koc("sync")
    ok(run.status == 1 and "read-only" in run.err, "read-only: status 1, and says so", run)
    ok(not run.dav_writes(), "read-only: nothing is sent", run)
    equal(a.snapshot()[0], before[0], "read-only: the server is as it was")
    ok("odd-5@calendars" in uids(a, "Home"), "read-only: a file that was removed is back")
    ok(b"Item 3" in a.vdir.file(home, "odd-3@calendars").data, "read-only: an edit is undone")
    kept = b"".join(open(os.path.join(at, f), "rb").read() for at, _, files in
                    os.walk(os.path.join(a.store, "Conflicts")) for f in files)
    ok(b"My own words" in kept, "read-only: and kept in Conflicts")
    ok(os.path.exists(mine), "read-only: a new file stays")
    a.silent("read-only: the next run")
    a.dav.heal()
    a.later()
    a.sync(name="read-only no more")
    a.dav_equal("read-only no more: equal", at_least=a.LEAST)
    ok("mine@test" in there(a, "Home"), "and the new file is sent")

# Moves between calendars, however the server takes them.  A meeting is never removed before it is there: its
# participants would get mail.
MOVES = [(["unique"], 0), (["no-move"], 0), (["unique", "no-move"], 1), (["status=403 MOVE"], 0),
         (["error207", "no-move"], 0), (["cut MOVE"], 0), (["nothing MOVE"], 1), (["cut PUT", "no-move"], 0),
         (["cut DELETE", "no-move"], 0), (["renames", "no-move"], 0), (["no-etag", "no-move"], 0)]
for oddities, status in MOVES:
    name = ", ".join(["a move", *oddities])
    with OddCase() as a:
        home, work = a.vdir.folder("Home"), a.vdir.folder("Work")
        a.vdir.new(home, "meet.ics", MEETING)
        a.sync(name=f"{name}: before")
        a.vdir.move(a.vdir.file(home, "odd-4@calendars").path, work)
        a.vdir.move(a.vdir.file(home, "meet@test").path, work)
        before = a.snapshot()
        a.dav.be(*oddities)
        a.sync(status=status, name=f"{name}: status {status}")
        both = there(a, "Home") | there(a, "Work")
        ok({"odd-4@calendars", "meet@test"} <= both, f"{name}: both are on the server", both)
        if not status:
            a.dav_equal(f"{name}: equal", at_least=a.LEAST)
        if "unique" in oddities and status:
            ok("meet@test" in there(a, "Home"), f"{name}: the meeting has stayed where it was")
            ok("odd-4@calendars" in there(a, "Work"), f"{name}: the other one has moved")
        a.dav.heal()
        a.later()
        a.sync(name=f"{name}: the healed server")
        a.dav_equal(f"{name}: the healed server: equal", at_least=a.LEAST)
        equal([u in there(a, "Work") for u in ("odd-4@calendars", "meet@test")], [True, True], f"{name}: both have moved")

# An edit that slips in before a move is not missed.
with OddCase() as a:
    home, work = a.vdir.folder("Home"), a.vdir.folder("Work")
    a.vdir.move(a.vdir.file(home, "odd-4@calendars").path, work)
    a.dav.be("edited-move")
    a.sync(name="a move, and an edit there just before")
    a.dav.heal()
    a.dav_equal("equal, the edit included", at_least=a.LEAST)
    ok(b"Edited there" in a.vdir.file(work, "odd-4@calendars").data, "the edit is here")

# A new collection.
with OddCase() as a:
    a.vdir.make("tasks/Chores")
    path = a.vdir.new("tasks/Chores", "wash.ics", vdir.task("wash@test"))
    a.dav.be("no-mkcol")
    run = a.sync(status=1, name="no new collections: status 1")
    ok("tasks/Chores" in run.err and "403" in run.err and os.path.exists(path), "told, and kept", run)
    a.dav.be("cut MKCALENDAR|MKCOL")
    a.sync(status=1, name="cut while a collection is made")
    a.dav.heal()
    a.sync(name="the healed server takes it")
    a.dav_equal("and it is there once", at_least=a.LEAST)
    equal([f.title for f in a.there.folders()].count("Chores"), 1, "by one name")

# Collections that are not listed any more: what is in them stays here until somebody says so.
with OddCase() as a:
    before = a.snapshot()
    for oddity in ("hidden=home", "hidden=."):
        a.dav.be(oddity)
        run = a.sync(status=3, name=f"{oddity}: status 3")
        ok("calendars/Home" in run.err and "held" in run.err, f"{oddity}: told", run)
        equal(a.snapshot()[:2], before[:2], f"{oddity}: all is still here")
        a.dav.heal()
        a.sync(name=f"{oddity}: back")
        a.dav_equal(f"{oddity}: equal", at_least=a.LEAST)
    for f in a.there.items("/calendars/alice/home/"):
        a.there.delete(f)
    a.sync(status=3, name="a calendar that is all empty: status 3")
    equal(a.snapshot()[1], before[1], "all is still here")
    a.sync("--allow-removals", "calendars/Home", name="koc sync --allow-removals")
    equal(uids(a, "Home"), set(), "lets it pass")
    a.dav_equal("equal", at_least=20)
finish(at_least=150)
