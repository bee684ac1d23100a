#!/usr/bin/python3
"""The table of SPEC 3 for calendars, tasks, notes and contacts: every pair of what can happen there and here, what the
user then does about the conflicts, and both sides after that."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import cells
from cellsdav import MAKE, DavTable
from harness import DavAccount
from tap import finish, ok

# What one side moved and the other removed stays, at its new place.
KNOWN = """
there \\ here     same      edited     equal     gone       moved     moved+edited  renamed   renamed+edited
same             a:base    a:here     .         -          b:base    b:here        a:base    a:here
edited           a:there   a:there !  a:both    a:there ?  b:there   b:there !     a:there   a:there !
gone             -         - !        .         -          b:base    b:here        -         - !
moved            c:base    c:here     .         c:base     c:base    c:here        c:base    c:here
moved+edited     c:there   c:there !  c:both    c:there    c:there   c:there !     c:there   c:there !
together         b:base    b:here     .         b:base     b:base    b:here        b:base    b:here
together+edited  b:there   b:there !  b:both    b:there    b:there   b:there !     b:there   b:there !
renamed          a:base    a:here     .         -          b:base    b:here        a:base    a:here
renamed+edited   a:there   a:there !  a:both    a:there ?  b:there   b:there !     a:there   a:there !
"""
NEW = """
there \\ here  none     new        equal   elsewhere
none          .        a:here     .       b:here
new           a:there  a:there !  a:both  a:there b:here
"""

LESS = ("renamed",)  # elsewhere than in calendars on one server
PROGRAMS = {"radicale": [(kind, cells.ACTS, () if kind == "calendars" else LESS) for kind in MAKE],
            "xandikos": [(kind, ("mv", "both"), LESS) for kind in ("calendars", "contacts")]}

for program, kinds in PROGRAMS.items():
    tables = [DavTable(kind, cells.read(KNOWN, acts, without=less) + cells.read(NEW, acts, "n"))
              for kind, acts, less in kinds]
    with DavAccount([c for t in tables for c in t.collections()], server=program) as a:
        a.sync(name=f"{program}: first sync")
        for table in tables:
            table.attach(a).happen()
        cells.run_and_check(a, tables, name=f"{program}: the run")
        a.dav_equal(f"{program}: equal", at_least=70)
        a.silent(f"{program}: after that")
        cells.resolve(a, tables)
        a.dav_equal(f"{program}: equal again", at_least=70)
        a.silent(f"{program}: and silent")
        ok(sum(len(t.cells) for t in tables) > 70, f"{program}: so many cells", [len(t.cells) for t in tables])
finish(at_least=2000)
