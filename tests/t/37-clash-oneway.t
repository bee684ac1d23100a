#!/usr/bin/python3
"""The table of SPEC 3 where one side only is followed: direction = pull, collections that are read-only there, direction
= push, removals = keep; and what comes of it when that is no longer so."""
import json, os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import cells
from cellsdav import DavTable
from harness import DavAccount
from odd import OddServer
from tap import equal, finish
import vdir

# Edits and removals in a are taken back; what was moved out of it stays there, and is a new item where it was put.
PULL = """
there \\ here     none     same     edited     equal    gone     moved           moved+edited     new        elsewhere
none             .        .        .          .        .        .               .                - | a:here  b:here
same             .        a:base   a:base !   .        a:base   a:base b:base   a:base b:here    .          .
edited           .        a:there  a:there !  a:both   a:there  a:there b:base  a:there b:here   .          .
gone             .        -        - !        .        -        b:base          b:here           .          .
moved            .        c:base   c:here     .        c:base   c:base          c:here           .          .
moved+edited     .        c:there  c:there !  c:both   c:there  c:there         c:there !        .          .
together         .        b:base   b:here     .        b:base   b:base          b:here           .          .
together+edited  .        b:there  b:there !  b:both   b:there  b:there         b:there !        .          .
new              a:there  .        .          a:both   .        .               .                a:there !  a:there b:here
"""
# What changes there is not brought here, and what both changed is left as it is, and told.
PUSH = """
there \\ here     none        same              edited              equal    gone           moved             new
none             .           .                 .                   .        .              .                 a:here
same             .           a:base            a:here              .        -              b:base            .
edited           .           a:there | a:base  a:there | a:here *  a:both   a:there | - *  b:there | b:base  .
gone             .           - | a:base        a:here              .        -              b:base            .
new              a:there | -  .                 .                  a:both   .              .                 a:there | a:here *
"""
KEEP = """
there \\ here     none     same              edited             equal    gone       moved    new
none             .        .                 .                  .        .          .        a:here
same             .        a:base            a:here             .        -          b:base   .
edited           .        a:there           a:there !          a:both   a:there ?  b:there  .
gone             .        - | a:base        - | a:here         .        -          b:base   .
moved            .        c:base | a:base c:base   c:base | a:here c:base  .  c:base  c:base  .
new              a:there  .                 .                  a:both   .          .        a:there !
"""

PULLED = "edited here, direction = pull"
READ_ONLY = "edited here, read-only on the server"
KINDS = ("calendars", "contacts")
NAMES = {"none": "here-{file}", "new": "{file}"}  # by which what has no base is told


def policy(way, places):
    return "\n".join(f'folder "{k}/{k} {p}" {{ {way} }}' for k in KINDS for p in places)


def told_aside(a, tables, name):
    """koc status tells what is set aside: what the table says, and what nobody there may write."""
    told = sorted(x["item"] for s in json.loads(a.koc("status", "--json").out) for x in s["set-aside"])
    wanted = [(t, c) for t in tables for c in t.cells if c.want.mark == "*"]
    equal(told, sorted(NAMES.get(c.there, "{key} base").format(key=c.key, file=t.file(c)) for t, c in wanted),
          f"{name}: koc status tells what is set aside")


def tried(name, table, one_way=None, folders="", oddity=None, status=0, after=None, **options):
    """after: what comes of it when both directions are followed again."""
    tables = [DavTable(kind, cells.read(table, ("drop",), one_way=one_way)) for kind in KINDS]
    with DavAccount([c for t in tables for c in t.collections()], **options) as a:
        a.sync(name=f"{name}: first sync")
        a.configure(folders=folders)
        if oddity:
            a.dav.be(oddity)
        for t in tables:
            t.attach(a).happen()
        cells.run_and_check(a, tables, status=status, name=f"{name}: the run")
        a.silent(f"{name}: after that")
        told_aside(a, tables, name)
        cells.resolve(a, tables)
        a.silent(f"{name}: and silent")
        cells.later(tables, after)
        if oddity:
            a.dav.heal()
            a.later()
        a.configure(folders="")
        cells.run_and_check(a, tables, name=f"{name}, no more")
        a.silent(f"{name}, no more: after that")


# A file that nobody can read is not sent; the server's changes come nevertheless.
DAMAGED = """
there \\ here     damaged
same             a:base | a:here *
edited           a:there !
gone             - !
moved            c:base | c:here *
moved+edited     c:there !
renamed+edited   a:there !
"""


def damaged(name="damaged"):
    tables = [DavTable(kind, cells.read(DAMAGED, ("drop",))) for kind in KINDS]
    with DavAccount([c for t in tables for c in t.collections()]) as a:
        a.sync(name=f"{name}: first sync")
        for t in tables:
            t.attach(a).happen()
        cells.run_and_check(a, tables, status=1, name=f"{name}: the run")
        a.silent(f"{name}: after that")
        told_aside(a, tables, name)
        cells.resolve(a, tables)
        for t in tables:
            for file in [f for p in "ac" for f in a.vdir.files(t.folder(p)) if b" here" in f.data]:
                os.unlink(file.path)
        cells.later(tables, {"a:base | a:here *": "-", "c:base | c:here *": "-"})
        cells.run_and_check(a, tables, name=f"{name}: the files are removed")
        a.silent(f"{name}: and silent")


def kept_and_edited(name="what is kept"):
    """An item that stays here, though it is gone there, is edited: that is nobody's business, until it is there again."""
    table = DavTable("calendars", cells.read("there here  same  edited\ngone  - | a:base  - | a:here"))
    with DavAccount(table.collections(), folders='folder "calendars/*" { removals = keep }') as a:
        a.sync(name=f"{name}: first sync")
        table.attach(a).happen()
        cells.run_and_check(a, [table], name=f"{name}: removed there")
        for file in a.vdir.files(table.folder("a")):
            a.vdir.replace(file.path, vdir.summary(file.data, vdir.summary_of(file.data).split()[0] + " later"))
        equal([s["changed-here"] for s in json.loads(a.koc("status", "--json").out)], [[]],
              f"{name}: edited, it is no change to be sent")
        cells.later([table], {"- | a:base": "- | a:later", "- | a:here": "- | a:later"})
        cells.run_and_check(a, [table], name=f"{name}: edited")
        a.silent(f"{name}: after that")
        for cell in table.cells:
            cell.there, cell.here, cell.act, cell.written = "new", "new", "drop", a.vdir.file(
                table.folder("a"), table.uid(cell)).data
            table.happen_there(cell)
        cells.later([table], {"- | a:later": "a:there !"})
        cells.run_and_check(a, [table], name=f"{name}: it is there again")
        a.dav_equal(f"{name}: equal", at_least=2)


tried("direction = pull", PULL, PULLED, policy("direction = pull", "a"), after={"- | a:here": "a:here"})
tried("read-only", PULL.replace("- | a:here", "- | a:here *"), READ_ONLY, oddity="read-only .* -a/", status=1,
      server=OddServer(), after={"- | a:here *": "a:here"})
tried("direction = push", PUSH, folders=policy("direction = push", "abc"), status=1, after={
    "a:there | a:base": "a:there", "a:there | -": "a:there", "b:there | b:base": "b:there",
    "a:there | a:here *": "a:there !", "a:there | - *": "a:there ?"})
tried("removals = keep", KEEP, folders=policy("removals = keep", "abc"), after={})
kept_and_edited()
damaged()
finish(at_least=1500)
