#!/usr/bin/python3
"""What does not belong in a Maildir: not followed, not sent, not touched, and no reason to stop."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, text_message
from tap import equal, finish, ok

with Account("demo") as a:
    a.sync()
    counts = {f: len(a.server.uids(f)) for f in a.mail.folders()}
    cur = a.mail.path("INBOX") + "/cur/"
    secret = a.base + "/secret"
    with open(secret, "wb") as f:
        f.write(text_message("A secret elsewhere"))
    elsewhere = a.base + "/elsewhere"
    for sub in ("cur", "new", "tmp"):
        os.makedirs(f"{elsewhere}/{sub}")
    with open(elsewhere + "/cur/1.x:2,S", "wb") as f:
        f.write(text_message("Another secret"))

    os.symlink(secret, cur + "1700000000.link:2,S")
    os.symlink(a.base + "/nowhere", cur + "1700000000.dangling:2,")
    os.mkfifo(cur + "1700000000.fifo:2,")
    os.mkdir(cur + "1700000000.directory:2,")
    os.symlink(elsewhere, a.mail.path("Linked"))
    open(cur + ".hidden", "w").close()
    open(a.store + "/stray", "w").close()
    open(a.mail.root + "/stray", "w").close()
    os.makedirs(a.mail.path("Not a Maildir/photos"))
    strays = {p: s for p, s in a.tree().items() if "1700000000" in p or "stray" in p}

    run = a.koc("sync", limit=60)
    ok(run.status in (0, 1), "the run ends by itself", run)
    now = [m["data"] for f in counts for m in a.server.messages(f)]
    ok(not any(b"secret" in d for d in now), "nothing behind a symlink was sent")
    equal({f: len(a.server.uids(f)) for f in counts}, counts, "nothing was sent at all")
    equal({p: s for p, s in a.tree().items() if p in strays}, strays, "nothing was touched")
    equal(os.listdir(elsewhere + "/cur"), ["1.x:2,S"], "nothing behind a linked folder was touched")

    # Names that a program might trip over; the messages themselves are fine.
    for i, name in enumerate(["-rf:2,S", "two:2,S:2,F", "new\nline:2,S", "x" * 240 + ":2,S",
                              "no-info", "odd:1,S", "flags:2,SZ?", "latin-\udce9:2,S", ":2,S"]):
        with open(os.fsencode(cur) + os.fsencode(name), "wb") as f:
            f.write(text_message(f"Odd name {i}").replace(b"\r\n", b"\n"))
    run = a.koc("sync", limit=60)
    ok(run.status in (0, 1), "odd file names: the run ends by itself", run)
    there = [m["data"] for m in a.server.messages("INBOX")]
    sent = [i for i in range(9) if any(b"Subject: Odd name %d\r\n" % i in d for d in there)]
    ok(len(sent) >= 7, "the messages were sent", sent)
    equal(len(there), counts["INBOX"] + len(sent), "once each")
    run = a.koc("sync", limit=60)
    ok("APPEND" not in run.verbs, "and are not sent again", run.verbs)
    ok("\n" not in run.err.strip() or run.err.count("\n") < 20, "without a flood of words", run.err)

    # A cur that is a symlink to a directory outside.
    os.rename(a.mail.path("Sent") + "/cur", a.base + "/cur-of-sent")
    os.symlink(elsewhere + "/cur", a.mail.path("Sent") + "/cur")
    sent = len(a.server.uids("Sent"))
    run = a.koc("sync", limit=60)
    ok(run.status != 0, "a cur that is a symlink is work left undone", run)
    equal(len(a.server.uids("Sent")), sent, "and no reason to remove anything there")
    ok(not any(b"secret" in m["data"] for m in a.server.messages("Sent")), "nor to send anything")
finish(at_least=14)
