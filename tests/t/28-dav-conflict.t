#!/usr/bin/python3
"""Calendars and contacts changed on both sides: the server's version takes the place, the local one lies in
Conflicts, and the user decides."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import DavAccount
from tap import equal, finish, ok
import vdir


class Case:
    """Two items of one folder, taken anew each time."""

    def __init__(self, a, kind="calendars", title="Home"):
        self.a, self.title = a, title
        self.path = a.vdir.folder(title, kind)
        self.folder = a.there.folder(title)
        self.file = a.vdir.files(self.path)[0]
        self.href = next(h for h, d in a.there.bodies(self.folder).items() if vdir.uid_of(d) == self.file.uid)

    def there(self, text):
        self.a.there.put(self.href, vdir.summary(self.a.there.get(self.href), text))

    def here(self, text):
        self.a.vdir.replace(self.file.path, vdir.summary(self.file.data, text))

    def now_here(self):
        return next((f.data for f in self.a.vdir.files(self.path) if f.uid == self.file.uid), None)

    def now_there(self):
        return next((d for d in self.a.there.bodies(self.folder).values()
                     if vdir.uid_of(d) == self.file.uid), None)

    def saved(self):
        """The one file in Conflicts."""
        paths = self.a.conflicts()
        if len(paths) != 1:
            return None
        with open(os.path.join(self.a.store, "Conflicts", paths[0]), "rb") as f:
            return f.read()


for program in ("radicale", "xandikos"):
    for kind, title in (("calendars", "Home"), ("contacts", "Friends")):
        with DavAccount((6, 2, 2, 6), server=program) as a:
            name = f"{program}: {kind}"
            a.sync(name=f"{name}: first sync")
            c = Case(a, kind, title)
            c.there("Edited there")
            c.here("Edited here")
            run = a.sync(name=f"{name}: edited on both sides")
            ok(not run.dav_writes(), f"{name}: nothing is written there", run)
            ok(b"Edited there" in c.now_here(), f"{name}: the server's version is in the place", c.now_here())
            ok(c.saved() and b"Edited here" in c.saved(), f"{name}: the local one in Conflicts", a.conflicts())
            ok(a.conflicts()[0].startswith(f"{c.path}/"), f"{name}: under its folder", a.conflicts())
            a.dav_equal(f"{name}: both sides are equal")
            a.silent(f"{name}: after that")
            # mv: the user keeps the local version.
            os.rename(os.path.join(a.store, "Conflicts", a.conflicts()[0]), c.file.path)
            run = a.sync(name=f"{name}: moved back over it")
            ok(b"Edited here" in c.now_there(), f"{name}: the server has it", c.now_there())
            a.no_conflict(f"{name}: nothing is left in Conflicts")
            a.dav_equal(f"{name}: kept")
            a.sync()
            a.silent(f"{name}: after that")

with DavAccount((12, 2, 2, 6)) as a:
    a.sync(name="first sync")
    # Moved back before another run: the very file that the last run saw in that place, before it took it away.
    c = Case(a)
    c.there("Edited there")
    c.here("Edited here")
    a.sync(name="edited on both sides")
    os.rename(os.path.join(a.store, "Conflicts", a.conflicts()[0]), c.file.path)
    a.sync(name="moved back at once")
    ok(b"Edited here" in c.now_there(), "the server has it", c.now_there())
    a.dav_equal("moved back at once: equal")
    # The same with one that lies in the vault.
    c = Case(a)
    a.there.delete(c.href)
    a.sync(name="removed there")
    vault, = [os.path.join(at, f) for at, _, files in os.walk(a.store + "/.koc/vault") for f in files
              if open(os.path.join(at, f), "rb").read() == c.file.data]
    os.rename(vault, c.file.path)
    a.sync(name="moved back from the vault at once")
    ok(c.now_there(), "the server has it again")
    a.dav_equal("moved back from the vault: equal")

    c = Case(a)
    os.unlink(c.file.path)
    c.there("Edited there and removed here")
    a.sync(name="removed here, edited there")
    ok(c.now_here() and b"Edited there and removed here" in c.now_here(), "the file comes back", c.now_here())
    ok(c.now_there(), "and is still there")
    a.dav_equal("removed here, edited there: equal")
    a.silent("after that")

    c = Case(a)
    c.here("Edited here and removed there")
    a.there.delete(c.href)
    a.sync(name="edited here, removed there")
    ok(c.now_here() is None, "it is gone here", c.now_here())
    ok(c.saved() and b"Edited here and removed there" in c.saved(), "the edit is in Conflicts", a.conflicts())
    a.dav_equal("edited here, removed there: equal")
    a.silent("after that")
    # Put back where it was: it is new again.
    os.rename(os.path.join(a.store, "Conflicts", a.conflicts()[0]), c.file.path)
    a.sync(name="put back")
    ok(c.now_there() and b"Edited here and removed there" in c.now_there(), "it is there again", c.now_there())
    a.sync()
    a.silent("after that")

    # New on both sides under one UID.
    folder, path = a.there.folder("Home"), a.vdir.folder("Home")
    a.there.add(folder, "same.ics", vdir.event("same@test", "The same"))
    a.vdir.new(path, "same-here.ics", vdir.event("same@test", "The same"))
    a.there.add(folder, "differs.ics", vdir.event("differs@test", "Differs there"))
    a.vdir.new(path, "differs-here.ics", vdir.event("differs@test", "Differs here"))
    run = a.sync(name="new on both sides under one UID")
    ok(not run.dav_writes(), "nothing is written there", run)
    equal(len([f for f in a.vdir.files(path) if f.uid == "same@test"]), 1, "equal: one file")
    equal([b"Differs there" in f.data for f in a.vdir.files(path) if f.uid == "differs@test"], [True],
          "else the server's version")
    equal(len(a.conflicts()), 1, "and the local one in Conflicts")
    a.dav_equal("new on both sides: equal")
finish(at_least=60)
