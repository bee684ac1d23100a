#!/usr/bin/python3
"""What koc status tells of calendars: changes here, conflicts, what the server refused, until when it asked to
be left alone; offline, writing nothing, beside a run too."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, shutil, socket, time
import vdir
from harness import DavAccount, end_program
from odd import OddServer
from tap import equal, finish, ok


def status(a):
    run = a.koc("status", "--json")
    ok(run.status == 0 and run.err == "" and not run.requests, "koc status asks no server", run)
    (service,) = json.loads(run.out)
    return service


def changed(a):
    return {f["folder"]: (f["new"], f["edited"], f["removed"], f["flags"]) for f in status(a)["changed-here"]}


server = OddServer()
with DavAccount("demo", server=server) as a:
    a.sync()
    equal(changed(a), {}, "after a run there is nothing to tell")
    home = a.vdir.folder("Home", "calendars")
    work = a.vdir.folder("Work", "calendars")
    friends = a.vdir.folder("Friends", "contacts")
    first, second, third, *_ = a.vdir.files(home)
    a.vdir.new(home, "new.ics", vdir.event("new"))
    a.vdir.overwrite(first.path, vdir.summary(first.data, "Edited here"))
    a.vdir.replace(second.path, second.data)
    a.vdir.move(third.path, work)
    os.unlink(a.vdir.files(friends)[0].path)
    a.vdir.make("tasks/Made here", "Made here")
    a.vdir.new("tasks/Made here", "t.ics", vdir.task("t"))
    wanted = {home: (1, 1, 1, 0), work: (1, 0, 0, 0), friends: (0, 0, 1, 0), "tasks/Made here": (1, 0, 0, 0)}
    tree = a.tree()
    with open(a.store + "/.koc/dav.db", "rb") as f:
        state = f.read()
    a.disconnect()
    server.stop()
    equal(changed(a), wanted, "new, edited, removed, by folder; a file that was written as it was is not edited")
    run = a.koc("status")
    ok(f"    {home}: 1 new, 1 edited, 1 removed\n" in run.out, "people are told", run)
    equal(a.tree(), tree, "no file was changed")
    with open(a.store + "/.koc/dav.db", "rb") as f:
        ok(f.read() == state, "nor the state")

    # Beside a run: one that waits for a server that accepts and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as mute:
        a.configure(dav_url=f"http://127.0.0.1:{mute.getsockname()[1]}/")
        waiting = a.begin("sync")
        mute.settimeout(60)
        connection, _ = mute.accept()
        equal(changed(a), wanted, "the same while a run holds the lock")
        waiting[0].kill()
        end_program(*waiting, time.monotonic())
        connection.close()

server = OddServer()
with DavAccount("demo", server=server) as a:
    a.sync()
    home = a.vdir.folder("Home", "calendars")
    there = a.there.folder("Home")
    file = a.vdir.files(home)[0]
    href = next(h for h, body in a.there.bodies(there).items() if vdir.uid_of(body) == file.uid)
    a.there.put(href, vdir.summary(file.data, "Edited there"), etag=a.there.items(there)[href])
    a.vdir.replace(file.path, vdir.summary(file.data, "Edited here"))
    a.sync(name="an event that was edited on both sides")
    (conflict,) = status(a)["conflicts"]
    equal((conflict["folder"], conflict["why"]), (home, "edited on both sides"), "is in koc status")
    with open(os.path.join(a.store, conflict["path"]), "rb") as f:
        ok(b"SUMMARY:Edited here" in f.read(), "with the path of what lost")

    # Refused: set aside with the server's reason; what is allowed goes on.
    server.be("refuse=Unwanted")
    a.vdir.new(home, "refused.ics", vdir.event("refused", "Unwanted"))
    a.vdir.new(home, "taken.ics", vdir.event("taken", "Welcome"))
    run = a.sync("--json", status=1, name="an event that the server refuses: 1")
    (service,) = json.loads(run.out)
    equal((service["pushed"], service["set-aside"]), (1, 1), "the other one is taken")
    (aside,) = status(a)["set-aside"]
    ok(aside["folder"] == home and "403" in aside["reason"] and aside["tries"] == 1 and
       aside["next"] == status(a)["next-retry"], "koc status knows why, and when it is tried again", aside)
    run = a.sync(name="until then the runs end with 0")
    equal(run.out + run.err, "", "without a word")

    # A race that is lost in every round is for the next run, and told.
    server.be("status=412 PUT")
    file = a.vdir.files(home)[1]
    a.vdir.replace(file.path, vdir.summary(file.data, "Raced"))
    run = a.sync(status=1, name="a race that cannot be won: 1")
    equal(run.err, "koc: test: 1 item changed during the run; the next one looks again\n", "the run says why")
    equal(status(a)["waiting"]["raced"], 1, "and koc status")
    server.heal()
    a.sync(name="the next run does it")
    equal(status(a)["waiting"]["raced"], 0, "and nothing waits")

    # Asked to wait: nothing is asked until then.
    server.be("status=503,1000")
    run = a.sync(status=75, name="a server that asks to wait: 75")
    until = status(a)["server-waits-until"]
    ok(until and run.requests, "koc status knows until when", (until, run))
    server.heal()
    run = a.sync(status=75, name="the next run: 75")
    ok(not run.requests and len(run.err.splitlines()) == 1, "without asking, in one line", run)
    run = a.koc("status")
    ok("  The server asked to wait until " in run.out, "people are told", run)

# The brake, on the side of the files.
server = OddServer()
with DavAccount((40, 0, 0, 0), server=server) as a:
    a.sync()
    home = max((f for f in a.vdir.folders()), key=lambda f: len(a.vdir.files(f)))
    count = len(a.vdir.files(home))
    for file in a.vdir.files(home)[:12]:
        os.unlink(file.path)
    run = a.sync("--json", status=3, name=f"12 of {count} removed here: held")
    ok(not run.dav_writes() and json.loads(run.out)[0]["held"] == 12, "nothing is removed there", run)
    equal(status(a)["held"], [{"folder": home, "items": 12}], "koc status tells")
    a.sync("--allow-removals", home, name="allowed by name")
    equal(status(a)["held"], [], "and gone")
    a.dav_equal()
    shutil.rmtree(os.path.join(a.store, home))
    run = a.sync(status=3, name="a calendar's directory is gone: held")
    ok(not run.dav_writes(), "nothing is removed there", run)
finish(at_least=46)
