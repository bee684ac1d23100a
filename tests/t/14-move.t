#!/usr/bin/python3
"""A move or copy on one side is one on the other: no body travels, flags do."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok


def subjects(messages):
    return sorted(m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode() for m in messages)


def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder)
                if b"Subject: " + subject.encode() + b"\r\n" in m["data"])


with Account(None) as a:
    for i in range(9):
        a.server.append("INBOX", text_message(f"Message {i}"), "S", ["todo"])
    a.server.create("Work/A")
    a.server.create("Work/B")
    a.sync()
    uids = a.server.uids("INBOX")

    a.mail.move(path(a, "INBOX", "Message 0"), "Work/A")                 # moved here
    moved = a.mail.move(path(a, "INBOX", "Message 1"), "Work/A")         # moved and flagged here
    a.mail.flag(moved, "FRS")
    a.server.move("INBOX", uids[2], "Work/A")                            # moved there
    a.server.store("INBOX", uids[3], "+", "F")                           # flagged and moved there
    a.server.move("INBOX", uids[3], "Work/A")
    a.mail.copy(path(a, "INBOX", "Message 4"), "Work/B")                 # copied here
    a.server.copy("INBOX", uids[5], "Work/B")                            # copied there
    a.mail.move(path(a, "INBOX", "Message 6"), "Work/A")                 # to different places
    a.server.move("INBOX", uids[6], "Work/B")
    a.mail.move(path(a, "INBOX", "Message 7"), "Work/A")                 # moved here, flagged there
    a.server.store("INBOX", uids[7], "+", "R")
    run = a.sync()
    a.equal(at_least=11)
    equal(subjects(a.server.messages("INBOX")), ["Message 4", "Message 5", "Message 8"],
          "INBOX on the server")
    equal(subjects(a.server.messages("Work/A")), [f"Message {i}" for i in (0, 1, 2, 3, 7)],
          "Work/A on the server")
    equal(subjects(a.server.messages("Work/B")), ["Message 4", "Message 5", "Message 6"],
          "Work/B: of two places the server's wins")
    ok("APPEND" not in run.verbs, "nothing was uploaded", run.verbs)
    ok(len(run.fetched_bodies()) <= 1, "only what was copied there was downloaded",
       run.fetched_bodies())
    for folder in ("INBOX", "Work/A", "Work/B"):
        ok(all(m["keywords"] == ("todo",) for m in a.server.messages(folder)),
           f"keywords went along to {folder}",
           [(s, m["keywords"]) for m in a.server.messages(folder) for s in subjects([m])])
    flags = {s: m["flags"] for m in a.server.messages("Work/A") for s in subjects([m])}
    equal(flags["Message 1"], "FRS", "flags changed with the move arrive")
    ok("R" in flags["Message 7"], "flags set there meanwhile are kept", flags)
    a.silent(allowed=LISTING)

    # Renamed within its folder by a mail program: nothing happened.
    old = path(a, "INBOX", "Message 8")
    os.rename(old, os.path.join(os.path.dirname(old), a.mail.unique() + ":2,S"))
    run = a.sync(name="a file renamed within its folder")
    ok("APPEND" not in run.verbs and not run.fetched_bodies(), "is the same message", run)
    a.equal()

    # Into a folder that did not exist.
    a.mail.make("Fresh")
    a.mail.move(path(a, "INBOX", "Message 8"), "Fresh")
    run = a.sync(name="moved into a new folder")
    a.equal()
    ok("APPEND" not in run.verbs, "is a move there too", run.verbs)

    # Messages that are alike: without Message-ID, the same twice; of one header and size, but not of one body.
    head = b"From: a@b\r\nSubject: Alike\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\n"
    for body in (b"one\r\n", b"two\r\n", b"one\r\n", b"six\r\n", b"one\r\n"):
        a.server.append("INBOX", head + body, "S", (), 1700000000)
    a.sync(name="messages that are alike")
    alike = [m for m in a.server.messages("INBOX") if b"Subject: Alike" in m["data"]]
    a.server.move("INBOX", [alike[1]["uid"], alike[2]["uid"], alike[3]["uid"]], "Work/B")
    a.sync(name="some of them moved there")
    a.equal("each lies where it does there", at_least=14)
    moved = [m for m in a.server.messages("Work/B") if b"Subject: Alike" in m["data"]]
    a.server.store("Work/B", moved[0]["uid"], "+", "F")
    a.sync()
    a.equal("and each is the one that it is taken for", at_least=14)
    for m in a.mail.messages("INBOX"):
        if b"Subject: Alike" in m["data"]:
            a.mail.move(m["path"], "Work/A")
    run = a.sync(name="two that are the same moved here")
    ok("APPEND" not in run.verbs and not run.fetched_bodies(), "are moved there", run)
    a.equal(at_least=14)
finish(at_least=26)
