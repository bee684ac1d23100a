"""What must come out of changes on both sides, known item by item: a test changes through this, and it
remembers where each UID has to be and what it has to say."""

import os

import tap
import vdir

MAKE = {"calendars": vdir.event, "tasks": vdir.task, "notes": vdir.note, "contacts": vdir.card}


class Model:
    """Of an account that is in step.  An item is changed at most once between two calls of look()."""

    serial = 0    # of items made, whichever model made them

    def __init__(self, account):
        self.account = account
        self.where, self.says = {}, {}    # UID: title of its folder; UID: what its summary must be
        self.look()
        self.where = {uid: folder.title for uid, (folder, _, _) in self.there.items()}

    def look(self):
        """Where everything is just now, on both sides."""
        a = self.account
        self.folders = {f.title: f for f in a.there.folders()}
        self.there = {vdir.uid_of(data): (f, href, data) for f in self.folders.values()
                      for href, data in a.there.bodies(f).items()}
        self.here = {f.uid: f for path in a.vdir.folders() for f in a.vdir.files(path)}
        self.fresh = sorted(uid for uid in self.there if uid in self.here)
        return self

    def take(self, count, kind="calendars", title=None):
        """UIDs nobody has touched yet."""
        found = [u for u in self.fresh if self.there[u][0].kind == kind and
                 (title is None or self.there[u][0].title == title)][:count]
        assert len(found) == count, f"only {len(found)} untouched items in {title or kind}"
        self.fresh = [u for u in self.fresh if u not in found]
        return found

    def path(self, title):
        folder = self.folders[title]
        # vdirsyncer writes no displayname, and calls the directory as the URL ends.
        named = f"{folder.kind}/{folder.href.rstrip('/').rpartition('/')[2]}"
        here = self.account.vdir
        return named if named in here.folders() and not here.label(named, "displayname") else \
            here.folder(title, folder.kind)

    # ---- changes there

    def edit_there(self, uid, text):
        _, href, data = self.there[uid]
        self.account.there.put(href, vdir.summary(data, text))
        self.says[uid] = text

    def remove_there(self, uid):
        self.account.there.delete(self.there[uid][1])
        del self.where[uid]

    def move_there(self, uid, title):
        self.account.there.move(self.there[uid][1], self.folders[title])
        self.where[uid] = title

    def new_there(self, title, text=None):
        uid, data, name = self.make(title, "there", text)
        self.account.there.add(self.folders[title], name, data)
        return uid

    # ---- changes here

    def edit_here(self, uid, text, in_place=False):
        file = self.here[uid]
        write = self.account.vdir.overwrite if in_place else self.account.vdir.replace
        write(file.path, vdir.summary(file.data, text))
        self.says[uid] = text

    def remove_here(self, uid):
        os.unlink(self.here[uid].path)
        del self.where[uid]

    def move_here(self, uid, title):
        self.account.vdir.move(self.here[uid].path, self.path(title))
        self.where[uid] = title

    def new_here(self, title, text=None):
        uid, data, name = self.make(title, "here", text)
        self.account.vdir.new(self.path(title), name, data)
        return uid

    def make(self, title, side, text):
        Model.serial += 1
        kind = self.folders[title].kind
        uid = f"{side}-{Model.serial}@model.test"
        text = text or f"Made {side} {Model.serial}"
        if kind == "calendars":
            kind = {"VTODO": "tasks", "VJOURNAL": "notes"}.get(",".join(self.folders[title].components), kind)
        self.where[uid], self.says[uid] = title, text
        return uid, MAKE[kind](uid, text), uid.partition("@")[0] + (".vcf" if kind == "contacts" else ".ics")

    # ---- what came of it

    def lines(self):
        """What is not as it must be, on the server; that both sides are equal is the oracle's part."""
        found, lines = {}, []
        for folder in self.account.there.folders():
            for href, data in self.account.there.bodies(folder).items():
                found.setdefault(vdir.uid_of(data), []).append((folder.title, href, data))
        for uid in sorted(set(found) | set(self.where)):
            got = found.get(uid, [])
            want = self.where.get(uid)
            if [g[0] for g in got] != ([want] if want else []):
                lines.append(f"{uid}: in {[g[0] for g in got]}, must be in {want}")
            elif uid in self.says and self.says[uid].encode() not in vdir.unfold(got[0][2]):
                lines.append(f"{uid}: does not say {self.says[uid]!r}: {got[0][1]}")
        return lines

    def holds(self, name):
        """Test lines: the server holds what it must, both sides are equal, nobody was in conflict."""
        lines = self.lines()
        tap.ok(not lines, f"{name}: every item is where it must be", "\n".join(lines[:20]))
        self.account.dav_equal(f"{name}: both sides are equal", at_least=len(self.where))
        self.account.no_conflict(f"{name}: no conflict")


def mixed(model, changes, removals, moves):
    """So many new and changed items on each side, half new, half edited; so many removals on each side; so many
    moves on each side; over all kinds."""
    titles = list(model.folders)
    kinds = [f.kind for f in model.folders.values()]
    present = [k for k in vdir.KINDS if k in kinds]
    for n in range(moves):
        for move in (model.move_there, model.move_here):
            source, target = ("Home", "Work") if n % 2 else ("Work", "Home")
            move(model.take(1, "calendars", source)[0], target)
    for n in range(changes - changes // 2):
        model.new_there(titles[n % len(titles)])
        model.new_here(titles[(n + 1) % len(titles)])
    for n in range(changes // 2):
        # Mostly events; some of each other kind.
        kind = present[1 + n % (len(present) - 1)] if n % 3 == 2 else "calendars"
        for uid, edit in zip(model.take(2, kind), (model.edit_there, model.edit_here)):
            edit(uid, f"Edited {n} {edit.__name__}")
    for n in range(removals):
        kind = "contacts" if n % 3 == 2 else "calendars"
        one, other = model.take(2, kind)
        model.remove_there(one)
        model.remove_here(other)
