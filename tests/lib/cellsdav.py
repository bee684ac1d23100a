"""The cells of calendars, tasks, notes and contacts (cells.py): three collections of a kind."""

import os

import vdir
from cells import Table
from harness import davcorpus

MAKE = {"calendars": vdir.event, "tasks": vdir.task, "notes": vdir.note, "contacts": vdir.card}


class DavTable(Table):
    def collections(self):
        """What the server is to be filled with: the items as both sides know them before anything happens."""
        made = {p: davcorpus.Collection(self.kind, f"{self.kind}-{p}", f"{self.kind} {p}", None, [], davcorpus.COMPONENT.get(self.kind, ""))
                for p in "abc"}
        for cell in self.cells:
            if not cell.has("there", "new", "none"):
                made["a"].items.append(Item(self.file(cell), self.make(cell, "base")))
        return list(made.values())

    def attach(self, account):
        """After the first sync."""
        self.account = account
        there, here = account.there.folders(), account.vdir
        self.folders = {p: next(f for f in there if f.title == f"{self.kind} {p}") for p in "abc"}
        self.paths = {p: next(f for f in here.folders() if here.label(f, "displayname") == f"{self.kind} {p}")
                      for p in "abc"}
        self.root = self.paths["a"].partition("/")[0]
        return self

    @property
    def suffix(self):
        return ".vcf" if self.kind == "contacts" else ".ics"

    def file(self, cell):
        return f"{cell.key}{self.suffix}"

    def uid(self, cell):
        return f"{cell.key}.{self.kind}@cells"

    def make(self, cell, text):
        return MAKE[self.kind](self.uid(cell), f"{cell.key} {text}")

    def folder(self, place):
        return self.paths[place]

    def shelf(self, cell):
        return self.paths[cell.want.place]

    # ---- looking

    def look(self):
        there, here = {}, {}
        for place in "abc":
            for data in self.account.there.bodies(self.folders[place]).values():
                self.note(there, place, data)
            for file in self.account.vdir.files(self.paths[place]):
                self.note(here, place, file.data)
        self.now = (there, here)

    def note(self, side, place, data):
        key, _, text = vdir.summary_of(data).strip().partition(" ")
        own = vdir.uid_of(data) == f"{key}.{self.kind}@cells"
        side.setdefault(key, []).append(f"{place}:{text}{'' if own else chr(39)}")

    # ---- what happens

    def happen(self, there=True):
        """there: also what happens there."""
        files = {f.uid: f.path for p in "abc" for f in self.account.vdir.files(self.paths[p])}
        for cell in self.cells:
            if there:
                self.happen_there(cell)
            self.happen_here(cell, files.get(self.uid(cell)))

    def happen_there(self, cell):
        dav, a, name = self.account.there, self.folders["a"], self.file(cell)
        data = self.make(cell, "both" if cell.has("here", "equal") else "there")
        href = a.href + name
        for step in cell.there.split("+"):
            if step == "moved":
                href = dav.move(href, self.folders["c"])
            elif step == "together":
                href = dav.move(href, self.folders["b"])
            elif step == "edited":
                dav.put(href, data)
            elif step == "gone":
                dav.delete(href)
            elif step == "renamed":
                dav.delete(href)
                href = dav.add(a, "again-" + name, self.make(cell, "base"))
            elif step == "new":
                dav.add(a, name, data)
            else:
                assert step in ("same", "none"), step

    def happen_here(self, cell, path):
        here, a, b = self.account.vdir, self.paths["a"], self.paths["b"]
        cell.written = self.make(cell, "both" if cell.has("here", "equal") else "here")
        for step in cell.here.split("+"):
            if step == "moved":
                path = here.move(path, b)
            elif step in ("edited", "equal") and path:
                here.replace(path, cell.written)
            elif step == "damaged":
                cell.written = cell.written[:-15]
                here.overwrite(path, cell.written)
            elif step == "gone":
                os.unlink(path)
            elif step == "renamed":
                to = os.path.join(os.path.dirname(path), "again-" + os.path.basename(path))
                os.rename(path, to)
                path = to
            elif step in ("new", "equal"):
                here.new(a, "here-" + self.file(cell), cell.written)
            elif step == "elsewhere":
                here.new(b, "here-" + self.file(cell), cell.written)
            else:
                assert step in ("same", "none"), step

    def put_back(self, cell, path):
        """Over the original, or where that was."""
        at = self.paths[cell.want.place]
        to = next((f.path for f in self.account.vdir.files(at) if f.uid == self.uid(cell)),
                  os.path.join(self.account.store, at, self.file(cell)))
        os.rename(path, to)


class Item:
    def __init__(self, name, data):
        self.name, self.data = name, data
