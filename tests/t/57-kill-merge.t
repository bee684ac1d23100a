#!/usr/bin/python3
"""merge = yes: killed at every durable step of a run that merges; at most two more runs leave what an undisturbed run
leaves, no conflict with oneself, and what was here in the vault.  The same when the user goes on editing after the
kill."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import killing
import vdir
from dav import Snapshot
from harness import DavAccount
from tap import finish, ok

MERGE = 'folder "*" { merge = yes }'
NOISE = (b"PRODID:", b"DTSTAMP:", b"REV:")
ITEMS = {
    ("Home", "a.ics"): vdir.event("a@merge", "Lunch", extra="LOCATION:Here\r\n"),
    ("Home", "b.ics"): vdir.event("b@merge", "Lunch", extra="LOCATION:Here\r\n"),
    ("Friends", "c.vcf"): vdir.card("c@merge", "Jane Doe", extra="TEL:1\r\nNOTE:old\r\n"),
}


def path(a, title, name):
    return os.path.join(a.store, a.vdir.folder(title), name)


def edit_here(a, title, name, old, new):
    with open(path(a, title, name), "rb") as f:
        data = f.read()
    a.vdir.replace(path(a, title, name), data.replace(old, new, 1))


def merge_changes(a):
    for (title, name), data in ITEMS.items():
        a.vdir.new(a.vdir.folder(title), name, data)
    a.koc("sync")
    a.koc("sync")
    for title in ("Home", "Friends"):
        folder = a.there.folder(title)
        for href, data in a.there.bodies(folder).items():
            if b"@merge" in data:
                a.there.put(href, data.replace(b"LOCATION:Here", b"LOCATION:There").replace(b"NOTE:old", b"NOTE:new"))
    edit_here(a, "Home", "a.ics", b"SUMMARY:Lunch", b"SUMMARY:Dinner")
    edit_here(a, "Home", "b.ics", b"SUMMARY:Lunch", b"SUMMARY:Supper\r\nCATEGORIES:Food")
    edit_here(a, "Friends", "c.vcf", b"TEL:1", b"TEL:1\r\nTEL:2")


class MergeScenario(killing.DavScenario):
    at_least = 3

    def __init__(self, program="radicale", goes_on=False):
        super().__init__(merge_changes, program)
        self.goes_on = goes_on
        self.before = []

    def make(self, user):
        a = super().make(user)
        a.configure(folders=MERGE)
        return a

    def contents_of(self, there):
        """{title: what our items say}, line by line."""
        return {f.title: sorted(sorted(l for l in vdir.unfold(d).split(b"\r\n") if not l.startswith(NOISE))
                                for d in there.bodies(f).values() if b"@merge" in d) for f in there.folders()}

    def recovers(self, a, name):
        if self.goes_on: # something else than the run was about to bring
            edit_here(a, "Home", "a.ics", b"END:VEVENT", b"URL:http://example.com/\r\nEND:VEVENT")
        super().recovers(a, name)

    def unlike(self, found):
        if not self.goes_on or self.wanted is None:
            return super().unlike(found)
        return super().unlike({t: sorted([l for l in item if not l.startswith(b"URL:http://example.com/")]
                                         for item in items) for t, items in found.items()}) + \
            ([] if any(b"URL:http://example.com/" in item for item in found["Home"]) else ["the edit after the kill is lost"])

    def lines(self, a):
        kept = [open(os.path.join(at, f), "rb").read() for at, _, files in os.walk(a.store + "/.koc/vault") for f in files]
        return super().lines(a) + [f"{want!r} is not in the vault" for want in (b"SUMMARY:Supper", b"TEL:2")
                                   if not any(want in k and b"NOTE:new" not in k and b"There" not in k for k in kept)]


killing.kill_everywhere(MergeScenario(), at_least=12)
killing.kill_everywhere(MergeScenario(goes_on=True), at_least=5, stride=3)
killing.kill_everywhere(MergeScenario("xandikos"), at_least=4, stride=3)
finish(at_least=30)
