#!/usr/bin/python3
"""A folder is turned off, everything changes on both sides, in it and between it and the others, and it is turned on
again: what both sides did is taken in by the normal rules, nothing comes anew and nothing is doubled.  Mail, calendars
and contacts."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import email, json
from harness import LISTING, Account, DavAccount, text_message
from tap import equal, finish, ok
from textforms import attached, is_text
import vdir


def subject(m):
    return str(email.message_from_bytes(m["data"])["Subject"])


def there(a, folder):
    return {subject(m): m for m in a.server.messages(folder)}


def here(a, folder):
    return {subject(m): m for m in a.mail.messages(folder)}


def numbers(uids):
    """The members of a set of UIDs."""
    ends = [[int(n) for n in member.split(":")] for member in uids.split(",")]
    return [n for e in ends for n in range(e[0], e[-1] + 1)]


def mode(a, folder, mode):
    run = a.koc("mode", folder, mode)
    ok(run.status == 0, f"koc mode {folder} {mode}", run)


def part(a, folder):
    """What lies in one folder, as a.tree()."""
    return {p: s for p, s in a.tree().items() if p.startswith(folder)}


def everywhere(a, word):
    """In how many places of both sides is the message?"""
    names = [n for n, flags in a.server.folders().items() if not flags & {"\\noselect", "\\nonexistent"}]
    return (sum(word in there(a, n) for n in names), sum(word in here(a, n) for n in a.mail.folders()))


# ---- mail: everything at once ------------------------------------------------------------------------

NAMES = [f"Big {i:02}" for i in range(30)]

with Account(None) as a:
    for name in ("Big", "Other"):
        a.server.create(name)
    for i, name in enumerate(NAMES):
        a.server.append("Big", text_message(name), "S" if i % 2 else "")
    for i in range(12):
        a.server.append("Other", text_message(f"Other {i:02}"), "S")
    a.sync()
    uid = {subject(m): m["uid"] for m in a.server.messages("Big")}
    other = {subject(m): m["uid"] for m in a.server.messages("Other")}
    mode(a, "mail/Big", "off")
    a.silent("turned off: the next run")

    # In the folder, on the server …
    a.server.store("Big", uid["Big 00"], "+", "S", ["todo"])
    a.server.store("Big", uid["Big 01"], "-", "S")
    a.server.store("Big", uid["Big 02"], "+", "F")
    a.server.expunge("Big", uid["Big 03"])
    a.server.append("Big", text_message("New there"))
    # … and here.
    big = here(a, "Big")
    a.mail.flag(big["Big 02"]["path"], "RS")
    a.mail.flag(big["Big 04"]["path"], "FS")
    os.unlink(big["Big 05"]["path"])
    a.mail.deliver("Big", text_message("New here"), "S")
    a.mail.edit(big["Big 06"]["path"])
    # The same on both sides: removed, the same flags; edited here and removed there; changed there and removed here.
    a.server.expunge("Big", uid["Big 07"])
    os.unlink(big["Big 07"]["path"])
    a.server.store("Big", uid["Big 08"], "+", "FS")
    a.mail.flag(big["Big 08"]["path"], "FS")
    a.server.expunge("Big", uid["Big 09"])
    a.mail.edit(big["Big 09"]["path"])
    a.server.store("Big", uid["Big 10"], "+", "R")
    os.unlink(big["Big 10"]["path"])
    # Between it and another folder, both ways, on each side.
    a.server.move("Big", uid["Big 11"], "Other")
    a.server.move("Other", other["Other 00"], "Big")
    a.mail.move(big["Big 12"]["path"], "Other")
    a.mail.move(here(a, "Other")["Other 01"]["path"], "Big")
    a.server.copy("Big", uid["Big 13"], "Other")
    a.mail.copy(big["Big 14"]["path"], "Other")
    a.mail.copy(here(a, "Other")["Other 02"]["path"], "Big")
    a.server.copy("Other", other["Other 03"], "Big")

    before, serverside = part(a, "mail/Big"), there(a, "Big")
    run = a.sync(name="while it is off")
    ok("APPEND" not in run.verbs, "while it is off: what left it here is copied there, not sent", run)
    equal(part(a, "mail/Big"), before, "nothing in it is touched here")
    equal({s: (m["uid"], m["flags"]) for s, m in there(a, "Big").items()},
          {s: (m["uid"], m["flags"]) for s, m in serverside.items()}, "nor there")
    ok("Other 01" in there(a, "Other"), "what was moved into it here is held, not removed there")
    a.sync(name="while it is off once more")
    equal(part(a, "mail/Big"), before, "nothing in it is touched here")

    mode(a, "mail/Big", "full")
    dry = a.koc("sync", "-n")
    ok(dry.status == 0 and "mail/Big" in dry.out, "a dry run tells what turning it on does", dry)
    run = a.sync(name="turned on")
    again = a.sync(name="turned on: the second run")
    a.equal("turned on: both sides are equal", at_least=40)
    fetched = [uids for r in (run, again) for mailbox, uids in r.fetches() if mailbox == "Big"]
    appended = [c for r in (run, again) for c in r.commands if c.verb == "APPEND"]
    uids = {subject(m): m["uid"] for m in a.server.messages("Big")}
    equal(json.loads(a.koc("status", "--json").out)[0]["held"], [], "nothing is held")

    now, kept = there(a, "Big"), here(a, "Big")
    equal(sorted(now), sorted(kept), "the same on both sides")
    equal((now["Big 00"]["flags"], now["Big 00"]["keywords"]), ("S", ("todo",)), "read there")
    equal(now["Big 01"]["flags"], "", "unread there")
    equal(now["Big 02"]["flags"], "FRS", "flags of both sides are joined")
    equal(now["Big 04"]["flags"], "FS", "flags set here")
    equal(now["Big 08"]["flags"], "FS", "the same flags on both sides")
    ok("Big 03" not in now and "Big 05" not in now and "Big 07" not in now and "Big 10" not in now, "what was removed is gone")
    ok("New there" in now and "New here" in now, "what is new is on both sides")
    ok(b"An added line." in now["Big 06"]["data"], "the edit is there")
    equal([n for n, m in now.items() if b"An added line." in m["data"]], ["Big 06"], "and no other")
    ok(any(b"Big 09" in open(os.path.join(at, f), "rb").read()
           for at, _, fs in os.walk(a.store + "/Conflicts") for f in fs),
       "what was edited here and removed there lies in Conflicts")
    for name in NAMES:
        if name in ("Big 03", "Big 05", "Big 07", "Big 09", "Big 10", "Big 12", "Big 13", "Big 14"):
            continue
        equal(everywhere(a, name), (1, 1), f"{name} is once on each side")
    ok("Big 11" in there(a, "Other") and "Big 12" in there(a, "Other"), "what was moved out is in its new place")
    ok("Big 12" not in now, "and not in the old one")
    ok("Other 00" in now and "Other 01" in now and "Other 00" not in there(a, "Other") and
       "Other 01" not in there(a, "Other"), "what was moved in, too")
    for name in ("Big 13", "Big 14"):
        ok(name in now and name in there(a, "Other"), f"{name} was copied out")
    for name in ("Other 02", "Other 03"):
        ok(name in now and name in there(a, "Other"), f"{name} was copied in")
    # Only what came to be there on the server while it was off: a new one, one moved in, one copied in.
    asked = sum((numbers(uids) for uids in fetched), [])
    equal(sorted(asked), sorted(uids[n] for n in ("New there", "Other 00", "Other 03")), "only what is new is fetched")
    equal(len(appended), 2, "only what is new here, and the edit, is sent")
    a.silent("at last another run", allowed=LISTING)

# ---- mail: nothing changed, many messages; the server renumbers it; it is renamed, dropped; no state -----

with Account(None) as a:
    a.server.create("Big")
    for i in range(300):
        a.server.append("Big", text_message(f"Big {i:03}"), "S" if i % 3 else "")
    a.sync()
    files = part(a, "mail/Big")
    mode(a, "mail/Big", "off")
    a.sync()
    mode(a, "mail/Big", "full")
    run = a.sync(name="off and on")
    ok(not run.fetched_bodies() and not run.writes(), "nothing travels", run)
    equal(part(a, "mail/Big"), files, "no file is touched")

    mode(a, "mail/Big", "off")
    a.sync()
    a.renumber("Big")
    run = a.sync(name="numbered anew while it is off")
    mode(a, "mail/Big", "full")
    run = a.sync(name="and on")
    ok(not run.fetched_bodies() and not run.writes(), "nothing travels", run)
    equal({p: s[0] for p, s in part(a, "mail/Big").items() if "/cur/" in p},
          {p: s[0] for p, s in files.items() if "/cur/" in p}, "no file is made anew")
    a.equal(at_least=300)

    mode(a, "mail/Big", "off")
    a.sync()
    a.server.rename("Big", "Large")
    run = a.sync(name="renamed there while it is off")
    ok(os.path.exists(a.mail.path("Big")) or os.path.exists(a.mail.path("Large")), "its files are here")
    equal(sum(len(a.mail.files(f)) for f in ("Big", "Large") if os.path.exists(a.mail.path(f))), 300,
          "and nothing of it came a second time")
    ok(not run.fetched_bodies(), "nothing is fetched", run)

with Account(None) as a:
    a.server.create("Big")
    for i in range(30):
        a.server.append("Big", text_message(f"Big {i:03}"), "S" if i % 3 else "")
    a.sync()
    files = part(a, "mail/Big")
    mode(a, "mail/Big", "off")
    a.sync()
    a.server.delete("Big")
    a.sync(name="dropped there while it is off")
    equal(part(a, "mail/Big"), files, "what is here stays")
    mode(a, "mail/Big", "full")
    run = a.koc("sync")
    equal(run.status, 3, "turned on: it is held that it is gone", )
    equal(part(a, "mail/Big"), files, "what is here stays")
    run = a.sync("--allow-removals", "mail/Big", name="let pass")
    ok(not os.path.exists(a.mail.path("Big")) or not a.mail.files("Big"), "its messages are gone")

with Account(None) as a:
    a.server.create("Big")
    for i in range(30):
        a.server.append("Big", text_message(f"Big {i:03}"), "S" if i % 3 else "")
    a.sync()
    files = part(a, "mail/Big")
    mode(a, "mail/Big", "off")
    a.sync()
    for name in os.listdir(a.store + "/.koc"):
        if name.startswith("mail.db"):
            os.unlink(os.path.join(a.store, ".koc", name))
    a.server.append("Big", text_message("New there"), "S")
    a.sync(name="the state is lost while it is off")
    equal(part(a, "mail/Big"), files, "what is here stays")
    mode(a, "mail/Big", "full")
    run = a.sync(name="and on")
    equal(len(run.fetched_bodies()), 1, "only what is new is fetched")
    ok("APPEND" not in run.verbs, "nothing is sent")
    a.equal(at_least=31)
    a.silent(allowed=LISTING)

# ---- text forms ------------------------------------------------------------------------------------------

with Account(None, folders='folder "mail/*" { mode = text }') as a:
    a.server.create("Big")
    for i in range(12):
        a.server.append("Big", attached(f"Big {i:02}"), "S")
    a.sync()
    files = part(a, "mail/Big")
    equal(sum(is_text(m["data"]) for m in a.mail.messages("Big")), 12, "text forms")
    mode(a, "mail/Big", "off")
    a.sync()
    big = here(a, "Big")
    a.mail.flag(big["Big 00"]["path"], "FS")
    a.mail.move(big["Big 01"]["path"], "INBOX")
    os.unlink(big["Big 02"]["path"])
    a.server.append("Big", attached("New there"), "S")
    run = a.sync(name="text forms while it is off")
    ok("APPEND" not in run.verbs, "a text form that left it is not sent", run)
    mode(a, "mail/Big", "text")
    run = a.sync(name="text forms: on again")
    again = a.sync(name="text forms: the second run")
    ok("APPEND" not in run.verbs + again.verbs, "nothing is sent", run)
    found = there(a, "Big")
    equal(sorted(found), sorted(["Big 00", *(f"Big {i:02}" for i in range(3, 12)), "New there"]), "what is there")
    equal(found["Big 00"]["flags"], "FS", "flags went along")
    ok("Big 01" in there(a, "INBOX") and not is_text(there(a, "INBOX")["Big 01"]["data"]), "moved there, whole")
    equal(sum(is_text(m["data"]) for m in a.mail.messages("Big")), 11, "all here are text forms")
    equal(sorted(set(sum((numbers(u) for r in (run, again) for b, u in r.fetches() if b == "Big"), []))), [13],
          "only the new one is fetched")
    a.silent("text forms: at last another run", allowed=LISTING)

# ---- calendars and contacts ------------------------------------------------------------------------------

for program in ("radicale", "xandikos"):
    with DavAccount("demo", server=program) as a:
        kinds = {}
        for f in a.there.folders():
            kinds.setdefault(f.kind, f)
        make = {"calendars": vdir.event, "contacts": vdir.card, "tasks": vdir.task, "notes": vdir.note}
        end = {k: ".vcf" if k == "contacts" else ".ics" for k in make}
        for kind, f in kinds.items():
            for i in range(16):
                a.there.add(f, f"x{kind}{i:02}{end[kind]}", make[kind](f"x{kind}{i:02}", f"Item {i}"))
        a.sync(name=f"{program}: all on")
        path = {kind: a.vdir.folder(f.title, kind) for kind, f in kinds.items()}
        for kind in kinds:
            mode(a, path[kind], "off")
        a.sync(name=f"{program}: off")
        conflicts = 0
        for kind, f in kinds.items():
            href = {h.rpartition("/")[2].partition(".")[0]: h for h in a.there.items(f)}
            name = [f"x{kind}{i:02}" for i in range(16)]
            file = lambda i: a.vdir.file(path[kind], name[i]).path
            a.there.put(href[name[0]], make[kind](name[0], "Edited there"))
            a.there.delete(href[name[1]])
            a.there.add(f, f"new{kind}{end[kind]}", make[kind](f"new{kind}", "New there"))
            a.vdir.replace(file(2), make[kind](name[2], "Edited here"))
            os.unlink(file(3))
            a.vdir.new(path[kind], f"here{kind}{end[kind]}", make[kind](f"here{kind}", "New here"))
            a.there.put(href[name[4]], make[kind](name[4], "Theirs"))
            a.vdir.replace(file(4), make[kind](name[4], "Ours"))
            a.there.delete(href[name[5]])
            os.unlink(file(5))
            a.there.put(href[name[6]], make[kind](name[6], "The same"))
            a.vdir.replace(file(6), make[kind](name[6], "The same"))
        before = {kind: part(a, path[kind]) for kind in kinds}
        bodies = {kind: a.there.bodies(f) for kind, f in kinds.items()}
        run = a.sync(name=f"{program}: while they are off")
        ok(not run.dav_writes(), f"{program}: nothing is written there", run)
        equal({kind: part(a, path[kind]) for kind in kinds}, before, f"{program}: nothing is touched here")
        for kind in kinds:
            mode(a, path[kind], "default")
        run = a.sync(name=f"{program}: on again")
        again = a.sync(name=f"{program}: the second run")
        a.dav_equal(f"{program}: both sides are equal")
        equal(len(a.conflicts()), len(kinds), f"{program}: one conflict each")
        for kind, f in kinds.items():
            now = {vdir.uid_of(d): d for d in a.there.bodies(f).values()}
            name = [f"x{kind}{i:02}" for i in range(16)]
            ok(b"Edited there" in now[name[0]] and b"Edited here" in now[name[2]] and b"Theirs" in now[name[4]] and
               b"The same" in now[name[6]], f"{program}: {kind}: edits", now.keys())
            ok(not {name[1], name[3], name[5]} & set(now), f"{program}: {kind}: what was removed is gone")
            ok({f"new{kind}", f"here{kind}", *name[7:]} <= set(now), f"{program}: {kind}: what is new, and all the rest")
        puts = [r for r in run.requests + again.requests if r.method == "PUT"]
        equal(len(puts), 2 * len(kinds), f"{program}: only edits and new items are sent")
        untouched = [p for kind in kinds for p, s in before[kind].items()
                     if any(f"x{kind}{i:02}." in p for i in range(7, 16)) and part(a, path[kind]).get(p) != s]
        equal(untouched, [], f"{program}: files of what did not change are not touched")
        a.silent(f"{program}: at last another run")
finish(at_least=120)
