#!/usr/bin/python3
""".koc is lost: the next run finds out again what belongs together."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
from harness import Account, LISTING
from tap import equal, finish, ok

with Account("small") as a:
    a.sync()
    tree = {p: s[0] for p, s in a.tree().items() if "/cur/" in p or "/new/" in p}
    shutil.rmtree(a.store + "/.koc")
    a.server.store("INBOX", a.server.uids("INBOX")[40], "+", "F")  # flags: the union
    run = a.sync()
    a.equal(at_least=200)
    ok(not run.fetched_bodies(), "nothing was downloaded again", run.fetched_bodies())
    ok("APPEND" not in run.verbs, "nothing was uploaded", run.verbs)
    inodes = {s[0] for p, s in a.tree().items() if "/cur/" in p or "/new/" in p}
    equal(inodes, set(tree.values()), "the files are the same files")
    a.silent(allowed=LISTING)
finish(at_least=9)
