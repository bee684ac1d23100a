#!/usr/bin/python3
"""A new UIDVALIDITY: the same messages are known again, nothing travels, nothing doubles."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, sqlite3
from harness import Account, LISTING, corpus, text_message
from tap import equal, finish, ok

FOLDER = "INBOX"  # which holds the odd ones

# Dovecot mends CR CR LF when that is appended again: not the same message any more.
mail = [m for m in corpus.messages("small") if m.name != "cr-cr-lf"]
with Account(mail) as a:
    a.sync()
    before = {m["digest"]: os.stat(m["path"]).st_ino for m in a.mail.messages(FOLDER)}
    count = len(a.mail.files(FOLDER))
    a.renumber(FOLDER)
    a.server.append(FOLDER, text_message("New after the change"))
    a.server.store(FOLDER, a.server.uids(FOLDER)[3], "+", "F")
    a.mail.deliver(FOLDER, text_message("Written here meanwhile"), "S")
    run = a.sync()
    a.equal(at_least=201)
    equal(len(a.mail.files(FOLDER)), count + 2, "each message is there once")
    ok(len(run.fetched_bodies()) <= 1, "only the new one was downloaded", run.fetched_bodies())
    equal(len([c for c in run.commands if c.verb == "APPEND"]), 1, "only the new one was uploaded")
    after = {m["digest"]: os.stat(m["path"]).st_ino for m in a.mail.messages(FOLDER)}
    equal({d: i for d, i in after.items() if d in before}, before, "the files are the same files")
    a.silent(allowed=LISTING)

# A first run that was stopped before it had taken in the folder: its rows' numbers are void as well.
with Account(None) as a:
    a.server.create("Work")
    for i in range(6):
        a.server.append("Work", text_message(f"Message {i}"), "S" if i < 2 else "")
    rows = 0
    for n in range(20, 80):
        run = a.koc("sync", env={"KOC_TEST_KILL_AT": str(n)})
        with sqlite3.connect(os.path.join(a.store, ".koc", "mail.db")) as db:
            rows, = db.execute("SELECT count(*) FROM row").fetchone()
            cursor, = db.execute("SELECT coalesce(max(server_cursor), '') FROM folder"
                                 " WHERE path = 'mail/Work'").fetchone()
        if run.status == 0 or rows:
            break
        shutil.rmtree(a.store)
    ok(run.status == -9 and rows == 6 and not cursor, "stopped between its rows and its cursor",
       f"{run} {rows} {cursor!r}")
    old = a.server.messages("Work")
    a.server.rename("Work", "Away")
    a.server.create("Work")
    a.disconnect()
    for m in reversed(old):
        a.server.append("Work", m["data"], m["flags"], (), m["date"])
    a.server.delete("Away")
    a.sync(name="the same numbers mean other messages")
    equal(sorted((m["digest"], m["flags"]) for m in a.server.messages("Work")),
          sorted((m["digest"], m["flags"]) for m in old), "no message got another one's flags there")
    a.equal(at_least=6)
    a.silent(allowed=LISTING)
finish(at_least=18)
