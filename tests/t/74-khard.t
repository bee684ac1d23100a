#!/usr/bin/python3
"""khard lists what koc pulled; a card made or edited with it reaches the server."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import DavAccount
from readers import Khard
from tap import equal, finish, ok, skip_all
import vdir

if not os.path.exists("/usr/bin/khard"):
    skip_all("needs khard")

with DavAccount((2, 2, 2, 60)) as a:
    a.sync(name="first sync")
    khard = Khard(a)
    listed = khard.contacts()
    equal({(u, b) for u, _, b in listed}, {(f.uid, p) for p in khard.books.values() for f in a.vdir.files(p)},
          "khard lists every card")
    equal(len(listed), 60, "all of them")

    friends = a.vdir.folder("Friends")
    card = next(f for f in a.vdir.files(friends) if b"VERSION:3.0" in f.data and b"KIND" not in f.data)
    khard.edit(card.uid, "Nickname", "Nick of khard")
    run = a.sync(name="a card edited with khard")
    equal([r.method for r in run.dav_writes()], ["PUT"], "is one PUT")
    there = next(d for d in a.there.bodies(a.there.folder("Friends")).values() if vdir.uid_of(d) == card.uid)
    ok(b"NICKNAME:Nick of khard" in there, "and is on the server", there)
    a.dav_equal("after khard edit")

    book = next(n for n, p in khard.books.items() if p == friends)
    khard.run("new", "-a", book, answer="First name : New\nLast name : Person\nFormatted name : New Person\n"
              "Email :\n    home : new@example.org\n")
    a.sync(name="a card made by khard")
    there = [d for d in a.there.bodies(a.there.folder("Friends")).values() if b"new@example.org" in d]
    equal(len(there), 1, "is on the server")
    a.dav_equal("after khard new")
    href, data = next((h, d) for h, d in a.there.bodies(a.there.folder("Friends")).items()
                      if vdir.uid_of(d) == card.uid)
    a.there.put(href, vdir.summary(data, "Renamed On Server"))
    a.sync(name="a card edited on the server")
    ok((card.uid, "Renamed On Server", friends) in
       {(u, f.data.split(b"FN:")[1].split(b"\r\n")[0].decode(), p) for u, _, p in khard.contacts()
        for f in a.vdir.files(p) if f.uid == u}, "khard still lists it", sorted(khard.contacts())[:3])
    a.no_conflict()
    a.sync()
    a.silent("after all that")
finish(at_least=14)
