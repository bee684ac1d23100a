#!/usr/bin/python3
"""Changes on both sides at once: new, edited, removed and moved events, tasks, notes and contacts; then silence."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from davmodel import Model, mixed
from harness import DavAccount
from tap import equal, finish, ok
import vdir

for program, counts, changes, removals, moves in (("radicale", (180, 60, 20, 90), 50, 10, 5),
                                                  ("xandikos", (24, 8, 4, 12), 8, 2, 2)):
    with DavAccount(counts, server=program) as a:
        a.sync(name=f"{program}: first sync")
        model = Model(a)
        mixed(model, changes, removals, moves)
        before = a.tree()
        run = a.sync("-n", name=f"{program}: a dry run")
        ok(not run.dav_writes(), f"{program}: writes nothing there", run)
        equal(a.tree(), before, f"{program}: and nothing here")
        run = a.sync(name=f"{program}: {changes} + {changes} changes, {removals} + {removals} removals, "
                     f"{moves} + {moves} moves")
        verbs = [r.method for r in run.dav_writes()]
        if program == "radicale":
            equal({v: verbs.count(v) for v in set(verbs)},
                  {"PUT": changes, "DELETE": removals, "MOVE": moves}, "each change is one request")
        else:
            equal(verbs.count("PUT"), changes + moves, "a move without MOVE is a PUT")
            equal(verbs.count("DELETE"), removals + moves, "and a DELETE")
        model.holds(program)
        a.silent(f"{program}: the run after", requests=2 + len(model.folders))
        a.silent(f"{program}: the one after that")

with DavAccount("small") as a:
    a.sync(name="first sync with odd names")
    model = Model(a)
    odd = [u for u, (f, _, _) in model.there.items() if f.title in ("Home", "Work") and
           ("odd.example.com" in u or "/" in u or len(u) > 200)]
    ok(len(odd) >= 10, "there are odd names", len(odd))
    for n, uid in enumerate(odd):
        # Radicale takes the Destination of a MOVE as it stands: "%20" becomes "%2520".
        (model.move_here if n % 2 else model.move_there)(uid, "Work" if model.where[uid] == "Home" else "Home")
    run = a.sync(name="moves of items with odd names")
    equal({r.method for r in run.dav_writes()}, {"MOVE"}, "are moves on the server")
    model.holds("odd names")
    a.sync()
    a.silent("odd names: after that")

with DavAccount((20, 6, 4, 8)) as a:
    a.sync()
    model = Model(a)
    # One of each, on each side, alone: what else may be asked is seen.
    home, todo, notes, friends = "Home", "To do", "Notes", "Friends"
    for title, kind in ((home, "calendars"), (todo, "tasks"), (notes, "notes"), (friends, "contacts")):
        model.look()
        uid, = model.take(1, kind, title)
        name = os.path.basename(model.here[uid].path)
        model.edit_there(uid, f"Edited there {kind}")
        run = a.sync(name=f"{kind}: an edit there")
        ok(not run.dav_writes() and len(run.requests) <= 4, f"{kind}: comes with few requests", run)
        equal(os.path.basename(a.vdir.file(model.path(title), uid).path), name, f"{kind}: the file keeps its name")
        model.look()
        model.edit_here(uid, f"Edited here {kind}", in_place=True)
        run = a.sync(name=f"{kind}: an edit in place here")
        equal([r.method for r in run.dav_writes()], ["PUT"], f"{kind}: is one PUT")
        model.holds(kind)
        model.look()
        model.remove_here(uid)
        run = a.sync(name=f"{kind}: a removal here")
        equal([r.method for r in run.dav_writes()], ["DELETE"], f"{kind}: is one DELETE")
        model.holds(kind)
    # A file renamed in its calendar is the same item.
    model.look()
    uid, = model.take(1, "calendars", home)
    os.rename(model.here[uid].path, os.path.dirname(model.here[uid].path) + "/another name.ics")
    run = a.sync(name="a renamed file")
    ok(not run.dav_writes(), "is nothing to the server", run)
    model.holds("renamed")
    model.look()
    model.edit_there(uid, "Edited after a rename")
    a.sync()
    ok(b"Edited after a rename" in a.vdir.file(model.path(home), uid).data, "and it still is that item")
    equal(os.path.basename(a.vdir.file(model.path(home), uid).path), "another name.ics", "under its new name")
    # Renamed and edited; moved and edited.
    model.look()
    uid, other = model.take(2, "calendars", home)
    model.edit_here(uid, "Renamed and edited")
    os.rename(model.here[uid].path, os.path.dirname(model.here[uid].path) + "/yet another.ics")
    model.edit_here(other, "Moved and edited")
    model.move_here(other, "Work")
    a.sync(name="renamed and edited, moved and edited")
    model.holds("renamed and edited, moved and edited")
    # Both sides move one item, to different places: the server's place wins.
    model.look()
    uid, = model.take(1, "calendars", home)
    model.move_here(uid, "Work")
    model.move_there(uid, "Család & Freunde ✈")
    a.sync(name="moved on both sides")
    model.holds("moved on both sides: the server's place")
    # Touched, not changed.
    for file in a.vdir.files(model.path(home)):
        os.utime(file.path)
    run = a.sync(name="touched files")
    ok(not run.dav_writes(), "are no change", run)
    # The same edit on both sides, written differently.
    model.look()
    uid, = model.take(1, "calendars", home)
    model.edit_there(uid, "The same on both sides")
    file = model.here[uid]
    a.vdir.replace(file.path, vdir.summary(file.data, "The same on both sides").replace(b"\r\n", b"\n"))
    run = a.sync(name="the same edit on both sides")
    model.holds("the same edit on both sides")
    a.sync()
    a.silent()
finish(at_least=60)
