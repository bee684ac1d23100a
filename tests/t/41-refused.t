#!/usr/bin/python3
"""What the server refuses is set aside with its reason; everything else goes on; nothing is lost."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, corpus, LISTING, text_message
from tap import equal, finish, ok


def holds(messages, subject):
    return any(b"Subject: " + subject.encode() + b"\r\n" in m["data"] for m in messages)


# One message too large.
with Account("demo", max_mail_size="100k") as a:
    a.sync()
    large = a.mail.deliver("INBOX", text_message("Too large", "x" * 70 + "\r\n" * 1 + "y\r\n" * 60000), "S")
    a.mail.deliver("INBOX", text_message("Small one"), "S")
    a.mail.deliver("Sent", text_message("Small two"), "S")
    run = a.sync(status=1, name="a message over the server's size limit: status 1")
    ok(holds(a.server.messages("INBOX"), "Small one"), "the one after it is sent")
    ok(holds(a.server.messages("Sent"), "Small two"), "and the other folder's")
    ok(os.path.exists(large), "the refused one is still here")
    ok("INBOX" in run.err, "the run names it", run.err)
    status = a.koc("status")
    ok("INBOX" in status.out, "koc status lists it", status)
    a.silent("the run after it", allowed=LISTING)
    with open(large + ".new", "w") as f:
        f.write(text_message("Not too large any more", "short").decode().replace("\r\n", "\n"))
    os.rename(large + ".new", large)
    a.sync(name="a file that was mended is sent by the very next run")
    ok(holds(a.server.messages("INBOX"), "Not too large any more"), "it is there")
    status = a.koc("status")
    ok("INBOX" not in status.out, "koc status lists it no more", status)

# Over quota.
with Account(None, quota="300K") as a:
    for i in range(3):
        a.server.append("INBOX", text_message(f"Message {i}", "z\r\n" * 20000))
    a.sync()
    a.mail.flag(a.mail.files("INBOX")[0], "F")
    a.mail.deliver("INBOX", text_message("Does not fit", "z\r\n" * 120000), "S")
    a.server.store("INBOX", a.server.uids("INBOX")[1], "+", "R")
    run = a.sync(status=1, name="over quota: status 1")
    ok("quota" in run.err.lower(), "the run says why", run.err)
    ok(holds(a.mail.messages("INBOX"), "Does not fit"), "the message is still here")
    equal(len(a.server.uids("INBOX")), 3, "and not there")
    equal(sorted(m["flags"] for m in a.server.messages("INBOX")), ["", "F", "R"],
          "flags went across all the same")

# A read-only mailbox.
archived = [corpus.Message("Archive", text_message(f"Archived {i}"), "S") for i in range(3)]
with Account(archived, acl="Archive=lr") as a:
    a.sync()
    a.equal(at_least=3)
    a.mail.flag(a.mail.files("Archive")[0], "FS")
    os.unlink(a.mail.files("Archive")[1])
    mine = a.mail.deliver("Archive", text_message("Not wanted there"), "S")
    a.mail.deliver("INBOX", text_message("Wanted"), "S")
    run = a.sync(status=1, name="changes in a read-only mailbox: status 1")
    ok(holds(a.server.messages("INBOX"), "Wanted"), "other folders go on")
    equal(len(a.server.uids("Archive")), 3, "the read-only mailbox is as it was")
    ok(os.path.exists(mine), "what was written here is still here")
    ok(any(m["flags"] == "FS" for m in a.mail.messages("Archive")), "flags are kept here")
    run = a.koc("sync")
    ok(not run.writes(), "and nothing is tried again in the next run", run.writes())

# Flags and keywords that the server does not take: PERMANENTFLAGS is (\Seen \Deleted).
with Account("demo", acl="INBOX=lrstipekxa") as a:
    a.sync()
    path = a.mail.files("INBOX")[0]
    with open(a.mail.path("INBOX") + "/dovecot-keywords", "a") as f:
        f.write(f"{len(a.mail.keywords('INBOX'))} mine\n")
    letter = next(l for l, k in a.mail.keywords("INBOX").items() if k == "mine")
    a.mail.flag(path, "F" + letter)
    a.sync(name="flags that PERMANENTFLAGS does not admit")
    kept = [m for m in a.mail.messages("INBOX") if "mine" in m["keywords"]]
    ok(len(kept) == 1 and "F" in kept[0]["flags"], "are kept here", kept)
    a.silent("and are not sent again: another run", allowed=LISTING)
finish(at_least=30)
