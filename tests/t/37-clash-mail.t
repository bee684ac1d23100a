#!/usr/bin/python3
"""The table of SPEC 3 for mail: every pair of what can happen there and here, what the user then does about the
conflicts, and both sides after that."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import cells
from cellsmail import MailTable
from harness import Account, LISTING, text_message
from tap import equal, finish, ok

# Flags never are in conflict.  What one side moved and the other removed stays, at its new place.  A message that was
# edited and moved here is another one: the old one goes where removed messages go.
KNOWN = """
there \\ here  same      flagged   edited    edited+flagged  gone      moved     trashed   moved+edited
same          a:base    a:base/F  a:here    a:here/F        t:base    b:base    t:base    t:base b:here
flagged       a:base/S  a:base/FS  a:here/S  a:here/FS       t:base/S  b:base/S  t:base/S  t:base/S b:here
gone          -         -         - !       - !             -         b:base    t:base    b:here
moved         c:base    c:base/F  c:here    c:here/F        c:base    c:base    c:base    c:base b:here
flagged+moved  c:base/S  c:base/FS  c:here/S  c:here/FS       c:base/S  c:base/S  c:base/S  c:base/S b:here
together      b:base    b:base/F  b:here    b:here/F        b:base    b:base    b:base    b:here
trashed       t:base    t:base/F  t:here    t:here/F        t:base    t:base    t:base    t:base b:here
"""
NEW = """
there \\ here  none     new             equal   elsewhere
none          .        a:here          .       b:here
new           a:there  a:there a:here  a:both  a:there b:here
"""

table = MailTable(cells.read(KNOWN) + cells.read(NEW, prefix="n"))
with Account(None) as a:
    table.begin(a)
    a.sync(name="first sync")
    table.happen()
    cells.run_and_check(a, [table])
    a.equal("equal", at_least=30)
    a.silent("after that", allowed=LISTING)
    cells.resolve(a, [table])
    a.equal("equal again", at_least=30)
    a.silent("and silent", allowed=LISTING)
    # One message over another, of another folder: the one moved, the other is gone here.
    for n in range(2):
        a.server.append(("INBOX", "Work")[n], text_message(f"Exchange {n}", "Words.\r\n"))
    a.sync(name="two more")
    one, other = (next(m["path"] for m in a.mail.messages(f) if b"Exchange" in m["data"]) for f in ("INBOX", "Work"))
    os.rename(one, other)
    run = a.sync(name="one moved over the other")
    equal({f: [m["data"].split(b"Exchange ")[1][:1].decode() for m in a.server.messages(f) if b"Exchange" in m["data"]]
           for f in ("INBOX", "Work", "Trash")}, {"INBOX": [], "Work": ["0"], "Trash": ["1"]},
          "it moved there, too, and the other is in the Trash")
    ok("APPEND" not in run.verbs, "nothing is sent", run)
    a.equal("equal", at_least=30)
    a.silent("and silent", allowed=LISTING)
ok(len(table.cells) > 60, "so many cells", len(table.cells))
finish(at_least=240)
