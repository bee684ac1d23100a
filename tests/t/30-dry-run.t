#!/usr/bin/python3
"""-n tells the true plan and writes nothing, here or there."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, text_message
from tap import equal, finish, ok

with Account("demo") as a:
    run = a.sync("-n", name="a dry run before the first")
    ok("INBOX" in run.out, "it tells of INBOX", run.out)
    ok(not os.path.exists(a.store + "/mail/INBOX"), "nothing is in the store")
    ok(not run.writes(), "nothing was written there", run.writes())
    a.sync()

    a.server.append("INBOX", text_message("New there"))
    a.mail.deliver("INBOX", text_message("New here"))
    os.unlink(a.mail.files("Sent")[0])
    a.mail.flag(a.mail.files("Sent")[1], "F")
    a.mail.move(a.mail.files("INBOX")[0], "Archive/2026")
    before = a.tree()
    sides = {f: [(m["digest"], m["flags"]) for m in a.server.messages(f)]
             for f in ("INBOX", "Sent", "Archive/2026", "Trash")}
    run = a.sync("-n", name="a dry run with changes on both sides")
    ok(len(run.out.splitlines()) >= 5, "it tells five things", run.out)
    ok(not run.writes(), "nothing was written there", run.writes())
    ok(a.tree() == before, "nothing was written here")
    equal({f: [(m["digest"], m["flags"]) for m in a.server.messages(f)] for f in sides}, sides,
          "the server is as it was")
    again = a.sync("--dry-run", name="a second dry run")
    equal(again.out, run.out, "tells the same")
    a.sync(name="the real run")
    a.equal()
finish(at_least=14)
