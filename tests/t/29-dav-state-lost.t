#!/usr/bin/python3
"""Calendars and contacts without a state: .koc lost, or a store that vdirsyncer made.  Items are adopted: nothing is
written, doubled or in conflict."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, subprocess
import peers
from davmodel import Model, mixed
from harness import DavAccount
from tap import equal, finish, ok
import vdir


def adopted(a, name, files=True):
    """A run that takes what both sides have for the same."""
    before, count = a.tree(), len([f for p in a.vdir.folders() for f in a.vdir.files(p)])
    run = a.sync(name=f"{name}: status 0")
    ok(not run.dav_writes(), f"{name}: nothing is written there", run)
    if files:
        moved = [p for p in before if a.tree().get(p, (0,) * 4)[:3] != before[p][:3] and
                 p.endswith((".ics", ".vcf"))]
        equal(moved, [], f"{name}: no file was touched")
    equal(len([f for p in a.vdir.folders() for f in a.vdir.files(p)]), count, f"{name}: nothing is doubled")
    a.no_conflict(f"{name}: no conflict")
    a.dav_equal(f"{name}: both sides are equal")
    a.silent(f"{name}: the run after")


for program in ("radicale", "xandikos"):
    with DavAccount((30, 10, 5, 20), server=program) as a:
        a.sync(name=f"{program}: first sync")
        shutil.rmtree(a.store + "/.koc")
        adopted(a, f"{program}: .koc lost")

        model = Model(a)
        mixed(model, 4, 1, 1)
        a.sync(name=f"{program}: changes")
        model.holds(f"{program}: changes")
        shutil.rmtree(a.store + "/.koc")
        # What the server rewrote on the way is not equal byte by byte.
        adopted(a, f"{program}: .koc lost after own writes")

        # Lost, and changed since: nobody knows who is right, so nothing may be lost.
        model.look()
        here, there, gone = model.take(3)
        model.edit_here(here, "Edited here after the loss")
        model.edit_there(there, "Edited there after the loss")
        model.remove_here(gone)
        shutil.rmtree(a.store + "/.koc")
        run = a.koc("sync")
        ok(run.status == 0, f"{program}: .koc lost and changes on both sides: status 0", run)
        texts = b"".join(open(os.path.join(a.store, "Conflicts", p), "rb").read() for p in a.conflicts()) + \
            b"".join(d for f in a.there.folders() for d in a.there.bodies(f).values())
        ok(b"Edited here after the loss" in texts, f"{program}: the edit here is not lost", a.conflicts())
        ok(b"Edited there after the loss" in texts, f"{program}: nor the one there")
        ok(gone in [f.uid for p in a.vdir.folders() for f in a.vdir.files(p)],
           f"{program}: what was removed here is back")
        a.dav_equal(f"{program}: both sides are equal")

# Directories that are not called as the server's folders are.
with DavAccount((12, 4, 2, 8)) as a:
    a.sync()
    home = a.vdir.folder("Home")
    a.there.label(a.there.folder("Home"), "Renamed there")
    # Another one takes the name.
    made = a.there.make("calendars", "second", "Home")
    a.there.add(made, "one.ics", vdir.event("in-second"))
    a.sync(name="a calendar renamed there, another of its old name")
    paths = [a.vdir.folder("Renamed there"), a.vdir.folder("Home")]
    ok(paths[0] == home and paths[1] != home, "directories are called otherwise", paths)
    shutil.rmtree(a.store + "/.koc")
    adopted(a, "renamed folders and .koc lost")
    equal([a.vdir.folder("Renamed there"), a.vdir.folder("Home")], paths, "directories stay where they were")

# A state that is older than the store: restored from a backup, or the other way round.
with DavAccount((12, 4, 2, 8)) as a:
    a.sync()
    shutil.copytree(a.store + "/.koc", a.base + "/old")
    model = Model(a)
    mixed(model, 4, 1, 1)
    a.sync()
    model.holds("changes")
    shutil.rmtree(a.store + "/.koc")
    shutil.move(a.base + "/old", a.store + "/.koc")
    a.sync(name="with an old state")
    model.holds("with an old state")
    a.sync()
    a.silent("with an old state: after that")

# Made by vdirsyncer: LF, other file names, its own choice of directories.
if os.path.exists("/usr/bin/vdirsyncer"):
    with DavAccount((30, 10, 5, 20)) as a:
        for words in peers.vdirsyncer(a.config):
            subprocess.run(words, input=b"y\n" * 40, stdout=subprocess.DEVNULL, check=True)
        shutil.rmtree(a.store + "/.koc")
        adopted(a, "a store made by vdirsyncer")
        # Without files `displayname` a directory is known by the name that the collection has in its URL.
        shutil.rmtree(a.store + "/.koc")
        for folder in a.vdir.folders():
            os.unlink(f"{a.store}/{folder}/displayname")
        adopted(a, "one without displaynames")
        model = Model(a)
        mixed(model, 6, 2, 1)
        a.sync(name="changes in it")
        model.holds("changes in it")
finish(at_least=40)
