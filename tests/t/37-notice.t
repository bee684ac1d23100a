#!/usr/bin/python3
"""The message that tells of conflicts: one a run, delivered as mail is, readable by other programs, never twice."""
import os, re, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from email.utils import parsedate_to_datetime
from clash import Clash, conflicts, lost, notices, numbers, text_of, told
from harness import Account, DavAccount, LISTING, text_message
from tap import equal, finish, ok
import vdir


def only(a, place, name):
    found = notices(a)
    equal([p for p, _, _ in found], [place], f"{name}: one message, in {place}")
    return found[0][1:]


def subject_path(a, subject):
    return next(m["path"] for m in a.mail.messages("INBOX") if b"Subject: " + subject.encode() + b"\r\n" in m["data"])


def mail_clash(a, subject, words):
    """Edited here, removed there."""
    a.mail.edit(subject_path(a, subject), words)
    a.server.expunge("INBOX", next(u for u, m in zip(a.server.uids("INBOX"), a.server.messages("INBOX"))
                                   if b"Subject: " + subject.encode() + b"\r\n" in m["data"]))


# ---- mail, calendars and contacts: one message -----------------------------------------------------
with Account(None, dav=(5, 2, 2, 5)) as a:
    for i in range(5):
        a.server.append("INBOX", text_message(f"Message {i}"), "S")
    a.sync(name="first sync")
    equal(notices(a), [], "nothing to tell, no message")
    event, person = Clash(a), Clash(a, "contacts", "Friends")
    event.there("Dinner \u00e4\u00f6 there")
    event.here("Lunch \u2014 here")
    person.there("There Person")
    person.here("Here Person")
    mail_clash(a, "Message 1", b"My own words.\n")
    run = a.sync(name="three conflicts")
    message, data = only(a, "mail/INBOX/new", "three conflicts")
    equal(message["Subject"], "Message in conflict! (3 items)", "the subject, with the count")
    ok(not message.defects and not any(p.defects for p in message.walk()), "no defects")
    ok(re.fullmatch(r"<\S+@\S+>", message["Message-ID"]) and parsedate_to_datetime(message["Date"]) and
       message["From"] and message["To"] and message["MIME-Version"] == "1.0", "the header is one", message.items())
    ok(re.fullmatch("[0-9a-f]{16}", message["X-Koc-Notice"]), "with the account's id", message["X-Koc-Notice"])
    equal(message.get_content_type(), "multipart/mixed", "multipart/mixed")
    text = text_of(message)
    ok(max(len(l) for l in text.splitlines() if not re.search(r"/\S{40,}$", l)) <= 80, "readable in 80 columns", text)
    for c in conflicts(a):
        ok(f"{c['number']}: {c['folder']}: " in text and c["why"] in text and
           f"koc conflicts keep {c['number']}\n" in text, f"{c['folder']}: item, folder, what, what to type", text)
        ok(c["announced"], f"{c['folder']}: it is marked")
    title = re.search(rf"(?m)^{next(c['number'] for c in conflicts(a) if c['folder'].startswith('cal'))}: .*$", text)
    ok(re.search(r", \d{4}-\d\d-\d\d", title.group(0)), "an event is named with its time", title.group(0))
    ok(re.search(r", \d{4}-\d\d-\d\d", a.koc("conflicts").out), "in the list, too")
    ok(re.search(r"  Summary\n    base +\S.*\n    server +Dinner äö there\n    local +Lunch — here\n", text),
       "what differs, field by field", text)
    parts = {p.get_filename(): p for p in message.iter_attachments()}
    kinds = sorted(p.get_content_type() for p in parts.values())
    equal(kinds, ["message/rfc822", "text/calendar", "text/calendar", "text/vcard", "text/vcard"], "the attachments")
    saved = set(lost(a).values())
    for name, part in sorted(parts.items()):
        body = part.get_payload(0).as_bytes() if part.get_content_type() == "message/rfc822" \
            else part.get_payload(decode=True)
        if "-local." in name:
            ok(body in saved or body.rstrip(b"\n") in {s.rstrip(b"\n") for s in saved}, f"{name} is the local version")
        else:
            ok(any(body == f.data for k in ("calendars", "contacts") for d in a.vdir.folders() if d.startswith(k)
                   for f in a.vdir.files(d)), f"{name} is the server's version")
    equal(sorted(n.split("-")[1] for n in parts), ["local.eml", "local.ics", "local.vcf", "server.ics", "server.vcf"],
          "both versions, where there are two")
    path, = [p for p in a.mail.files("INBOX") if b"X-Koc-Notice" in open(p, "rb").read()]
    equal((os.stat(path).st_mode & 0o777, ":2," in path), (0o600, False), "private, and unread")
    equal([f for f in os.listdir(a.store + "/mail/INBOX/tmp")], [], "nothing is left in tmp")
    run = a.sync(name="another run")
    ok(not run.writes() and not run.dav_writes(), "another run sends nothing", run)
    equal(len(notices(a)), 1, "and tells nothing")
    a.silent("after that", allowed=LISTING)

    # The user reads it and throws it away; what was told is not told again.
    os.unlink(path)
    a.sync(name="thrown away")
    equal(notices(a), [], "thrown away: it does not come back")
    for n in numbers(a):
        conflicts(a, "keep", str(n))
    a.sync(name="all kept")
    equal(notices(a), [], "all kept: nothing to tell")
    a.equal("all kept: equal", at_least=5)
    # A run that has no conflict writes no message; a dry run that has one neither.
    event = Clash(a)
    event.there("Dry there")
    event.here("Dry here")
    a.koc("sync", "-n")
    equal((notices(a), numbers(a)), ([], []), "a dry run tells nothing")
    a.sync("calendars/*", name="one service")
    message, _ = only(a, "mail/INBOX/new", "one service")
    equal(message["Subject"], "Message in conflict! (1 item)", "one service: its conflict")

