#!/usr/bin/python3
"""The table of SPEC 3 for mail where one side only is followed: direction = pull and push, removals = keep, a mailbox
that is read-only there."""
import json, os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import cells
from cellsmail import MailTable
from harness import Account, LISTING
from tap import equal, finish

# Edits and removals in INBOX are taken back, and its flags stay here; what was moved out of it is copied there.
PULL = """
there \\ here  none     same      flagged               edited      gone      moved              trashed            moved+edited     new       equal   elsewhere
none          .        .         .                     .           .         .                  .                  .                - | a:here  .     b:here
same          .        a:base    a:base | a:base/F     a:base !    a:base    a:base b:base      a:base t:base      a:base b:here    .         .       .
flagged       .        a:base/S  a:base/S | a:base/FS  a:base/S !  a:base/S  a:base/S b:base/S  a:base/S t:base/S  a:base/S b:here  .         .       .
gone          .        -         -                     - !         -         b:base             t:base             b:here           .         .       .
moved         .        c:base    c:base/F              c:here      c:base    c:base             c:base             c:base b:here    .         .       .
new           a:there  .         .                     .           .         .                  .                  .                a:there | a:there a:here  a:both  a:there b:here
"""
# What changes there is not brought here.
PUSH = """
there \\ here  none          same               flagged                 edited                  gone          moved                   moved+edited           new
none          .             .                  .                       .                       .             .                       .                      a:here
same          .             a:base             a:base/F                a:here                  t:base | -    b:base                  t:base b:here | b:here  .
flagged       .             a:base/S | a:base  a:base/FS | a:base/F    a:here/S | a:here       t:base/S | -  b:base/S | b:base       t:base/S b:here | b:here  .
gone          .             - | a:base         - | a:base/F            a:here                  -             b:base                  b:here                 .
moved         .             c:base | a:base    c:base | a:base/F       a:here c:base | a:here  c:base | -    b:base c:base | b:base  b:here c:base | b:here  .
new           a:there | -   .                  .                       .                       .             .                       .                      a:there a:here | a:here
"""
KEEP = """
there \\ here  none     same                      flagged                      edited                    gone     moved
same          .        a:base                    a:base/F                     a:here                    t:base   b:base
gone          .        - | a:base                - | a:base/F                 - | a:here                -        b:base
moved         .        c:base | a:base c:base    c:base | a:base/F c:base     c:base | a:here c:base    c:base   c:base
new           a:there  .                         .                            .                         .        .
"""
READ_ONLY = """
there \\ here  same    flagged            edited    gone    moved          new
same          a:base  a:base | a:base/F  a:base !  a:base  a:base b:base  .
none          .       .                  .         .       .              - | a:here *
"""


def tried(name, text, folders, one_way=None, status=0, told=(), acl=None):
    table = MailTable(cells.read(text, ("drop",), one_way=one_way))
    with Account(None) as a:
        table.begin(a)
        if acl:
            a.disconnect()
            a.host.stop()
            a.host.options["acl"] = acl
            a.host.start()
        a.sync(name=f"{name}: first sync")
        a.configure(folders=folders)
        table.happen()
        cells.run_and_check(a, [table], status=status, name=f"{name}: the run")
        a.silent(f"{name}: after that", allowed=LISTING)
        equal([x["reason"] for s in json.loads(a.koc("status", "--json").out) for x in s["set-aside"]], list(told),
              f"{name}: what koc status tells")
        cells.resolve(a, [table])
        a.silent(f"{name}: and silent", allowed=LISTING)


FULL = 'folder "mail/*" { mode = full }\n'
tried("direction = pull", PULL, FULL + 'folder "mail/INBOX" { direction = pull }', "edited here, direction = pull")
tried("direction = push", PUSH, 'folder "mail/*" { mode = full direction = push }')
tried("removals = keep", KEEP, 'folder "mail/*" { removals = keep }')
tried("read-only", READ_ONLY, FULL, "edited here, read-only on the server", status=1, acl=["INBOX=lr"],
      told=["the folder is read-only on the server"])
finish(at_least=300)
