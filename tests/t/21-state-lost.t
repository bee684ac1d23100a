#!/usr/bin/python3
""".koc is lost: the next run finds out again what belongs together."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, sqlite3
from harness import Account, LISTING
from tap import equal, finish, ok


def words(a):
    """What scripts are told of each message."""
    with sqlite3.connect(a.store + "/.koc/mail.db") as db:
        found = db.execute("SELECT folder, uid, message_id, subject, sender, date, received, size FROM koc_message").fetchall()
    db.close()
    return sorted(map(repr, found))


with Account("small") as a:
    a.sync()
    told = words(a)
    tree = {p: s[0] for p, s in a.tree().items() if "/cur/" in p or "/new/" in p}
    shutil.rmtree(a.store + "/.koc")
    a.server.store("INBOX", a.server.uids("INBOX")[40], "+", "F")  # flags: the union
    run = a.sync()
    a.equal(at_least=200)
    ok(not run.fetched_bodies(), "nothing was downloaded again", run.fetched_bodies())
    ok("APPEND" not in run.verbs, "nothing was uploaded", run.verbs)
    inodes = {s[0] for p, s in a.tree().items() if "/cur/" in p or "/new/" in p}
    equal(inodes, set(tree.values()), "the files are the same files")
    equal(words(a), told, "koc_message tells the same")
    a.silent(allowed=LISTING)
finish(at_least=10)
