#!/usr/bin/python3
"""A first pull brings everything, byte for byte; a second run says nothing and does nothing."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import stat
from harness import Account
from tap import equal, finish, ok

with Account("small") as a:
    previous = os.umask(0)  # whatever the umask
    run = a.sync()
    os.umask(previous)
    ok(not run.writes(), "nothing was written to the server", run.writes())
    ok(len(run.sessions) <= 2, "on at most two connections", len(run.sessions))
    a.equal("all is here: content, flags, keywords, received times", at_least=200, dates=True)

    open_to_others = [p for p, (_, _, _, mode) in a.tree().items()
                      if stat.S_IMODE(mode) not in ((0o700,) if stat.S_ISDIR(mode) else (0o600,))]
    equal(open_to_others, [], "directories are 0700, files 0600")
    left = [p for p, s in a.tree().items() if "/tmp/" in p and stat.S_ISREG(s[3])]
    equal(left, [], "nothing is left in tmp")

    a.silent("a second run")
    run = a.silent("a third run")
finish(at_least=15)
