#!/usr/bin/python3
"""koc conflicts: list and show what both sides changed; keep, both, drop; the same by mv."""
import fcntl, json, os, re, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from clash import Clash, conflicts, lost, notices, numbers, text_of, vault
from harness import Account, DavAccount, LISTING, text_message
from tap import equal, finish, ok
from textforms import attached
import vdir

KINDS = (("calendars", "Home"), ("tasks", None), ("notes", None), ("contacts", "Friends"))


def settled(a, name):
    """Both sides are equal, and another run is silent."""
    a.sync(name=f"{name}: a sync")
    a.dav_equal(f"{name}: equal")
    a.silent(f"{name}: after that")


def title_of(a, kind):
    """A collection of that kind that has items."""
    return next(a.vdir.label(f, "displayname") for f in a.vdir.folders()
                if f.startswith(kind + "/") and a.vdir.files(f))


for kind, title in KINDS:
    with DavAccount((6, 4, 4, 6)) as a:
        a.sync(name=f"{kind}: first sync")
        title = title or title_of(a, kind)
        for act in ("keep", "both", "drop", "mv"):
            name = f"{kind} {act}"
            c = Clash(a, kind, title)
            before = len(a.vdir.files(c.path))
            c.make(name)
            listed = conflicts(a)
            equal([x["why"] for x in listed], ["edited on both sides"], f"{name}: listed")
            number = str(listed[0]["number"])
            shown, = conflicts(a, "show", number)
            equal([(d["server"], d["local"]) for d in shown["differences"]
                   if d["field"] in ("Summary", "Name")],
                  [(f"Edited there {name}", f"Edited here {name}")], f"{name}: shown, server and local")
            equal([d["base"] for d in shown["differences"] if d["field"] in ("Summary", "Name")],
                  [vdir.summary_of(c.file.data).strip()], f"{name}: shown, base")
            equal(shown["server"]["path"].rpartition("/")[0], c.path, f"{name}: the server's is in its folder")
            path, = lost(a)
            equal(shown["local"]["path"], "Conflicts/" + path, f"{name}: the local one in Conflicts")
            if act == "mv":
                os.rename(os.path.join(a.store, "Conflicts", path), c.file.path)
            else:
                done, = conflicts(a, act, number)
                equal((done["action"], done["error"]), (act, None), f"{name}: done")
            equal(lost(a), {}, f"{name}: nothing is left in Conflicts")
            equal(numbers(a), [], f"{name}: it is closed")
            settled(a, name)
            if act in ("keep", "mv"):
                c.both_are([f"Edited here {name}"], f"{name}: both sides have the local version")
            else:
                c.both_are([f"Edited there {name}"], f"{name}: both sides have the server's version")
            after = a.vdir.files(c.path)
            equal(len(after), before + (act == "both"), f"{name}: so many items")
            if act == "both":
                second, = [f for f in after if vdir.summary_of(f.data) == f"Edited here {name}"]
                ok(second.uid != c.uid and re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", second.uid),
                   f"{name}: under a UID of its own", second.uid)
                os.unlink(second.path)
                a.sync(name=f"{name}: tidied up")
            if act == "keep":
                ok(any(b"Edited there" in d for d in vault(a)), f"{name}: the server's version is in the vault")
            if act == "drop":
                ok(any(b"Edited here " + name.encode() in d for d in vault(a)),
                   f"{name}: the local version is in the vault")

