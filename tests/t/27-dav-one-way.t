#!/usr/bin/python3
"""Calendars and contacts in one direction: read-only ones, direction = pull and push, --pull, --push, off,
removals = keep."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from davmodel import Model
from harness import DavAccount, DavServer
from tap import equal, finish, ok
import vdir


def reverted(a, name):
    """An edit, a removal and a new file in Home do not stay, and none is lost."""
    home = a.vdir.folder("Home")
    edited, removed, *rest = a.vdir.files(home)
    a.vdir.replace(edited.path, vdir.summary(edited.data, "Edited in vain"))
    os.unlink(removed.path)
    a.vdir.new(home, "new.ics", vdir.event("new-in-vain", "New in vain"))
    run = a.koc("sync")
    ok(run.status in (0, 1), f"{name}: the run ends well", run)
    ok(not [r for r in run.dav_writes() if 200 <= r.status < 300], f"{name}: nothing was written there", run)
    equal(a.vdir.file(home, edited.uid).data, edited.data, f"{name}: the edit is reverted")
    equal(a.vdir.file(home, removed.uid).data, removed.data, f"{name}: the removed file is back")
    saved = {}
    for path in a.conflicts():
        with open(os.path.join(a.store, "Conflicts", path), "rb") as f:
            saved[path] = f.read()
    ok([d for d in saved.values() if b"Edited in vain" in d], f"{name}: the edit is in Conflicts", saved)
    ok([d for d in saved.values() if b"New in vain" in d] or
       [f for f in a.vdir.files(home) if b"New in vain" in f.data], f"{name}: the new file is not lost", saved)
    a.koc("sync")
    a.silent(f"{name}: after that")
    # What changes there still comes.
    there = a.there.folder("Home")
    return there


with DavAccount((12, 2, 2, 2), server=DavServer(read_only=["home"])) as a:
    a.sync(name="first sync, Home is read-only")
    a.dav_equal(exact=True)
    reverted(a, "read-only")
    work = a.vdir.folder("Work")
    file = a.vdir.files(work)[0]
    a.vdir.replace(file.path, vdir.summary(file.data, "Edited for real"))
    run = a.sync(name="an edit in another calendar")
    equal([r.status for r in run.dav_writes()], [201], "is written")

with DavAccount((12, 2, 2, 2), folders='folder "calendars/Home" { direction = pull }') as a:
    a.sync(name="first sync, Home has direction = pull")
    there = reverted(a, "direction = pull")
    href = a.there.add(there, "later.ics", vdir.event("later", "Came later"))
    a.sync(name="what is new there still comes")
    ok(a.vdir.file(a.vdir.folder("Home"), "later"), "and is here")

with DavAccount((12, 2, 2, 6)) as a:
    a.sync(name="first sync")
    for words, sent, came in ((["--pull"], False, True), (["--push"], True, False)):
        model = Model(a)
        uids = model.take(4, "calendars", "Home")
        model.edit_there(uids[0], "Edited there " + words[0])
        model.edit_here(uids[1], "Edited here " + words[0])
        model.new_there("Friends", "New there " + words[0])
        model.new_here("Friends", "New here " + words[0])
        run = a.sync(*words)
        equal(bool(run.dav_writes()), sent, f"{words[0]}: written there: {sent}")
        here = b"".join(f.data for p in a.vdir.folders() for f in a.vdir.files(p))
        equal((f"Edited there {words[0]}".encode() in here, f"New there {words[0]}".encode() in here),
              (came, came), f"{words[0]}: came here: {came}")
        a.sync(name=f"a whole run after {words[0]}")
        model.holds(f"after {words[0]}")

with DavAccount((12, 2, 2, 2)) as a:
    a.sync()
    model = Model(a)
    a.configure(folders='folder "calendars/Home" { mode = off }')
    uids = model.take(2, "calendars", "Home")
    before = a.vdir.files(a.vdir.folder("Home"))
    model.edit_there(uids[0], "Edited while off")
    run = a.sync(name="off")
    equal(a.vdir.files(a.vdir.folder("Home")), before, "off: stays as it is")
    a.configure(folders="")
    run = a.sync(name="on again")
    ok(len([r for r in run.requests if r.method in ("GET", "PUT")]) <= 1, "downloads nothing anew", run)
    model.holds("on again")

with DavAccount((12, 2, 2, 2), folders='folder "calendars/*" { removals = keep }') as a:
    a.sync()
    model = Model(a)
    uid, = model.take(1, "calendars", "Home")
    model.remove_there(uid)
    a.sync(name="removals = keep")
    ok(a.vdir.file(a.vdir.folder("Home"), uid), "what vanished there stays here")
    a.silent("removals = keep: after that")
    ok(not [h for h, d in a.there.bodies(a.there.folder("Home")).items() if vdir.uid_of(d) == uid],
       "and is not copied back")
finish(at_least=40)
