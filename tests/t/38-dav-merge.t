#!/usr/bin/python3
"""merge = yes: what both sides changed in one event, task, note or contact becomes one version on both sides."""
import os, sqlite3, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, re
from harness import DavAccount
from meanwhile import Meanwhile
from odd import OddServer
from tap import equal, finish, ok
import vdir

MERGE = 'folder "*" { merge = yes }'


def lines(data):
    return set(vdir.unfold(data).replace(b"\r\n", b"\n").decode().splitlines())


def put(data, old, new):
    """The item with other lines in place of one, or behind it."""
    assert old.encode() in data, (old, data)
    return data.replace(old.encode(), new.encode().replace(b"\n", b"\r\n"), 1)


class Item:
    """One item that both sides have, by its UID."""

    def __init__(self, a, kind, title, data):
        self.a, self.uid = a, vdir.uid_of(data)
        # QUIRK(xandikos): a collection of tasks is made a calendar like any other.
        self.path = next(f for f in a.vdir.folders() if a.vdir.label(f, "displayname") == title)
        self.folder = a.there.folder(title)
        self.name = self.uid.split("@")[0] + (".vcf" if kind == "contacts" else ".ics")
        self.file = a.vdir.new(self.path, self.name, data)

    def href(self):
        return next(h for h, d in self.a.there.bodies(self.folder).items() if vdir.uid_of(d) == self.uid)

    def now_there(self):
        return self.a.there.get(self.href())

    def now_here(self):
        return next(f.data for f in self.a.vdir.files(self.path) if f.uid == self.uid)

    def there(self, old, new):
        href = self.href()
        self.a.there.put(href, put(self.a.there.get(href), old, new))

    def here(self, old, new):
        self.a.vdir.replace(os.path.join(self.a.store, self.path, self.name), put(self.now_here(), old, new))

    def says(self, *want):
        """Do both sides have these lines?"""
        missing = [(side, line) for side, data in (("there", self.now_there()), ("here", self.now_here()))
                   for line in want if line not in lines(data)]
        return not missing, missing


def history(a, like):
    with sqlite3.connect(os.path.join(a.store, ".koc", "dav.db")) as db:
        return [t for t, in db.execute("SELECT text FROM history WHERE text LIKE ? ORDER BY rowid", (like,))]


def vaulted(a):
    return [open(os.path.join(at, f), "rb").read() for at, _, files in os.walk(a.store + "/.koc/vault") for f in files]


EVENT = vdir.event("event@test", "Lunch", extra="LOCATION:Here\r\nATTENDEE;CN=A:mailto:a@example.com\r\n")
SERIES = vdir.event("series@test", "Weekly", start="20261201T100000Z", extra="RRULE:FREQ=WEEKLY;COUNT=10\r\n")
TASK = vdir.task("task@test", "Shopping", extra="DESCRIPTION:milk\r\nSTATUS:NEEDS-ACTION\r\n")
NOTE = vdir.note("note@test", "Recipe", extra="DESCRIPTION:flour\r\n")
CARD = vdir.card("card@test", "Jane Doe", extra="TEL;TYPE=HOME:1\r\nNOTE:old\r\n")
ONE = ("BEGIN:VEVENT\nUID:series@test\nDTSTAMP:20261122T120000Z\nRECURRENCE-ID:20261208T100000Z\n"
       "DTSTART:20261208T120000Z\nDURATION:PT1H\nSUMMARY:One of them\nEND:VEVENT\nEND:VCALENDAR")