with DavAccount((6, 2, 2, 4)) as a:
    a.sync(name="first sync")
    # The server changes once more before the sync after keep.
    c = Clash(a)
    c.make("once")
    conflicts(a, "keep", str(numbers(a)[0]))
    c.there("Edited there twice")
    a.sync(name="changed there meanwhile")
    equal([x["why"] for x in conflicts(a)], ["edited on both sides"], "changed there meanwhile: a new conflict")
    equal(c.now_here(), ["Edited there twice"], "changed there meanwhile: the server's version stands")
    ok(any(b"Edited here once" in d for d in lost(a).values()), "changed there meanwhile: nothing is lost")
    conflicts(a, "drop", str(numbers(a)[0]))
    settled(a, "changed there meanwhile")

    # Edited here once more in its folder, before keep: that goes to the vault.
    c = Clash(a)
    c.make("again")
    a.vdir.edit(c.file.path, b"Edited there again", b"Edited here later")
    conflicts(a, "keep", str(numbers(a)[0]))
    equal(c.now_here(), ["Edited here again"], "edited in its folder: the kept version takes the place")
    ok(any(b"Edited here later" in d for d in vault(a)), "edited in its folder: that is in the vault")
    settled(a, "edited in its folder")

    # Edited here, removed there.
    c = Clash(a)
    c.here("Edited here gone there")
    a.there.delete(c.href)
    a.sync(name="edited here, removed there")
    listed = conflicts(a)
    equal([x["why"] for x in listed], ["edited here, removed on the server"], "edited here, removed there: listed")
    shown, = conflicts(a, "show", str(listed[0]["number"]))
    equal([(d["field"], d["server"], d["local"]) for d in shown["differences"]],
          [("Summary", None, "Edited here gone there")], "edited here, removed there: shown against the base")
    conflicts(a, "keep", str(listed[0]["number"]))
    settled(a, "edited here, removed there")
    c.both_are(["Edited here gone there"], "edited here, removed there: kept, it is a new item")

    # Removed here, edited there: keep removes it again, drop leaves it.
    for act, texts in (("drop", ["Edited there (drop)"]), ("keep", [])):
        c = Clash(a)
        os.unlink(c.file.path)
        c.there(f"Edited there ({act})")
        a.sync(name=f"removed here, edited there, {act}")
        number = str(numbers(a)[0])
        conflicts(a, "both", number, status=1)
        conflicts(a, act, number)
        equal(numbers(a), [], f"removed here, edited there, {act}: closed")
        settled(a, f"removed here, edited there, {act}")
        c.both_are(texts, f"removed here, edited there: {act}")

    # Removed once more by hand: that closes it.
    c = Clash(a)
    os.unlink(c.file.path)
    c.there("Edited there, and removed again")
    a.sync(name="removed again: a conflict")
    equal(len(numbers(a)), 1, "removed again: one conflict")
    os.unlink(next(f.path for f in a.vdir.files(c.path) if f.uid == c.uid))
    settled(a, "removed again")
    equal(numbers(a), [], "removed again: it is closed")
    c.both_are([], "removed again: gone")

    # A recurring event with an instance of its own: both, throughout.
    folder, path = a.there.folder("Home"), a.vdir.folder("Home")
    series = vdir.event("series@test", "Weekly", extra="RRULE:FREQ=WEEKLY\r\nRELATED-TO:series@test\r\n").replace(
        b"END:VCALENDAR", b"BEGIN:VEVENT\r\nUID:series@test\r\nDTSTAMP:20261122T120000Z\r\n"
        b"RECURRENCE-ID:20261208T100000Z\r\nDTSTART:20261208T110000Z\r\nDURATION:PT1H\r\nSUMMARY:Weekly later\r\n"
        b"RELATED-TO:other@test\r\nEND:VEVENT\r\nEND:VCALENDAR")
    a.vdir.new(path, "series.ics", series)
    a.sync(name="a series")
    href = next(h for h, d in a.there.bodies(folder).items() if vdir.uid_of(d) == "series@test")
    a.there.put(href, a.there.get(href).replace(b"Weekly later", b"Weekly there"))
    a.vdir.edit(os.path.join(a.store, path, "series.ics"), b"Weekly later", b"Weekly here")
    a.sync(name="a series: a conflict")
    shown, = conflicts(a, "show", str(numbers(a)[0]))
    ok([(d["base"], d["server"], d["local"]) for d in shown["differences"] if d["field"].endswith("Summary")] ==
       [("Weekly later", "Weekly there", "Weekly here")], "a series: the instance is shown", shown)
    conflicts(a, "both", str(numbers(a)[0]))
    settled(a, "a series")
    second, = [f for f in a.vdir.files(path) if b"Weekly here" in f.data]
    equal(len(set(re.findall(rb"(?m)^UID:(\S+)", second.data))), 1, "a series: one UID in all its parts")
    ok(b"series@test" not in second.data and b"RELATED-TO:other@test" in second.data and
       second.data.count(second.uid.encode()) == 3, "a series: it refers to itself, and to others", second.data)
    equal(len([d for d in a.there.bodies(folder).values() if b"Weekly" in d]), 2, "a series: both are there")

    # What people read, and mistakes.
    c = Clash(a)
    c.make("\x1b[31mred\u202e")
    number = str(numbers(a)[0])
    run = a.koc("conflicts")
    ok(run.status == 0 and f"  {number}  " in run.out and "edited on both sides" in run.out, "the list", run)
    run = a.koc("conflicts", "show", number)
    ok(run.status == 0 and re.search(r"  Summary\n    base +\S.*\n    server +Edited there .*\n    local +Edited here",
                                     run.out), "what differs", run)
    ok(max(len(l) for l in run.out.splitlines() if not l.endswith(".ics")) <= 80, "in 80 columns", run)
    ok("\x1b" not in run.out and "\u202e" not in run.out, "made safe for a terminal", run)
    for words, code in ((["show", "999"], 64), (["keep", "0"], 64), (["keep", "x"], 64), (["kep", number], 64),
                        (["list", number], 64), (["drop"], 64), (["show", number, "999"], 64)):
        run = a.koc("conflicts", *words)
        ok(run.status == code and (run.err if code else True), f"koc conflicts {' '.join(words)}: {code}", run)
    with open(a.store + "/.koc/dav.lock", "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        for act in ("keep", "both", "drop"):
            conflicts(a, act, number, status=75)
        equal(len(conflicts(a)), 1, "beside a run: it can be listed")
        fcntl.lockf(lock, fcntl.LOCK_UN)
    # A record whose file is gone is closed by itself.
    path, = lost(a)
    os.unlink(os.path.join(a.store, "Conflicts", path))
    equal(numbers(a), [], "its file is gone: it is not open")
    run = a.koc("status", "--json")
    equal([s["conflicts"] for s in json.loads(run.out)], [[]], "its file is gone: nor in the status")
    run = a.koc("conflicts", "keep", number)
    equal(run.status, 64, "nor can it be kept")
    a.sync(name="its file is gone: a sync")
    run = a.koc("status", "--json")
    equal([s["conflicts"] for s in json.loads(run.out)], [[]], "and that closes it")

# A folder that is only read from the server.
with DavAccount((4, 2, 2, 4), folders='folder "calendars/*" { direction = pull }') as a:
    a.sync(name="pull: first sync")
    c = Clash(a)
    c.here("Edited here in vain")
    a.sync(name="pull: an edit is taken back")
    number = str(numbers(a)[0])
    for act in ("keep", "both"):
        conflicts(a, act, number, status=1)
        equal(len(lost(a)), 1, f"pull: {act} is refused, and it is not lost")
    a.configure(folders='folder "calendars/*" { mode = off }')
    conflicts(a, "keep", number, status=1)
    equal(len(lost(a)), 1, "off: it cannot be kept, and is not lost")
    conflicts(a, "drop", number)
    equal(lost(a), {}, "pull: it can be dropped")

# Mail and the rest beside each other: one row of numbers.
with Account(None, dav=(4, 2, 2, 4)) as a:
    for i in range(6):
        a.server.append("INBOX", text_message(f"Message {i}"), "S")
    a.sync(name="mail and calendars")

    def path(subject):
        return next(m["path"] for m in a.mail.messages("INBOX") if b"Subject: " + subject.encode() + b"\r\n" in m["data"])

    def uid(subject):
        return next(u for u, m in zip(a.server.uids("INBOX"), a.server.messages("INBOX"))
                    if b"Subject: " + subject.encode() + b"\r\n" in m["data"])

    def there(subject):
        return [m["data"] for m in a.server.messages("INBOX")
                if b"Subject: " + subject.encode() + b"\r\n" in m["data"]]

    for i, act in enumerate(("keep", "both", "drop", "mv", "mv to another name")):
        name, words = f"mail {act}", f"Words of {i}\n".encode()
        c = Clash(a)
        c.there(name)
        c.here("here " + name)
        a.mail.edit(path(f"Message {i}"), words)
        a.server.expunge("INBOX", uid(f"Message {i}"))
        a.sync(name=f"{name}: two conflicts")
        listed = {x["folder"].split("/")[0]: x for x in conflicts(a)}
        equal(sorted(listed), ["calendars", "mail"], f"{name}: both are listed")
        equal((listed["mail"]["number"] % 2, listed["calendars"]["number"] % 2), (1, 0),
              f"{name}: under numbers that are never the same")
        number = str(listed["mail"]["number"])
        shown, = conflicts(a, "show", number)
        equal((shown["item"], shown["server"]["path"]), (f"Message {i}", None), f"{name}: shown")
        file, = [p for p in lost(a) if p.startswith("mail/")]
        if act.startswith("mv"):
            to = os.path.basename(file) if act == "mv" else "1.another.name:2,S"
            os.rename(os.path.join(a.store, "Conflicts", file), os.path.join(a.store, "mail/INBOX/cur", to))
        else:
            conflicts(a, act, number)
        conflicts(a, "keep", str(listed["calendars"]["number"]))
        a.sync(name=f"{name}: a sync")
        equal([words.replace(b"\n", b"\r\n") in d for d in there(f"Message {i}")],
              [] if act == "drop" else [True], f"{name}: what is there")
        c.both_are(["here " + name], f"{name}: the calendar's is kept")
        equal(numbers(a), [], f"{name}: nothing is open")
        a.equal(f"{name}: equal", at_least=4)
        if act == "drop":
            ok(any(words in d for d in vault(a)), f"{name}: in the vault")
    a.sync(name="to rest")
    a.silent("mail: after that", allowed=LISTING)

    # A mail program that shows Conflicts/mail renames what it shows: the conflict stays open.
    a.mail.edit(path("Message 5"), b"My words.\n")
    a.server.expunge("INBOX", uid("Message 5"))
    a.sync(name="one more")
    file, = [p for p in lost(a) if p.startswith("mail/")]
    renamed = os.path.join(a.store, "Conflicts", file.partition(":2,")[0] + ":2,FS")
    os.rename(os.path.join(a.store, "Conflicts", file), renamed)
    a.sync(name="flagged in Conflicts")
    listed = conflicts(a)
    equal(len(listed), 1, "flagged in Conflicts: it is open")
    conflicts(a, "keep", str(listed[0]["number"]))
    a.sync(name="flagged in Conflicts: kept")
    equal([m["flags"] for m in a.mail.messages("INBOX") if b"My words." in m["data"]], ["FS"],
          "flagged in Conflicts: kept with its flags")
    a.equal("flagged in Conflicts: equal", at_least=4)

# A text form lacks what is still on the server: it can be looked at and dropped, nothing else.
with Account(None, folders='folder "mail/*" { mode = text }') as a:
    a.server.append("INBOX", attached("Partly"), "S")
    a.sync(name="text form: first sync")
    m, = a.mail.messages("INBOX")
    a.mail.edit(m["path"], b"My own words.\n")
    a.sync(name="text form: a conflict")
    number, = map(str, numbers(a))
    (_, message, _), = notices(a)
    ok(f"{number}: mail/INBOX: Partly\n" in text_of(message) and f"koc conflicts drop {number} " in text_of(message) and
       f"keep {number}" not in text_of(message), "text form: told of, with what can be done", text_of(message))
    shown, = conflicts(a, "show", number)
    ok([d for d in shown["differences"] if d["field"] == "Body" and "My own words." in d["local"]], "text form: shown", shown)
    for act in ("keep", "both"):
        done, = conflicts(a, act, number, status=1)
        ok("text form" in done["error"] and len(lost(a)) == 1, f"text form: {act} is refused, with the reason", done)
    equal(len(a.mail.messages("INBOX")), 1, "text form: nothing came of it")
    conflicts(a, "drop", number)
    equal((lost(a), numbers(a)), ({}, []), "text form: it can be dropped")
    run = a.sync(name="text form: a sync")
    ok(not [c for c in run.writes() if c.verb == "APPEND"], "text form: nothing is uploaded")

# Two accounts: numbers are each account's own.
with DavAccount((4, 2, 2, 4)) as a, DavAccount((4, 2, 2, 4)) as b:
    two = os.path.join(a.base, "two")
    with open(two, "w") as f:
        for which, name in ((a, "one"), (b, "two")):
            f.write(open(which.config).read().replace('"test"', f'"{name}"'))
    os.chmod(two, 0o600)
    for which in (a, b):
        which.sync(name="two accounts")
        Clash(which).make("two accounts")
    run = a.koc("conflicts", "--json", config=two)
    equal([(c["account"], c["number"]) for c in json.loads(run.out)], [("one", 2), ("two", 2)], "two accounts: listed")
    run = a.koc("conflicts", "keep", "2", config=two)
    ok(run.status == 64 and "-a" in run.err, "two accounts: a number that both have", run)
    run = a.koc("conflicts", "-a", "two", "keep", "2", config=two)
    equal((run.status, len(lost(a)), len(lost(b))), (0, 1, 0), "two accounts: of one")
finish(at_least=230)
