#!/usr/bin/python3
"""A message of 100 MB both ways, within 32 MB of memory."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import hashlib
from harness import Account, KOC, text_message
from tap import equal, finish, ok

LIMIT = 32 * 1024  # KB
SIZE = 100 << 20
instrumented = b"__asan_init" in open(KOC, "rb").read() if os.path.exists(KOC) else False

line = b"0123456789abcdef" * 4 + b"0123456\r\n"
body = line * (SIZE // len(line))

with Account(None, rawlog=False) as a:
    theirs = text_message("Large, from there", "") + body
    a.server.append("INBOX", theirs, "S")
    run = a.measured_sync(name="pulled")
    ok(instrumented or run.peak <= LIMIT, "peak RSS of the pull at most 32 MB", f"{run.peak} KB")
    equal(len(a.mail.files("INBOX")), 1, "it is here")
    digest = hashlib.sha256()
    with open(a.mail.files("INBOX")[0], "rb") as f:
        for l in f:
            digest.update(l.replace(b"\n", b"\r\n"))
    equal(digest.hexdigest(), hashlib.sha256(theirs).hexdigest(), "byte for byte")

    ours = text_message("Large, from here", "") + body
    a.mail.deliver("INBOX", ours, "S")
    run = a.measured_sync(name="pushed")
    ok(instrumented or run.peak <= LIMIT, "peak RSS of the push at most 32 MB", f"{run.peak} KB")
    there = a.server.messages("INBOX")
    equal(sorted(m["digest"] for m in there),
          sorted(hashlib.sha256(d).hexdigest() for d in (theirs, ours)), "it is there")
    run = a.sync(name="another run")
    ok(run.seconds < 2, "does not read them again", run.seconds)
finish(at_least=9)
