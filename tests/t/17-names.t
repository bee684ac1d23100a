#!/usr/bin/python3
"""Folder names that are no safe file names, or look odd, go both ways and stay one-to-one."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, text_message
from imap import Refused
from tap import equal, finish, ok

THERE = ["cur", "Work/new", "Work/tmp/deep", "100% Wolle", "a%41b", "%2E", "dovecot-keywords",
         "back\\slash", 'with "quotes"', "tilde ~", "-rf", "&amp; Söhne", "emoji 📬", "inbox/nested",
         "x" * 180, "a  b", "{braces}", "[brackets]", "$HOME", "`id`", "new\u0301 accent"]
HERE = ["Entwürfe 2", "50% off", "Deep/er/est", "ünï/çødé"]

with Account(None) as a:
    made = []
    for name in THERE:
        try:
            a.server.create(name)
            a.server.append(name, text_message("In " + name.encode("ascii", "replace").decode()))
            made.append(name)
        except Refused as refused:
            print(f"# the server does not want {name!r}: {refused}")
    ok(len(made) >= 15, "the server has odd names", made)
    a.sync()
    a.equal(at_least=len(made))
    outside = [p for p in os.listdir(a.store) if p not in ("mail", ".koc", "Conflicts")]
    equal(outside, [], "nothing lies outside mail")
    for name in HERE:
        a.mail.make(name)
        a.mail.deliver(name, text_message("In " + name.encode("ascii", "replace").decode()), "S")
    a.sync(name="folders made here")
    a.equal(at_least=len(made) + len(HERE))
    a.silent(allowed=LISTING)
finish(at_least=10)
