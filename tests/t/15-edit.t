#!/usr/bin/python3
"""An edited file replaces the message there; edited here and gone there is a conflict that loses nothing."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok


def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder)
                if b"Subject: " + subject.encode() + b"\r\n" in m["data"])


with Account(None) as a:
    for i in range(4):
        a.server.append("INBOX", text_message(f"Message {i}"), "S")
    a.sync()
    a.mail.edit(path(a, "INBOX", "Message 0"))
    run = a.sync()
    a.equal(at_least=4)
    there = [m["data"] for m in a.server.messages("INBOX")]
    equal(len([d for d in there if b"Message 0" in d]), 1, "the edited message is there once")
    ok(any(b"Message 0" in d and b"An added line.\r\n" in d for d in there), "with the edit")
    a.silent(allowed=LISTING)

    # Edited here, removed there.
    a.mail.edit(path(a, "INBOX", "Message 1"), b"My own words.\n")
    a.server.expunge("INBOX", a.server.uids("INBOX")[0])
    gone = {m["data"] for m in a.server.messages("INBOX")}
    ok(not any(b"Subject: Message 1\r\n" in d for d in gone), "it is gone there")
    a.sync(name="a run with a conflict")
    losers = []
    for sub in ("cur", "new"):
        directory = a.store + "/Conflicts/mail/" + sub
        for name in os.listdir(directory) if os.path.isdir(directory) else []:
            with open(os.path.join(directory, name), "rb") as f:
                losers.append(f.read())
    ok(any(b"My own words." in l for l in losers), "the local version is in Conflicts",
       len(losers))
    run = a.koc("status")
    ok("conflict" in run.out, "koc status tells of it", run.out)
    a.silent("after a conflict another run", allowed=LISTING)
finish(at_least=11)