# ---- where it goes ---------------------------------------------------------------------------------
for config, place in (("", "Conflicts/mail/new"), ("notice = conflicts", "Conflicts/mail/new"),
                      ("notice = none", None)):
    with DavAccount((4, 2, 2, 4), config=config) as a:
        name = config or "no INBOX"
        a.sync(name=f"{name}: first sync")
        Clash(a).make(name.replace("=", ""))
        if place:
            only(a, place, name)
        else:
            equal(notices(a), [], f"{name}: no message")
        ok(not os.path.exists(a.store + "/mail"), f"{name}: no mail is made")
        a.silent(f"{name}: after that")
with Account(None, dav=(4, 2, 2, 4), config="notice = conflicts") as a:
    a.server.append("INBOX", text_message("Message"), "S")
    a.sync(name="notice = conflicts, with mail: first sync")
    Clash(a).make("with mail")
    only(a, "Conflicts/mail/new", "notice = conflicts, with mail")

# ---- killed at every step of the delivery ----------------------------------------------------------
with Account(None, dav=(6, 2, 2, 4), config="notice = none") as a:
    a.server.append("INBOX", text_message("Message"), "S")
    a.sync(name="kill: first sync")
    stops = 0
    for step in range(1, 30):
        for p in a.mail.files("INBOX"):
            if b"\nX-Koc-Notice" in open(p, "rb").read():
                os.unlink(p)
        a.configure("notice = none")
        c = Clash(a, nth=0)
        c.there(f"There {step}")
        c.here(f"Here {step}")
        a.sync(name=f"kill at {step}: a conflict that nobody is told of")
        a.sync(name=f"kill at {step}: to rest")  # the next run has no step of its own to be killed at
        a.configure("notice = inbox")
        run = a.koc("sync", env={"KOC_TEST_KILL_AT": str(step)})
        killed = run.status == -9
        stops += killed
        # The next run has a conflict of its own: each is told once.
        d = Clash(a, nth=1)
        d.there(f"Also there {step}")
        d.here(f"Also here {step}")
        a.sync(name=f"kill at {step}: the next run")
        both = numbers(a)
        equal((told(a), len(both)), (sorted(both), 2), f"kill at {step}: each is told once")
        ok(all(x["announced"] for x in conflicts(a)), f"kill at {step}: and marked")
        conflicts(a, "drop", *map(str, both))
        if not killed:
            break
    ok(stops >= 2, "killed at some steps", stops)

# ---- two hundred -----------------------------------------------------------------------------------
with DavAccount((420, 2, 2, 4)) as a:
    a.sync(name="two hundred: first sync")
    path = a.vdir.folder("Home", "calendars")
    folder = a.there.folder("Home")
    files = {f.uid: f for f in a.vdir.files(path)}
    bodies = {vdir.uid_of(d): (h, d) for h, d in a.there.bodies(folder).items()}
    both = sorted(set(files) & set(bodies))[:200]
    for n, uid in enumerate(both):
        href, data = bodies[uid]
        a.there.put(href, vdir.summary(data, f"There {n}"))
        a.vdir.replace(files[uid].path, vdir.summary(files[uid].data, f"Here {n}"))
    equal(len(both), 200, "two hundred: there are")
    run = a.sync(name="two hundred: a sync")
    message, data = only(a, "Conflicts/mail/new", "two hundred")
    equal(message["Subject"], "Message in conflict! (200 items)", "two hundred: one message")
    listed = conflicts(a)
    equal((len(listed), len(lost(a))), (200, 200), "two hundred: all are kept and listed")
    text = text_of(message)
    equal(told(a), sorted(c["number"] for c in listed), "two hundred: each is told once")
    equal(len(list(message.iter_attachments())), 400, "two hundred: both versions of each")
    ok(not any(p.defects for p in message.walk()), "two hundred: no defects")
    some = [str(c["number"]) for c in listed[:3]]
    equal(len(conflicts(a, "show", *some)), 3, "two hundred: several are shown at once")
    conflicts(a, "keep", *[str(c["number"]) for c in listed])
    equal(numbers(a), [], "two hundred: all kept at once")
    a.sync(name="two hundred: uploaded")
    there = [vdir.summary_of(d) for d in a.there.bodies(folder).values()]
    equal(sum(s.startswith("Here ") for s in there), 200, "two hundred: the server has them")
    a.dav_equal("two hundred: equal", at_least=200)
    a.silent("two hundred: after that")
finish(at_least=90)
