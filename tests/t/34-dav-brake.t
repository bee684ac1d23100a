#!/usr/bin/python3
"""Removals of events: what is held stays held and is told by the status, whatever else a run does; and no removal is
overlooked."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
from harness import DavAccount
from tap import equal, finish, ok
import vdir

COUNTS = (60, 2, 2, 4)   # 30 of the events are in Home


def remove(a, folder, count=None):
    for file in a.vdir.files(folder)[:count]:
        os.unlink(file.path)


def there(a, title="Home"):
    return len(a.there.items(a.there.folder(title)))


# ---- told by the status of each run
with DavAccount(COUNTS) as a:
    a.sync(name="first sync")
    home, work = a.vdir.folder("Home"), a.vdir.folder("Work")
    remove(a, home, 12)
    a.sync(status=3, name="12 of 30 removed here: held")
    a.vdir.new(home, "new.ics", vdir.event("new@brake"))
    run = a.sync(status=3, name="a run that sends something in that folder")
    equal([r.method for r in run.dav_writes()], ["PUT"], "sends it")
    ok("removals held" in run.out, "and counts what is held", run)
    equal(there(a), 31, "nothing is removed there")
    a.sync(status=3, name="nor in the next run")
    a.sync("--allow-removals", home, name="allowed")
    a.dav_equal("both sides are equal")
    a.silent("after that")
    shutil.rmtree(f"{a.store}/{home}")
    a.vdir.new(work, "new.ics", vdir.event("new-too@brake"))
    a.sync(status=3, name="a directory removed, and something sent elsewhere")
    equal(there(a), 19, "nothing is removed there either")

# ---- emptied before the run that filled it was followed by another one
with DavAccount(COUNTS) as a:
    a.sync(name="first sync")
    home = a.vdir.folder("Home")
    remove(a, home)
    run = a.sync(status=3, name="all removed at once: held")
    ok("it is empty here" in run.err, "and told why", run)
    equal(there(a), 30, "all are still there")
    friends = a.vdir.folder("Friends")
    count = len(a.vdir.files(friends))
    ok(count, "there are contacts")
    remove(a, friends)
    a.sync(status=3, name="a few may go")
    equal(there(a, "Friends"), 0, "and are gone there")

# ---- what a run brought, and is removed before the next one
with DavAccount((6, 2, 2, 4)) as a:
    a.sync(name="first sync")
    a.sync(name="second sync")
    a.silent("at rest")
    home = a.vdir.folder("Home")
    before = there(a)
    a.there.add(a.there.folder("Home"), "one.ics", vdir.event("one@brake"))
    a.sync(name="a new event there")
    os.unlink(a.vdir.file(home, "one@brake").path)
    run = a.sync(name="removed here at once")
    equal([r.method for r in run.dav_writes()], ["DELETE"], "is removed there")
    equal(there(a), before, "alone")
    a.dav_equal("both sides are equal")
    a.silent("after that")
finish(at_least=25)
