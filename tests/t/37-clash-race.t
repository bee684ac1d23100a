#!/usr/bin/python3
"""The table of SPEC 3 when the server's side happens after koc looked and before it writes: what was written there
meanwhile is not lost, and in the end all is as if it had been there before."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import cells
from cellsdav import DavTable
from cellsmail import MailTable
from harness import Account, DavAccount, LISTING
from meanwhile import Meanwhile
from tap import finish, ok

DAV = """
there \\ here    edited     equal   gone       moved     moved+edited  renamed   renamed+edited  new        elsewhere
none            .          .       .          .         .             .         .               a:here     b:here
same            a:here     .       -          b:base    b:here        a:base    a:here          .          .
edited          a:there !  a:both  a:there ?  b:there   b:there !     a:there   a:there !       .          .
gone            - !        .       -          b:base    b:here        -         - !             .          .
moved           c:here     .       c:base     c:base    c:here        c:base    c:here          .          .
moved+edited    c:there !  c:both  c:there    c:there   c:there !     c:there   c:there !       .          .
new             .          a:both  .          .         .             .         .               a:there !  a:there b:here
"""
# An APPEND has no condition: what was edited here is a new message there by then.
MAIL = """
there \\ here  flagged    edited         gone      moved     moved+edited
same          a:base/F   a:here         t:base    b:base    t:base b:here
flagged       a:base/FS  .              t:base/S  b:base/S  t:base/S b:here
gone          -          a:here         -         b:base    b:here
moved         c:base/F   a:here c:base  c:base    c:base    c:base b:here
"""


def raced(a, relay, tables, pattern, name):
    there = [(t, c) for t in tables for c in t.cells]
    for table in tables:
        table.happen(there=False)
    relay.when(pattern, lambda: [t.happen_there(c) for t, c in there])
    known = cells.notices(a)
    run = a.koc("sync")
    ok(relay.done and run.status == 0, f"{name}: a run that loses all races", run)
    cells.run_and_check(a, tables, name=f"{name}: a run after that", known=known)
    a.silent(f"{name}: and silent", allowed=LISTING)


for program, kinds in (("radicale", ("calendars", "contacts")), ("xandikos", ("calendars",))):
    tables = [DavTable(kind, cells.read(DAV, ("drop",))) for kind in kinds]
    with DavAccount([c for t in tables for c in t.collections()], server=program) as a:
        relay = Meanwhile(a.dav.port("http"))
        a.dav_url = f"http://127.0.0.1:{relay.port}/"
        a.configure(folders="")
        a.sync(name=f"{program}: first sync")
        for table in tables:
            table.attach(a)
        raced(a, relay, tables, rb"^(PUT|DELETE|MOVE) ", program)
        a.dav_equal(f"{program}: equal", at_least=30)
        relay.close()

table = MailTable(cells.read(MAIL))
with Account(None) as a:
    table.begin(a)
    relay = Meanwhile(a.host.port("imap"))
    a.url = f"imap://127.0.0.1:{relay.port}"
    a.configure('tls = "none"')
    a.sync(name="mail: first sync")
    raced(a, relay, [table], rb"(?m)^\S+ (APPEND|UID STORE|UID MOVE|UID COPY|UID EXPUNGE) ", "mail")
    a.equal("mail: equal", at_least=15)
    relay.close()
finish(at_least=100)
