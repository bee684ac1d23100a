#!/usr/bin/python3
"""Which item a file is: the UID says it, whatever the names are; and what both sides agree on is the base of what comes
after."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import DavAccount
from killing import DavScenario, kill_everywhere
import tap
from tap import equal, finish, ok
import vdir

COUNTS = (16, 2, 2, 8)   # 8 of the events are in Home


def exchange(a, one, other, edit=None):
    """Their contents, by two renames each as editors write; edit: what the first one's item says then."""
    a.vdir.replace(one.path, other.data)
    a.vdir.replace(other.path, vdir.summary(one.data, edit) if edit else one.data)


def methods(run):
    return sorted(r.method for r in run.dav_writes() if 200 <= r.status < 300)


def settled(a, run, name, writes):
    equal((run.status, methods(run), [r.method for r in run.dav_writes() if r.status >= 300]), (0, writes, []),
          f"{name}: is done")
    a.dav_equal(f"{name}: both sides are equal")
    a.no_conflict(f"{name}: no conflict")
    a.silent(f"{name}: after that")


for kind, title in (("calendars", "Home"), ("contacts", "Friends")):
    with DavAccount(COUNTS) as a:
        a.sync(name=f"{kind}: first sync")
        path = a.vdir.folder(title, kind)
        files = a.vdir.files(path)
        exchange(a, files[0], files[1])
        settled(a, a.koc("sync"), f"{kind}: two files exchanged", [])
        files = a.vdir.files(path)
        exchange(a, files[0], files[1], "Edited on the way")
        run = a.koc("sync")
        settled(a, run, f"{kind}: exchanged, and one edited", ["PUT"])
        files = a.vdir.files(path)
        a.vdir.replace(files[0].path, vdir.summary(files[1].data, "First edited"))
        a.vdir.replace(files[1].path, vdir.summary(files[2].data, "Second edited"))
        a.vdir.replace(files[2].path, vdir.summary(files[0].data, "Third edited"))
        settled(a, a.koc("sync"), f"{kind}: three in a ring, all edited", ["PUT"] * 3)
        files = a.vdir.files(path)
        os.rename(files[1].path, files[0].path)
        settled(a, a.koc("sync"), f"{kind}: one moved over another", ["DELETE"])
        equal(sorted(f.uid for f in a.vdir.files(path)), sorted(f.uid for f in files[1:]),
              f"{kind}: and lies under the other's name")
        files = a.vdir.files(path)
        a.vdir.replace(files[0].path, files[0].data.replace(files[0].uid.encode(), b"a-new-uid@identity"))
        settled(a, a.koc("sync"), f"{kind}: another UID in the same file", ["DELETE", "PUT"])

with DavAccount(COUNTS) as a:
    a.sync(name="first sync")
    home, work = a.vdir.folder("Home"), a.vdir.folder("Work")
    one, other = a.vdir.files(home)[0], a.vdir.files(work)[0]
    exchange(a, one, other)
    settled(a, a.koc("sync"), "exchanged between two calendars", ["MOVE", "MOVE"])

# ---- the base is what both sides have
with DavAccount(COUNTS) as a:
    a.sync(name="first sync")
    home = a.vdir.folder("Home")
    for there in (False, True):
        name = "there" if there else "here"
        file = a.vdir.files(home)[int(there)]
        href = next(h for h, d in a.there.bodies(a.there.folder("Home")).items() if vdir.uid_of(d) == file.uid)
        same = vdir.summary(file.data, "The same on both sides")
        a.there.put(href, same)
        a.vdir.replace(file.path, same)
        settled(a, a.koc("sync"), f"one edit on both sides, before it is taken back {name}", [])
        if there:
            a.there.put(href, file.data)
        else:
            a.vdir.replace(file.path, file.data)
        settled(a, a.koc("sync"), f"taken back {name}", [] if there else ["PUT"])
        ok(b"The same on both sides" not in a.there.get(href) + a.vdir.file(home, file.uid).data,
           f"taken back {name}: on both sides")

# ---- what was kept here comes back there
with DavAccount(COUNTS, folders='folder "calendars/*" { removals = keep }') as a:
    a.sync(name="first sync")
    home = a.vdir.folder("Home")
    files = a.vdir.files(home)[:3]
    hrefs = {vdir.uid_of(d): h for h, d in a.there.bodies(a.there.folder("Home")).items()}
    for file in files:
        a.there.delete(hrefs[file.uid])
    a.sync(name="removed there")
    a.silent("kept here")
    a.there.put(hrefs[files[0].uid], files[0].data)
    a.there.put(hrefs[files[1].uid], vdir.summary(files[1].data, "Back, and edited"))
    a.vdir.replace(files[2].path, vdir.summary(files[2].data, "Edited here meanwhile"))
    a.there.put(hrefs[files[2].uid], vdir.summary(files[2].data, "Edited there meanwhile"))
    a.sync(name="back there")
    equal(sorted(f.uid for f in a.vdir.files(home)).count(files[0].uid), 1, "there is one file of it")
    a.dav_equal("both sides are equal")
    equal([c.rpartition("/")[2] for c in a.conflicts()], [os.path.basename(files[2].path)],
          "only what was edited on both sides is a conflict")
    a.silent("after that")
    a.vdir.replace(files[0].path, vdir.summary(files[0].data, "Edited when it was back"))
    run = a.sync(name="an edit of it")
    equal(methods(run), ["PUT"], "reaches the server again")
    a.dav_equal("both sides are equal in the end")


def names_change(a):
    path = a.vdir.folder("Home")
    files = a.vdir.files(path)
    exchange(a, files[0], files[1])
    exchange(a, files[2], files[3], "Edited on the way")
    os.rename(files[4].path, files[5].path)


class Names(DavScenario):
    counts = COUNTS


if not tap.failed:   # what fails undisturbed never comes to an end
    kill_everywhere(Names(names_change), 5)
finish(at_least=90)
