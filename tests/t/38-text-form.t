#!/usr/bin/python3
"""A text form never becomes the message: copied, moved, rewritten, edited, left without state, brought to
another account or back from Conflicts, the server holds each message whole, once, where it belongs."""
import os, shutil, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok
from textforms import attached, is_text, subject_of

TEXT = 'folder "mail/*" { mode = text }\n'


def here(a, folder):
    return {subject_of(m["data"]): m for m in a.mail.messages(folder)}


def path(a, folder, subject):
    return here(a, folder)[subject]["path"]


def whole(a, wanted, name):
    """The server has each message whole, once, in its folder; nothing of koc's own."""
    there = {f: sorted(subject_of(m["data"]) for m in a.server.messages(f)) for f in a.server.folders()}
    equal({f: s for f, s in there.items() if s}, {f: sorted(s) for f, s in wanted.items() if s}, f"{name}: what the server has")
    wrong = [(f, subject_of(m["data"])) for f in a.server.folders() for m in a.server.messages(f)
             if is_text(m["data"]) or (b"a.pdf" in m["data"] and m["data"].count(b"QUJD") < 100)]
    equal(wrong, [], f"{name}: all whole there")


def settled(a, name, allowed=LISTING):
    a.silent(f"{name}: the next run", allowed=allowed)


def no_upload(run, name):
    ok(not [c for c in run.writes() if c.verb == "APPEND"], f"{name}: no APPEND", run)


