#!/usr/bin/python3
"""khal lists what koc pulled; what it makes and edits reaches the server."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import DavAccount
from readers import Khal
from tap import equal, finish, ok, skip_all
import vdir

if not os.path.exists("/usr/bin/khal"):
    skip_all("needs khal")

with DavAccount((60, 2, 2, 2)) as a:
    a.sync(name="first sync")
    khal = Khal(a)
    titles = sorted(f.title for f in a.there.folders() if f.kind == "calendars")
    equal(khal.calendars(), titles, "khal names the calendars as the server does")
    found = {}
    for calendar, uid, _, _ in khal.events("2025-11-01", 800):
        found.setdefault(calendar, set()).add(uid)
    wanted = {}
    for folder in a.there.folders():
        if folder.kind == "calendars":
            wanted[folder.title] = {vdir.uid_of(d) for d in a.there.bodies(folder).values()}
    equal({t: len(u) for t, u in found.items()}, {t: len(u) for t, u in wanted.items()},
          "it finds as many events in each")
    equal(found, wanted, "and the same ones")
    ok(sum(map(len, found.values())) >= 60, "all of them")

    khal.run("new", "-a", "Home", "2026-12-05", "10:00", "11:00", "Made by khal, žluťoučký")
    run = a.sync(name="an event made by khal")
    equal([r.method for r in run.dav_writes()], ["PUT"], "is one PUT")
    there = [d for d in a.there.bodies(a.there.folder("Home")).values() if "Made by khal, žluť".encode()
             in vdir.unfold(d).replace(b"\\,", b",")]
    ok(len(there) == 1 and b"20261205T100000" in there[0], "and is on the server", there)
    a.dav_equal("after khal new")
    a.sync()
    a.silent("after khal new")

    # khal sees what koc changes here.
    href, data = next(iter(a.there.bodies(a.there.folder("Home")).items()))
    a.there.put(href, vdir.summary(data, "Changed on the server"))
    a.there.add(a.there.folder("Work"), "new.ics", vdir.event("new@there", "New on the server", "20261206T100000Z"))
    a.sync(name="changes on the server")
    listed = {(c, u, t) for c, u, t, _ in khal.events("2025-11-01", 800)}
    uid = vdir.uid_of(data)
    ok(any(u == uid and t.startswith("Changed on the server") for _, u, t in listed), "khal shows the change",
       [x for x in listed if x[1] == uid])
    ok(("Work", "new@there", "New on the server") in listed, "and the new one")

    run = khal.run("import", "-a", "Work", "--batch", a.vdir.file(a.vdir.folder("Home"), uid).path)
    made = [f for f in a.vdir.files(a.vdir.folder("Work")) if f.uid == uid]
    equal(len(made), 1, "khal import made a file in another calendar")
    a.sync(name="an event imported into a second calendar")
    ok([d for d in a.there.bodies(a.there.folder("Work")).values() if vdir.uid_of(d) == uid], "is there in both")
    a.dav_equal("after khal import")
    a.no_conflict()
finish(at_least=16)
