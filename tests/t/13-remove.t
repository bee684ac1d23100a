#!/usr/bin/python3
"""What is removed here goes to the Trash there; what is removed there goes to the vault here."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok


def subjects(messages):
    return sorted(m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode() for m in messages)


def path(a, folder, subject):
    return next(m["path"] for m in a.mail.messages(folder)
                if b"Subject: " + subject.encode() + b"\r\n" in m["data"])


def vault(a):
    found = []
    for at, _, files in os.walk(a.store + "/.koc/vault"):
        for name in files:
            with open(os.path.join(at, name), "rb") as f:
                found.append(f.read())
    return found


with Account(None) as a:
    for i in range(8):
        a.server.append("INBOX", text_message(f"Message {i}"))
    a.server.append("Trash", text_message("Old rubbish"))
    a.server.append("Junk", text_message("Spam"))
    a.sync()
    os.unlink(path(a, "INBOX", "Message 0"))
    os.unlink(path(a, "Trash", "Old rubbish"))
    os.unlink(path(a, "Junk", "Spam"))
    uids = a.server.uids("INBOX")
    a.server.expunge("INBOX", uids[1])
    os.unlink(path(a, "INBOX", "Message 2"))     # removed on both sides
    a.server.expunge("INBOX", uids[2])
    os.unlink(path(a, "INBOX", "Message 3"))     # removed here, flagged there: still removed
    a.server.store("INBOX", uids[3], "+", "F")
    a.server.store("INBOX", uids[7], "+", "T")   # another program's \\Deleted: not ours to expunge
    run = a.sync()
    a.equal(at_least=6)
    equal(subjects(a.server.messages("INBOX")), [f"Message {i}" for i in (4, 5, 6, 7)],
          "what was removed on either side is gone from both")
    equal(subjects(a.server.messages("Trash")), ["Message 0", "Message 3"],
          "what was removed here is in the server's Trash; from the Trash it is gone for good")
    equal(subjects(a.server.messages("Junk")), [], "so it is from Junk")
    ok(not [c for c in run.commands if c.verb in ("EXPUNGE", "CLOSE")],
       "no plain EXPUNGE or CLOSE", run.commands)
    ok(len(run.fetched_bodies()) <= 1, "only what came into the Trash was downloaded",
       run.fetched_bodies())
    ok(any(b"Message 1" in f for f in vault(a)), "what was removed there is in the vault")
    a.silent(allowed=LISTING)

    a.configure(folders='folder "mail/*" { mode = full\n delete = expunge }')
    os.unlink(path(a, "INBOX", "Message 4"))
    a.sync("mail/INBOX", name="delete = expunge")
    equal(subjects(a.server.messages("INBOX")), ["Message 5", "Message 6", "Message 7"],
          "the message is gone there")
    equal(len(a.server.messages("Trash")), 2, "and not in the Trash")

    a.configure(folders='folder "mail/*" { mode = full\n delete = never }')
    os.unlink(path(a, "INBOX", "Message 5"))
    a.sync(name="delete = never")
    a.sync(name="delete = never, again")
    equal(subjects(a.server.messages("INBOX")), ["Message 5", "Message 6", "Message 7"],
          "the message stays there")
    equal(subjects(a.mail.messages("INBOX")), ["Message 6", "Message 7"], "and does not come back")

    a.configure(folders='folder "mail/*" { mode = full\n removals = keep }')
    a.server.expunge("INBOX", a.server.uids("INBOX")[1])
    a.sync(name="removals = keep")
    a.sync(name="removals = keep, again")
    ok("Message 6" in subjects(a.mail.messages("INBOX")), "what vanished there stays here")
    ok("Message 6" not in subjects(a.server.messages("INBOX")), "and is not sent again")
finish(at_least=20)
