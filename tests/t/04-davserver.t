#!/usr/bin/python3
"""The machinery of the tests of calendars and contacts: launchers, corpus, client and oracle, with vdirsyncer
as the program under test.  Above all: the oracle must be able to say no."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
import harness, vdir
from davoracle import meaning
from dav import DavError
from harness import DavAccount, DavServer, davcorpus
from tap import ok, equal, finish, skip_all

if not os.path.exists("/usr/bin/vdirsyncer"):
    skip_all("needs vdirsyncer")
harness.KOC = os.path.join(harness.TOP, "tests/tools/vdirsyncer-as-koc")


def raises(status, action, name):
    try:
        action()
        ok(False, name, "it was accepted")
    except DavError as e:
        ok(e.status == status, name, e)


# ---- the corpus
small = davcorpus.collections("small")
data = [i.data for c in small for i in c.items]
equal(data, [i.data for c in davcorpus.collections("small") for i in c.items],
      "the corpus is the same for the same seed")
ok(data != [i.data for c in davcorpus.collections("small", seed=2) for i in c.items],
   "and another for another")
equal(len(data), sum(davcorpus.PROFILES["small"]), "as many items as the profile says")
large = {}
for c in davcorpus.collections("large"):
    large[c.kind] = large.get(c.kind, 0) + len(c.items)
equal(large, {"calendars": 2000, "tasks": 500, "notes": 100, "contacts": 1000}, "the large one, too")
equal(max(len(line) for d in data for line in d.split(b"\r\n")), 75, "lines are folded")
ok(all(b"\r\n" in d and b"\n" not in d.replace(b"\r\n", b"") for d in data), "and end in CR LF")
equal(len({i.uid for c in small for i in c.items}), len(data), "every UID is there once")

# ---- what the oracle takes for the same
one = vdir.event("a", "A\\, b", extra="RRULE:FREQ=WEEKLY;COUNT=3\r\nATTENDEE;RSVP=TRUE;CN=X:mailto:x@y\r\n")
lines = one.split(b"\r\n")
for name, other, same in (
        ("line ends", one.replace(b"\r\n", b"\n"), True),
        ("order", b"\r\n".join([*lines[:4], *lines[4:-4][::-1], *lines[-4:]]), True),
        ("folding", one.replace(b"SUMMARY:A", b"SUMM\r\n ARY:A"), True),
        ("DTSTAMP and PRODID", one.replace(b"T120000Z", b"T120001Z").replace(b"//test", b"//other"), True),
        ("order in a rule", one.replace(b"FREQ=WEEKLY;COUNT=3", b"COUNT=3;FREQ=WEEKLY"), True),
        ("quotes of a parameter", one.replace(b"CN=X", b'CN="X"'), True),
        ("an equal duration", one.replace(b"PT1H", b"PT60M"), True),
        ("another duration", one.replace(b"PT1H", b"PT61M"), False),
        ("another summary", one.replace(b"SUMMARY:A", b"SUMMARY:B"), False),
        ("a lost property", one.replace(b"DURATION:PT1H\r\n", b""), False),
        ("a doubled property", one.replace(b"DURATION:PT1H\r\n", b"DURATION:PT1H\r\n" * 2), False),
        ("another parameter", one.replace(b"RSVP=TRUE", b"RSVP=FALSE"), False),
        ("another component", one.replace(b"VEVENT", b"VTODO"), False)):
    equal(meaning(one) == meaning(other), same, f"{name}: the same: {same}")

# ---- servers
for program in ("radicale", "xandikos"):
    with DavAccount(small, server=program) as a:
        # Loaded right?
        served, bad = 0, []
        for folder in a.there.folders():
            want = {i.uid: i for c in small if c.title == folder.title for i in c.items}
            for href, body in a.there.bodies(folder).items():
                served += 1
                item = want.pop(vdir.uid_of(body))
                # Radicale cuts a data: URI at its comma.
                if (meaning(body) != meaning(item.data) and
                        (program, item.what) != ("radicale", "4-photo")):
                    bad.append(href)
                if served % 10 == 0 and a.there.get(href) != body:
                    bad.append(href + ": GET and multiget differ")
            bad += [f"{folder.href}: {uid} is not served" for uid in want]
        equal(bad, [], f"{program}: what was filled in is served")
        equal(served, len(data), f"{program}: all of it")

        run = a.sync(name=f"{program}: vdirsyncer pulls")
        ok(len([r for r in run.requests if r.method == "REPORT" and r.status == 207]) == 8 and
           {r.method for r in run.requests} == {"PROPFIND", "REPORT"},
           f"{program}: its requests are seen: a REPORT a collection", run)

        # It hides the item with the UID "..", and is its own master of colors.
        def differences():
            return {l for l in a.dav_differences()[0] if "uid-dots" not in l and "color" not in l}

        equal(differences(), set(), f"{program}: what it pulled is equal")
        ok(a.dav_differences(exact=True)[0], f"{program}: but not byte by byte: it writes LF")

        def differs(name, change, undo):
            change()
            ok(differences(), f"{program}: the oracle sees {name}", "no difference")
            undo()
            equal(differences(), set(), f"{program}: … and that it is gone again")

        home = a.vdir.folder("Home")
        file = a.vdir.files(home)[0]
        there = a.there.folder("Home")
        away, twin = a.base + "/away", os.path.dirname(file.path) + "/twin.ics"
        differs("a changed file", lambda: a.vdir.replace(file.path, vdir.summary(file.data, "Other")),
                lambda: a.vdir.replace(file.path, file.data))
        differs("a missing file", lambda: os.rename(file.path, away), lambda: os.rename(away, file.path))
        differs("a duplicate", lambda: shutil.copy(file.path, twin), lambda: os.unlink(twin))
        differs("a directory without a collection", lambda: a.vdir.make("calendars/none"),
                lambda: os.rmdir(a.store + "/calendars/none"))
        moved = a.vdir.folder("Work") + "/" + os.path.basename(file.path)
        differs("an item in another calendar", lambda: os.rename(file.path, f"{a.store}/{moved}"),
                lambda: os.rename(f"{a.store}/{moved}", file.path))

        # The client.
        a.dav.mark()
        href = a.there.add(there, "new one.ics", vdir.event("new@test"))
        raises(412, lambda: a.there.put(href, vdir.event("new@test"), new=True), f"{program}: not twice")
        equal([(r.method, r.status) for r in a.dav.requests()], [("PUT", 201), ("PUT", 412)],
              f"{program}: and these two requests are counted")
        etag = a.there.items(there)[href]
        a.there.put(href, vdir.event("new@test", "Changed"), etag)
        raises(412, lambda: a.there.put(href, vdir.event("new@test", "Lost"), etag),
               f"{program}: not over a change")
        ok(b"Changed" in a.there.get(href), f"{program}: the change is there")
        to = a.there.move(href, a.there.folder("Work"))
        ok(href not in a.there.items(there) and to in a.there.items(a.there.folder("Work")),
           f"{program}: moved to another calendar")
        a.there.delete(to)
        raises(404, lambda: a.there.get(to), f"{program}: deleted")
        for kind, item in (("calendars", vdir.event), ("tasks", vdir.task), ("notes", vdir.note),
                           ("contacts", vdir.card)):
            made = a.there.make(kind, "made-" + kind, "Made " + kind)
            a.there.add(made, "x.vcf" if kind == "contacts" else "x.ics", item(f"in-{kind}@test"))
            equal(len(a.there.bodies(made)), 1, f"{program}: {kind} can be made and filled")
            if program == "radicale":
                equal((made.kind, made.title), (kind, "Made " + kind), "with its kind and name")
        a.there.label(made, "Renamed")
        equal([f.title for f in a.there.folders() if f.href == made.href], ["Renamed"],
              f"{program}: renamed")
        a.there.drop(made)
        ok(made.href not in [f.href for f in a.there.folders()], f"{program}: dropped")

# ---- options
server = DavServer(read_only=["home"], max_content_length=20000)
server.fill(davcorpus.collections("small", (40, 1, 1, 1)))
server.start()
client = server.client()
href = next(iter(client.items(client.folder("Home"))))
raises(403, lambda: client.delete(href), "a read-only calendar")
raises(413, lambda: client.add(client.folder("Work"), "big", vdir.event("big", "x" * 30000)), "a large item")
client.add(client.folder("Work"), "small", vdir.event("small"))
server.stop()
server.start()
equal(len([d for d in client.bodies(client.folder("Work")).values() if vdir.uid_of(d) == "small"]), 1,
      "after a restart all is as before, on the same port")
server.stop()
for options, version in (({"tls": True}, "https"), ({"front": True}, "http")):
    server = DavServer(**options)
    server.fill(davcorpus.collections("small", (1, 1, 1, 1)))
    server.start()
    ok(server.url.startswith(version + ":") and len(server.client().folders()) == 8, f"{options}", server.url)
    equal([r.method for r in server.requests()], ["PROPFIND"], "and its requests are counted")
    server.stop()
finish(at_least=80)