with Account(None, folders=TEXT) as a:
    for i in range(8):
        a.server.append("INBOX", attached(f"Message {i}"), "S")
    a.server.append("INBOX", text_message("Plain"), "S")
    for folder in ("Work", "Archive"):
        a.server.create(folder)
    run = a.sync(name="first sync")
    got = here(a, "INBOX")
    equal(sorted(got), sorted([f"Message {i}" for i in range(8)] + ["Plain"]), "all messages are here")
    ok(all(is_text(m["data"]) == (s != "Plain") for s, m in got.items()), "as text forms, but for one that has no attachment")
    ok(all(b"QUJD" not in m["data"] and b"Some text." in m["data"] for m in got.values() if b"a.pdf" in m["data"]), "the text is here, the attachment is not")
    where = {"INBOX": [*got]}
    whole(a, where, "pulled")
    settled(a, "pulled")

    # Moved, copied, moved and flagged; by a program that writes the header anew.
    a.mail.move(path(a, "INBOX", "Message 0"), "Work")
    a.mail.copy(path(a, "INBOX", "Message 1"), "Archive")
    a.mail.flag(a.mail.move(path(a, "INBOX", "Message 2"), "Archive"), "FRS")
    old = path(a, "INBOX", "Message 3")
    data = open(old, "rb").read().replace(b"Subject:", b"X-Added: 1\nStatus: RO\nSubject:", 1)
    a.mail.deliver("Work", data, "S")
    os.unlink(old)
    old = path(a, "INBOX", "Message 4")
    a.mail.deliver("Work", open(old, "rb").read().replace(b"Subject:", b"X-Copy: 1\nSubject:", 1), "S")
    run = a.sync(name="moved and copied")
    no_upload(run, "moved and copied")
    ok(not run.fetched_bodies(), "no body travels", run.fetched_bodies())
    where = {"INBOX": ["Message 1", "Message 4", "Message 5", "Message 6", "Message 7", "Plain"],
             "Work": ["Message 0", "Message 3", "Message 4"], "Archive": ["Message 1", "Message 2"]}
    whole(a, where, "moved and copied")
    ok(next(m for m in a.server.messages("Archive") if b"Message 2" in m["data"])["flags"] == "FRS", "flags went along")
    settled(a, "moved and copied")

    # Moved on the server: the file follows.
    a.server.move("INBOX", next(m["uid"] for m in a.server.messages("INBOX") if b"Message 5" in m["data"]), "Work")
    run = a.sync(name="moved there")
    ok(not run.fetched_bodies() and is_text(here(a, "Work")["Message 5"]["data"]), "moved there: the text form moves here", run)
    where["INBOX"].remove("Message 5")
    where["Work"].append("Message 5")
    whole(a, where, "moved there")
    settled(a, "moved there")

    # Removed on each side.
    os.unlink(path(a, "Archive", "Message 1"))
    a.server.expunge("INBOX", next(m["uid"] for m in a.server.messages("INBOX") if b"Message 1" in m["data"]))
    a.sync(name="removed")
    where["INBOX"].remove("Message 1")
    where["Archive"].remove("Message 1")
    where["Trash"] = ["Message 1"]
    equal(sorted(here(a, "INBOX")), sorted(where["INBOX"]), "removed there: gone here")
    whole(a, {k: v for k, v in where.items()}, "removed")
    settled(a, "removed")

    # Edited in place, and under a new name: the server's message stands, the edit is kept.
    a.mail.edit(path(a, "INBOX", "Message 6"), b"An edit of a text form.\n")
    old = path(a, "INBOX", "Message 7")
    data = open(old, "rb").read().replace(b"Some text.", b"Another text.")
    os.unlink(old)
    a.mail.deliver("INBOX", data, "S")
    run = a.sync(name="edited")
    no_upload(run, "edited")
    whole(a, where, "edited")
    kept = sorted(os.listdir(f"{a.store}/Conflicts/mail/cur"))
    texts = [open(f"{a.store}/Conflicts/mail/cur/{k}", "rb").read() for k in kept]
    equal(len(kept), 2, "edited: both are in Conflicts")
    ok(any(b"An edit of" in t for t in texts) and any(b"Another text." in t for t in texts), "edited: as they were")
    ok(all(is_text(here(a, "INBOX")[s]["data"]) and b"dit" not in here(a, "INBOX")[s]["data"] and b"Another" not in here(a, "INBOX")[s]["data"]
           for s in ("Message 6", "Message 7")), "edited: the server's stand here")
    settled(a, "edited")

    # Brought back from Conflicts, it is what it was: a conflict.
    os.rename(f"{a.store}/Conflicts/mail/cur/{kept[0]}", f"{a.mail.path('INBOX')}/cur/{kept[0]}")
    run = a.sync(name="brought back")
    no_upload(run, "brought back")
    whole(a, where, "brought back")
    equal(len(os.listdir(f"{a.store}/Conflicts/mail/cur")), 2, "brought back: it is in Conflicts again")
    settled(a, "brought back")

    # Edited and moved at once.
    old = path(a, "INBOX", "Message 6")
    a.mail.deliver("Work", open(old, "rb").read().replace(b"Some text.", b"Moved and edited."), "S")
    os.unlink(old)
    run = a.sync(name="edited and moved")
    no_upload(run, "edited and moved")
    whole(a, where, "edited and moved")
    equal(len(os.listdir(f"{a.store}/Conflicts/mail/cur")), 3, "edited and moved: it is in Conflicts")
    ok("Message 6" in here(a, "INBOX"), "edited and moved: the message is where it was")
    settled(a, "edited and moved")

    # A folder renamed here, with text forms in it.
    os.rename(a.mail.path("Work"), a.mail.path("Projects"))
    run = a.sync(name="renamed")
    no_upload(run, "renamed")
    where["Projects"] = where.pop("Work")
    whole(a, where, "renamed")
    settled(a, "renamed")

    # The state is lost: nothing is fetched again but headers, nothing doubled.
    before = {f: {s: m["data"] for s, m in here(a, f).items()} for f in where}
    shutil.rmtree(f"{a.store}/.koc")
    run = a.sync(name="state lost")
    no_upload(run, "state lost")
    ok(not run.fetched_bodies(), "state lost: nothing is downloaded", run.fetched_bodies())
    whole(a, where, "state lost")
    equal({f: {s: m["data"] for s, m in here(a, f).items()} for f in where}, before, "state lost: the files are as they were")
    settled(a, "state lost")

    # The state is lost, and some were moved and copied meanwhile.
    a.mail.move(path(a, "INBOX", "Message 4"), "Archive")
    a.mail.copy(path(a, "Archive", "Message 2"), "INBOX")
    shutil.rmtree(f"{a.store}/.koc")
    run = a.sync(name="state lost, moved")
    no_upload(run, "state lost, moved")
    there = [subject_of(m["data"]) for f in a.server.folders() for m in a.server.messages(f)]
    ok(all(s in there for f in where.values() for s in f), "state lost, moved: nothing is lost")
    ok(not [1 for f in a.server.folders() for m in a.server.messages(f) if is_text(m["data"])], "state lost, moved: all whole there")
    settled(a, "state lost, moved")

    # The numbers are new.
    a.renumber("Archive")
    there = sorted(subject_of(m["data"]) for m in a.server.messages("Archive"))
    run = a.sync(name="renumbered")
    no_upload(run, "renumbered")
    equal(sorted(subject_of(m["data"]) for m in a.server.messages("Archive")), there, "renumbered: as it was")
    ok(not run.fetched_bodies(), "renumbered: nothing is downloaded", run.fetched_bodies())
    settled(a, "renumbered")

    # Its message is gone: a copy of the text form is not made a message.
    source = path(a, "Archive", "Message 2")
    data = open(source, "rb").read()
    os.unlink(source)
    for f in a.server.folders():
        for m in a.server.messages(f):
            if b"Message 2" in m["data"]:
                a.server.expunge(f, m["uid"])
    a.sync(name="message gone")
    lone = a.mail.deliver("Archive", data, "S")
    run = a.sync(name="no message", status=1)
    no_upload(run, "no message")
    ok("text form" in run.err, "no message: it is told", run.err)
    ok(os.path.exists(lone), "no message: the file stays")
    equal([subject_of(m["data"]) for f in a.server.folders() for m in a.server.messages(f) if b"Message 2" in m["data"]], [], "no message: nothing is made of it")
    settled(a, "no message")
finish()