def everything(a, name):
    """An edit on each side of each kind."""
    items = {"event": Item(a, "calendars", "Home", EVENT), "series": Item(a, "calendars", "Home", SERIES),
             "task": Item(a, "tasks", "To do", TASK), "note": Item(a, "notes", "Notes", NOTE),
             "card": Item(a, "contacts", "Friends", CARD)}
    a.sync(name=f"{name}: sent")
    a.sync(name=f"{name}: sent, and looked at once more")
    items["event"].there("LOCATION:Here", "LOCATION:There\nATTENDEE;CN=B:mailto:b@example.com")
    items["event"].here("SUMMARY:Lunch", "SUMMARY:Dinner\nCATEGORIES:Food\nATTENDEE;CN=C:mailto:c@example.com")
    items["series"].there("SUMMARY:Weekly", "SUMMARY:Every week")
    items["series"].here("END:VCALENDAR", ONE)
    items["task"].there("DESCRIPTION:milk", "DESCRIPTION:milk\\, bread")
    items["task"].here("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\nPERCENT-COMPLETE:100")
    items["note"].there("SUMMARY:Recipe", "SUMMARY:The recipe")
    items["note"].here("DESCRIPTION:flour", "DESCRIPTION:flour\\nsalt")
    items["card"].there("NOTE:old", "NOTE:new\nTEL;TYPE=WORK:2")
    items["card"].here("FN:Jane Doe", "FN:Jane Roe\nTEL;TYPE=CELL:3")
    return items


WANTED = {
    "event": ("SUMMARY:Dinner", "LOCATION:There", "CATEGORIES:Food"),
    "series": ("SUMMARY:Every week", "SUMMARY:One of them", "RECURRENCE-ID:20261208T100000Z"),
    "task": ("DESCRIPTION:milk\\, bread", "STATUS:COMPLETED", "PERCENT-COMPLETE:100"),
    "note": ("SUMMARY:The recipe", "DESCRIPTION:flour\\nsalt"),
    "card": ("FN:Jane Roe", "NOTE:new", "TEL;TYPE=HOME:1", "TEL;TYPE=WORK:2", "TEL;TYPE=CELL:3"),
}


def guests(data):
    return sorted(re.findall(r"mailto:(.)@", vdir.unfold(data).decode()))


for program in ("radicale", "xandikos"):
    with DavAccount((3, 2, 2, 3), server=program, folders=MERGE) as a:
        a.sync(name=f"{program}: first sync")
        items = everything(a, program)
        before = a.tree()
        plan = a.koc("sync", "-n")
        ok(len(re.findall(r"(?m)^\s*merge\b.*from here.*from the server", plan.out)) == 5 and a.tree() == before,
           f"{program}: a dry run tells what would be merged, and does nothing", plan)
        run = a.sync("--json", name=f"{program}: five edits on both sides")
        equal([j.get("merged") for j in json.loads(run.out)], [5], f"{program}: five were merged")
        a.no_conflict(f"{program}: no conflict")
        for name, want in WANTED.items():
            good, missing = items[name].says(*want)
            ok(good, f"{program}: {name}: both sides have what was changed on both", missing)
        for side, data in (("there", items["event"].now_there()), ("here", items["event"].now_here())):
            equal(guests(data), ["a", "b", "c"], f"{program}: event: the guests of both, {side}")
        ok(any(b"SUMMARY:Dinner" in d and b"LOCATION:Here" in d for d in vaulted(a)),
           f"{program}: what was here is in the vault")
        ok(history(a, "merge (%Summary%from here%Location%from the server%)"), f"{program}: it is told in the history",
           history(a, "%"))
        a.dav_equal(f"{program}: both sides are equal")
        a.silent(f"{program}: after that")

        # What truly clashes is a conflict, and what both did alike is none.
        event, card = items["event"], items["card"]
        event.there("SUMMARY:Dinner", "SUMMARY:Supper")
        event.here("SUMMARY:Dinner", "SUMMARY:Breakfast")
        card.there("NOTE:new", "NOTE:same")
        card.here("NOTE:new", "NOTE:same")
        a.sync(name=f"{program}: one clash, one edit alike")
        equal(len(a.conflicts()), 1, f"{program}: one is in Conflicts")
        ok(b"SUMMARY:Supper" in event.now_here(), f"{program}: the server's version stands")
        ok(history(a, "%not merged: Summary changed on both sides%"), f"{program}: the history tells why",
           history(a, "%conflict%"))
        a.dav_equal(f"{program}: clash: both sides are equal")
        a.silent(f"{program}: after the clash")

        # One way only: it waits.
        event.there("LOCATION:There", "LOCATION:Elsewhere")
        event.here("SUMMARY:Supper", "SUMMARY:Brunch")
        a.sync("--pull", name=f"{program}: --pull")
        ok(b"SUMMARY:Supper" in event.now_there() and b"SUMMARY:Brunch" in event.now_here()
           and b"LOCATION:There" in event.now_here(), f"{program}: nothing is merged")
        a.sync("--push", name=f"{program}: --push")
        ok(b"SUMMARY:Brunch" in event.now_there() and b"LOCATION:Elsewhere" in event.now_there(),
           f"{program}: the server has both", event.now_there())
        ok(b"LOCATION:There" in event.now_here(), f"{program}: nothing came here")
        a.sync(name=f"{program}: both ways")
        good, missing = event.says("SUMMARY:Brunch", "LOCATION:Elsewhere")
        ok(good, f"{program}: now it did", missing)
        equal(len(a.conflicts()), 1, f"{program}: no other conflict")
        a.dav_equal(f"{program}: one way, then both: equal")
        a.silent(f"{program}: after both ways")

