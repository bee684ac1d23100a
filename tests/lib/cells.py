"""The table of SPEC 3, as cells to be tried on real servers: each pair of what can happen to an item there and here,
with an item of its own, so that many go into one run.

A table is text: a line for each thing that happens on the server, a column for each that happens here.  A cell says
what must come of it, in words PLACE:TEXT on both sides, or "there | here" where they are to differ; then

    !   it is a conflict, and what was written here is in Conflicts
    ?   it is a conflict without a file: what was removed here is back
    *   it is set aside, with a reason
    -   nothing is left of it
    .   there is no such cell

a, b and c are three folders: the item's own, the one it is moved to here, the one it is moved to there (t: the Trash).
TEXT is who wrote it: base (before both), there, here, both (the same on both sides); with ' it has a new UID.  Mail
has its flags after a slash."""

import email
import email.policy
import glob
import json
import os
import re
import sqlite3

import clash
import tap

ACTS = ("keep", "both", "drop", "mv")
WHY = {"edited": "edited on both sides", "gone": "edited here, removed on the server",
       "new": "new on both sides", "back": "removed here, edited on the server"}


def words(text):
    """"b:here a:base" → "a:base b:here"; "-" where nothing is."""
    return " ".join(sorted(w for w in text.split() if w != "-")) or "-"


class Want:
    """What a cell says."""

    def __init__(self, text):
        self.mark = text[-1] if text[-1] in "!?*" else ""
        there, split, here = text.removesuffix(self.mark).partition("|")
        self.there = words(there)
        self.here = words(here if split else there)

    def also(self, more):
        """The same and one more item."""
        return Want(" ".join((self.there, more)))

    @property
    def place(self):
        """Where it is; where it was, if it is nowhere."""
        return "a" if self.here == "-" else self.here[0]

    def __str__(self):
        return self.there if self.there == self.here else f"{self.there} | {self.here}"


class Cell:
    """One item, what happens to it, and what the user does about the conflict (act: of ACTS, or None)."""

    def __init__(self, there, here, want, act, key, one_way=None):
        self.one_way = one_way    # why an edit here is one, though nothing happened there
        self.there, self.here, self.want, self.act, self.key = there, here, want, act, key
        self.written = None       # what was written here, to be found in Conflicts
        self.number = None        # of its conflict
        self.name = f"{there} there, {here} here" + (f", then {act}" if act else "")

    def has(self, side, *things):
        return any(t in getattr(self, side).split("+") for t in things)

    @property
    def why(self):
        if self.want.mark == "?":
            return WHY["back"]
        if not self.has("there", "new", "edited", "gone"):
            return self.one_way
        return WHY["new" if self.has("there", "new") else "gone" if self.has("there", "gone") else "edited"]


def read(table, acts=ACTS, prefix="c", one_way=None, without=()):
    """The cells of a table, but for lines and columns of this kind; one of each conflict for each act."""
    head, *lines = [re.split(r"\s{2,}", line.strip()) for line in table.strip().splitlines()]
    found = []
    for there, *texts in lines:
        assert len(texts) == len(head) - 1, f"{there}: {len(texts)} cells for {len(head) - 1} columns"
        for here, text in zip(head[1:], texts):
            if text == "." or any(w in (there + "+" + here).split("+") for w in without):
                continue
            want = Want(text)
            for act in acts if want.mark in ("!", "?") else (None,):
                if not (act == "mv" and want.mark == "?"):  # there is nothing to be moved
                    found.append(Cell(there, here, want, act, f"{prefix}{len(found) + 1}", one_way))
    return found


class Table:
    """The cells of one kind of items in an account.  What a kind is like, its subclasses know: look(), happen(),
    put_back() and where things are."""

    def __init__(self, kind, cells):
        self.kind, self.cells = kind, cells
        self.account = self.now = None

    def title(self, cell):
        return f"{self.kind}: {cell.name}"

    def state(self, cell):
        """What both sides hold of it now, as look() saw it: (there, here)."""
        return tuple(words(" ".join(side.get(cell.key, []))) for side in self.now)

    def resolved(self, cell):
        """What must come of the act, by SPEC 4."""
        want = cell.want
        if not cell.number or cell.act == "drop":
            return Want(str(want))
        if want.mark == "?":
            return Want("-") if cell.act == "keep" else Want(str(want))
        if cell.act == "both":
            return want.also(f"{want.place}:{self.second(cell)}")
        return Want(f"{want.place}:{self.kept(cell)}")

    def kept(self, cell):
        """What the local version is like when it is back; and when it is a second item."""
        return "here"

    def second(self, cell):
        return "here'"

    def as_wanted(self, cell, want, stage):
        tap.equal(self.state(cell), (want.there, want.here), f"{self.title(cell)}: {stage}")


def records(account):
    """All open conflicts: as `koc conflicts` lists them, by number; the views and `koc status` must say the same."""
    listed = {c["number"]: c for c in clash.conflicts(account)}
    told = {c["number"]: c for s in json.loads(account.koc("status", "--json").out) for c in s["conflicts"]}
    view = {}
    for name in ("mail.db", "dav.db"):
        path = os.path.join(account.store, ".koc", name)
        if os.path.exists(path):
            db = sqlite3.connect(path)
            view.update({row[0]: row[1:] for row in db.execute(
                "SELECT number, folder, item, why, file FROM koc_conflict")})
            db.close()

    def short(all_of_them):
        return {n: (c["folder"], c["item"], c["why"], c["path"]) for n, c in all_of_them.items()}
    tap.equal(short(told), short(listed), "koc status tells of the same conflicts")
    tap.equal(view, short(listed), "koc_conflict has the same")
    return listed


