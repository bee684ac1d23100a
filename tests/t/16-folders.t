#!/usr/bin/python3
"""Folders made and renamed on each side."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from tap import equal, finish, ok


def bodies(run):
    return run.fetched_bodies() + [c for c in run.commands if c.verb == "APPEND"]


with Account("demo") as a:
    a.sync()
    for side in ("here", "there"):
        for name in (f"Made {side}", f"Nested {side}/Ünder/数字"):
            (a.mail.make if side == "here" else a.server.create)(name)
    a.mail.deliver("Nested here/Ünder/数字", text_message("Deep here"), "S")
    a.server.append("Nested there/Ünder/数字", text_message("Deep there"), "S")
    a.sync(name="folders made on both sides")
    a.equal()
    a.silent(allowed=LISTING)

    a.server.rename("Work/Projekt ÄÖÜ", "Work/Done")
    run = a.sync(name="renamed there")
    a.equal()
    equal(bodies(run), [], "no body travelled")
    ok(not os.path.isdir(a.mail.path("Work/Projekt ÄÖÜ/cur")), "the old directory is gone")

    os.rename(a.mail.path("Archive/2026"), a.mail.path("Archive/Last year"))
    run = a.sync(name="renamed here")
    a.equal()
    equal(bodies(run), [], "no body travelled")
    ok("RENAME" in run.verbs, "it is a RENAME there", run.verbs)
    a.silent(allowed=LISTING)
finish(at_least=16)