# Without the key, and where edits here are taken back, it is a conflict.
for name, folders in (("by default", ""), ("merge = no", 'folder "*" { merge = no }'),
                      ("direction = pull", 'folder "*" { merge = yes; direction = pull }'.replace(";", "\n"))):
    with DavAccount((2, 0, 0, 0), folders="") as a:
        a.sync(name=f"{name}: first sync")
        event = Item(a, "calendars", "Home", EVENT)
        a.sync(name=f"{name}: sent")
        a.configure(folders=folders)
        event.there("LOCATION:Here", "LOCATION:There")
        event.here("SUMMARY:Lunch", "SUMMARY:Dinner")
        a.sync(name=f"{name}: edited on both sides")
        equal(len(a.conflicts()), 1, f"{name}: a conflict")

# Somebody is faster: the server's version changes when the merged one is on its way.
with DavAccount((2, 0, 0, 0), folders=MERGE) as a:
    a.sync(name="first sync")
    event = Item(a, "calendars", "Home", EVENT)
    a.sync(name="sent")
    a.sync(name="and looked at")
    between = Meanwhile(a.dav.port("http"))
    a.configure(folders=MERGE, dav_url=f"http://127.0.0.1:{between.port}/")
    event.there("LOCATION:Here", "LOCATION:There")
    event.here("SUMMARY:Lunch", "SUMMARY:Dinner")
    between.when(rb"^PUT ", lambda: event.there("LOCATION:There", "LOCATION:There\nURL:http://example.com/"))
    run = a.sync(name="changed there once more, just before it was written")
    ok(between.done, "so it was", run)
    between.close()
    good, missing = event.says("SUMMARY:Dinner", "LOCATION:There", "URL:http://example.com/")
    ok(good, "all three edits are on both sides", missing)
    a.no_conflict("a lost race: no conflict")
    a.dav_equal("a lost race: equal")
    a.configure(folders=MERGE)
    a.sync(name="without a relay")
    a.silent("after a lost race")

# A server that writes everything anew.
with DavAccount((2, 0, 0, 2), server=OddServer(), folders=MERGE) as a:
    a.dav.be("rewrites")
    a.sync(name="a server that rewrites: first sync")
    event, card = Item(a, "calendars", "Home", EVENT), Item(a, "contacts", "Friends", CARD)
    a.sync(name="a server that rewrites: sent")
    a.sync(name="a server that rewrites: looked at")
    event.there("LOCATION:Here", "LOCATION:There")
    event.here("SUMMARY:Lunch", "SUMMARY:Dinner")
    card.there("NOTE:old", "NOTE:new")
    card.here("TEL;TYPE=HOME:1", "TEL;TYPE=HOME:1\nTEL:2")
    a.sync(name="a server that rewrites: merged")
    for item, want in ((event, ("SUMMARY:Dinner", "LOCATION:There")), (card, ("NOTE:new", "TEL:2"))):
        good, missing = item.says(*want)
        ok(good, f"a server that rewrites: {item.name}", missing)
    a.no_conflict("a server that rewrites: no conflict")
    a.silent("a server that rewrites: after that")
finish(at_least=120)