def key_in(text):
    m = re.search(r"\b[a-z]\d+\b", text or "")
    return m and m[0]


def run_and_check(account, tables, status=0, name="the run", known=None):
    """What happened on both sides is synchronised: every cell is as its table says, and so are Conflicts and the
    records.  known: the messages of koc's that were there before.  Returns the run."""
    known = notices(account) if known is None else known
    run = account.sync(status=status, name=name)
    for table in tables:
        table.look()
        for cell in table.cells:
            table.as_wanted(cell, cell.want, "both sides")
    check_records(account, tables, known)
    return run


def later(tables, changes):
    """The same cells under other rules: what must come of what there is now ({now: then}; else it stays so)."""
    for table in tables:
        for cell in table.cells:
            now = str(cell.want) + (f" {cell.want.mark}" if cell.want.mark else "")
            cell.want = Want(changes.get(now, str(cell.want)))


def check_records(account, tables, known=()):
    listed, losers = records(account), clash.lost(account)
    check_notices(account, listed, known)
    of_key = {}
    for number, c in listed.items():
        of_key.setdefault((c["folder"].partition("/")[0], key_in(c["item"])), []).append(number)
    for table in tables:
        for cell in table.cells:
            numbers = of_key.pop((table.root, cell.key), [])
            if cell.want.mark not in ("!", "?"):
                tap.equal(numbers, [], f"{table.title(cell)}: no conflict")
                continue
            tap.ok(len(numbers) == 1, f"{table.title(cell)}: one record", numbers)
            if not numbers:
                continue
            cell.number = numbers[0]
            c = listed[cell.number]
            tap.equal((c["folder"], c["why"]), (table.folder(cell.want.place), cell.why),
                      f"{table.title(cell)}: what it says")
            path = c["path"] and c["path"].removeprefix("Conflicts/")
            tap.equal(losers.pop(path, None), cell.written if cell.want.mark == "!" else None,
                      f"{table.title(cell)}: the local version in Conflicts")
            if path:
                tap.ok(os.path.dirname(path) == table.shelf(cell), f"{table.title(cell)}: below its folder", path)
    tap.equal((of_key, losers), ({}, {}), "no other conflict, and nothing else in Conflicts")


def notices(account, known=()):
    """What koc told the user by mail, wherever it lies: {Message-ID: parsed message}, but for those known."""
    found = {}
    for at in ("mail/INBOX", "Conflicts/mail"):
        for sub in ("new", "cur"):
            for path in glob.glob(os.path.join(account.store, at, sub, "*")):
                with open(path, "rb") as f:
                    message = email.message_from_binary_file(f, policy=email.policy.default)
                if message["X-Koc-Notice"] and message["Message-ID"] not in known:
                    found[message["Message-ID"]] = message
    return found


def check_notices(account, listed, known=()):
    """One message tells of all the conflicts, and each record knows that it does."""
    told = list(notices(account, known).values())
    tap.equal(len(told), 1 if listed else 0, "one message tells of the conflicts")
    if len(told) != 1:
        return
    tap.equal(told[0]["Subject"], f"Message in conflict! ({len(listed)} item{'s' if len(listed) > 1 else ''})",
              "with their number")
    text = " ".join(told[0].get_body().get_content().split())
    for n, c in listed.items():
        entry = text[text.find(f" {n}: "):]
        tap.ok(entry.startswith(f" {n}: {c['folder']}: {key_in(c['item'])} ") and
               f"koc conflicts keep {n} " in entry,
               f"{n}: it is named, with what to type", entry[:400])
    tap.ok(all(c["announced"] for c in listed.values()), "all are announced", listed)


def resolve(account, tables):
    """The user decides about each conflict; then a sync, and both sides are as SPEC 4 says."""
    cells = [(t, c) for t in tables for c in t.cells if c.number]
    for act in ("keep", "both", "drop"):
        doubtful = [c for _, c in cells if c.act == act == "both" and c.want.mark == "?"]
        sure = [c for _, c in cells if c.act == act and c not in doubtful]
        if sure:
            clash.conflicts(account, act, *(str(c.number) for c in sure))
        for c in doubtful:
            clash.conflicts(account, act, str(c.number), status=1)
            clash.conflicts(account, "drop", str(c.number))
    for table, cell in cells:
        if cell.act == "mv":
            listed = [p for p in clash.lost(account) if p.startswith(table.shelf(cell)) and key_in_path(table, cell, p)]
            table.put_back(cell, os.path.join(account.store, "Conflicts", listed[0]))
    tap.equal((clash.lost(account), clash.numbers(account)), ({}, []), "nothing is left in Conflicts")
    known = notices(account)
    account.sync(name="the sync after that")
    tap.equal(list(notices(account, known)), [], "there is no other message")
    kept = clash.vault(account)
    for table in tables:
        table.look()
        for cell in table.cells:
            table.as_wanted(cell, table.resolved(cell), "in the end")
            if cell.act == "drop" and cell.want.mark == "!":
                tap.ok(cell.written in kept, f"{table.title(cell)}: it is in the vault")
            if cell.act == "keep" and cell.want.here.endswith(":there"):
                tap.ok([d for d in kept if f"{cell.key} there".encode() in d],
                       f"{table.title(cell)}: the server's version is in the vault")


def key_in_path(table, cell, path):
    with open(os.path.join(table.account.store, "Conflicts", path), "rb") as f:
        return f.read() == cell.written
