#!/usr/bin/python3
"""What people and programs leave in a calendar's directory: kept as it is, told of, never lost, and no hindrance to
the rest.  What a server refuses is set aside."""
import os, sqlite3, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import DavAccount, DavServer
from tap import equal, finish, ok
import vdir

TWO = vdir.event("two-a", "First of two").replace(
    b"END:VCALENDAR\r\n", vdir.event("two-b", "Second of two").partition(b"BEGIN:VEVENT")[2].join(
        [b"BEGIN:VEVENT", b""]))
NO_UID = vdir.event("x", "Without a UID").replace(b"UID:x\r\n", b"")

with DavAccount((10, 4, 2, 4)) as a:
    a.sync(name="first sync")
    home = a.vdir.folder("Home")
    at = os.path.join(a.store, home)
    count = len(a.there.items(a.there.folder("Home")))

    # ---- what can never be sent
    kept = {"junk.ics": b"\x00\xff\xfe not a calendar at all\n", "empty.ics": b"", "two.ics": TWO,
            "no-uid.ics": NO_UID, "half.ics": vdir.event("half")[:-30], "card.ics": vdir.card("a-card", "In Home"),
            "nothing.ics": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"}
    # ---- what is no item
    others = {"README": b"my notes", "thing.tmp": vdir.event("tmp"), ".hidden.ics": vdir.event("hidden"),
              "backup.ics~": vdir.event("backup"), "order": b"3", "UPPER.ICS.bak": b"x"}
    for name, data in {**kept, **others}.items():
        a.vdir.new(home, name, data)
    os.mkdir(at + "/directory.ics")
    os.symlink("/etc/passwd", at + "/link.ics")
    # ---- what can
    good = {"a name with spaces.ics": "spaces", "100%41 ž;a.ics": "percent", "-rf.ics": "dash",
            "emoji 🎈.ics": "emoji"}
    for name, uid in good.items():
        a.vdir.new(home, name, vdir.event(uid + "@odd", uid))
    long_uid = "long-" + "0123456789" * 500
    a.vdir.new(home, "long.ics", vdir.event(long_uid, "A UID of 5,000 bytes"))
    slashes = "https://example.com/../../etc/passwd?x=y#z"
    a.vdir.new(home, "slashes.ics", vdir.event(slashes, "A UID with slashes"))
    with open(os.fsencode(at) + b"/not-utf-8-\xff.ics", "wb") as f:
        f.write(vdir.event("not-utf-8@odd", "In a file with a name that is not UTF-8"))
    run = a.koc("sync")
    ok(run.status in (0, 1), "the run goes on to its end", run)
    for name, data in {**kept, **others}.items():
        with open(f"{at}/{name}", "rb") as f:
            equal(f.read(), data, f"{name}: is as it was")
    there = {vdir.uid_of(d) for d in a.there.bodies(a.there.folder("Home")).values()}
    for uid in [u + "@odd" for u in good.values()] + [slashes]:
        ok(uid in there, f"{uid}: is on the server")
    ok(os.path.exists(f"{at}/long.ics"), "the long UID's file is here")
    ok(os.path.exists(os.fsencode(at) + b"/not-utf-8-\xff.ics"), "and the one with the odd name")
    ok(os.path.islink(at + "/link.ics") and os.path.isdir(at + "/directory.ics"), "links and directories stay")
    ok(not [u for u in there if u in ("tmp", "hidden", "backup", "two-a", "two-b")],
       "what is no item was not sent", there)
    said = run.out + run.err + a.koc("status").out
    for name in ("junk.ics", "two.ics", "no-uid.ics"):
        ok(name in said, f"{name} is told of", said)
    for n in range(2):
        again = a.koc("sync")
        ok(again.status in (0, 1) and not again.dav_writes(), f"run {n + 2} sends nothing again", again)

    # Mended, it goes.
    a.vdir.new(home, "no-uid.ics", vdir.event("now-with@odd", "With a UID"))
    a.vdir.new(home, "half.ics", vdir.event("half", "Whole"))
    a.koc("sync")
    there = {vdir.uid_of(d) for d in a.there.bodies(a.there.folder("Home")).values()}
    ok({"now-with@odd", "half"} <= there, "what was mended is sent", there)

# ---- duplicates
with DavAccount((10, 4, 2, 4)) as a:
    a.sync(name="first sync")
    home = a.vdir.folder("Home")
    file = a.vdir.files(home)[0]
    count = len(a.there.items(a.there.folder("Home")))
    a.vdir.new(home, "a copy.ics", file.data)
    a.vdir.new(home, "another copy.ics", vdir.summary(file.data, "A copy with another text"))
    run = a.koc("sync")
    ok(run.status in (0, 1), "three files with one UID", run)
    equal(len(a.there.items(a.there.folder("Home"))), count, "the server has it once")
    equal(len([f for f in a.vdir.files(home) if f.uid == file.uid]), 3, "all three stay here")
    ok("A copy with another text" in b"".join(f.data for f in a.vdir.files(home)).decode(), "as they are")
    again = a.koc("sync")
    ok(not again.dav_writes(), "the next run sends nothing", again)
    equal(a.vdir.files(home)[0].uid and len([f for f in a.vdir.files(home) if f.uid == file.uid]), 3, "nor loses one")
    # The copies go: all is as before.
    os.unlink(f"{a.store}/{home}/a copy.ics")
    os.unlink(f"{a.store}/{home}/another copy.ics")
    a.sync(name="the copies removed")
    equal(len(a.there.items(a.there.folder("Home"))), count, "removes nothing there")
    a.dav_equal("both sides are equal")
    a.silent("and silence")

# ---- refused by the server
with DavAccount((10, 4, 2, 4), server=DavServer(max_content_length=30000)) as a:
    a.sync(name="first sync")
    home = a.vdir.folder("Home")
    a.vdir.new(home, "big.ics", vdir.event("big@odd", "x" * 60000))
    a.vdir.new(home, "small.ics", vdir.event("small@odd", "Small"))
    run = a.sync(status=1, name="an item that the server refuses: status 1")
    ok("big" in run.out + run.err, "it is named", run)
    there = {vdir.uid_of(d) for d in a.there.bodies(a.there.folder("Home")).values()}
    ok("small@odd" in there and "big@odd" not in there, "the rest goes on", there)
    again = a.koc("sync")
    ok(again.status == 0 and "PUT" not in [r.method for r in again.requests], "it is not tried again at once", again)
    ok("big" in a.koc("status").out, "koc status tells")
    a.vdir.replace(f"{a.store}/{home}/big.ics", vdir.event("big@odd", "Smaller"))
    a.sync(name="made smaller it is sent at once")
    a.dav_equal("both sides are equal")
# A file that became something else is not gone: its event stays on the server.
with DavAccount((6, 0, 0, 0)) as a:
    a.sync(name="before")
    home = a.vdir.folder("Home")
    files = a.vdir.files(home)
    count = len(a.there.items(a.there.folder("Home")))
    os.rename(files[0].path, a.base + "/elsewhere")
    os.symlink(a.base + "/elsewhere", files[0].path)
    os.unlink(files[1].path)
    os.mkdir(files[1].path)
    run = a.sync(status=1, name="a link and a directory in the place of two events: status 1")
    equal(len(a.there.items(a.there.folder("Home"))), count, "nothing was removed on the server")
    equal(run.err.count("has its name here"), 2, "both are told")
    os.unlink(files[0].path)
    os.rename(a.base + "/elsewhere", files[0].path)
    os.rmdir(files[1].path)
    with sqlite3.connect(a.store + "/.koc/dav.db") as db:  # as if a day had passed
        db.execute("UPDATE pending SET next = 0")
    db.close()
    a.sync(name="the one came back, the other is gone")
    equal(len(a.there.items(a.there.folder("Home"))), count - 1, "now it was removed")
    a.dav_equal(at_least=count - 1)

finish(at_least=40)
