#!/usr/bin/python3
"""Servers with ways of their own: on each, all is pulled, a second run is silent, changes of both sides go across in one
run, and when the server changes its ways nothing is lost or doubled."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from oddcase import OddCase, vdir
from tap import finish, ok

# What a run with nothing to do may ask, beside the usual two.
WAYS = {"digest": 4, "two-homes": 3, "no-principal": 2, "no-etag": 2, "weak-etag": 2, "bare-etag": 2, "eml": 2,
        "encoded": 2, "absolute": 2, "doubled": 2, "self": 2, "no-token=403": 2, "no-token=409": 2, "no-token=410": 2,
        "no-token=412": 2, "no-token=500": 2, "no-sync": 2, "no-data": 2, "dead": 2, "paged=2": 2, "unique": 2,
        "error207": 2, "rewrites": 2, "renames": 2, "renames-mute": 2, "alias": 2, "no-move": 2, "type": 2, "close": 2, "chunked": 2, "gzip": 2,
        "dribbled": 2, "neither": 18, "flapping-etag": 2, "same PROPFIND|REPORT|GET": 4,
        # Several at once, as some servers have them.
        "eml, bare-etag, no-sync": 2,                      # like Kerio
        "alias, rewrites, unique, no-move": 2,            # like Google's contacts
        "renames, rewrites, no-etag": 2,
        "error207, no-data, no-move": 2,                   # like Xandikos
        "rewrites, dead, close": 2,                        # like Radicale
        "no-principal, no-sync, doubled": 2,               # like Synology
        "absolute, encoded, self, no-etag, weak-etag": 2,
        "neither, no-etag, no-data": 18,
        "flapping-etag, no-sync, rewrites": 2}
ways = 0
for way, requests in WAYS.items():
    with OddCase(*way.split(", ")) as a:
        a.silent(f"{way}: a second run", requests=requests)
        gone = a.change()
        before = a.snapshot()
        run = a.sync(name=f"{way}: changes of both sides")
        a.harmless(before, a.snapshot(), gone, way)
        a.dav_equal(f"{way}: equal after one run", at_least=a.LEAST)
        a.silent(f"{way}: the run after it", requests=requests)
        a.dav.heal()
        a.sync(name=f"{way}: the server changes its ways")
        a.harmless(before, a.snapshot(), gone, f"{way}, and changed")
        a.dav_equal(f"{way}, and changed: equal", at_least=a.LEAST)
        ways += 1
ok(ways >= 40, f"{ways} ways")

# A listing that leaves out old items, from now on: by token, by full listing, and when nothing else is known.
for oddities in (["window=odd"], ["window=odd", "no-token=403"], ["window=odd", "no-sync"], ["window=odd", "neither"]):
    name = ", ".join(oddities)
    with OddCase(*oddities[1:]) as a:
        a.there.put("/calendars/alice/home/new.ics", vdir.event("odd-99@calendars"))
        before = a.snapshot()
        a.dav.be(*oddities)
        a.sync(name=f"{name}: status 0")
        a.harmless(before, a.snapshot(), (set(), set()), name)
        a.dav_equal(f"{name}: equal", at_least=a.LEAST)
        home = a.vdir.folder("Home")
        a.vdir.edit(a.vdir.file(home, "odd-3@calendars").path, b"Item 3", b"Item three")
        a.sync(name=f"{name}: one of them is edited here")
        a.dav_equal(f"{name}: and goes across", at_least=a.LEAST)

# Listed, and not found by a multiget: the others go on, and so does this one when it is there.
with OddCase("no-data") as a:
    a.there.put("/calendars/alice/home/lost.ics", vdir.event("lost@test"))
    a.there.put("/calendars/alice/home/found.ics", vdir.event("found@test"))
    a.dav.be("no-data", "missing=lost", "status=404 GET lost")
    run = a.koc("sync")
    here = {f.uid for f in a.vdir.files(a.vdir.folder("Home"))}
    ok("found@test" in here and "lost@test" not in here, "what a multiget does not find holds nothing up", run)
    a.dav.heal()
    a.later()
    a.there.put("/calendars/alice/home/news.ics", vdir.event("news@test"))
    a.sync()
    a.dav_equal(at_least=a.LEAST)
finish(at_least=400)
