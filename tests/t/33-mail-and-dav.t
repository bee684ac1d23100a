#!/usr/bin/python3
"""One account with mail, calendars and contacts: both services run side by side, and one failing does not stop the
other."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, text_message
from tap import equal, finish, ok
import vdir

with Account("demo", dav=(12, 4, 2, 8)) as a:
    a.sync(name="first sync of all five kinds")
    a.equal("mail, calendars and contacts are equal", at_least=60 + 26)
    a.silent("a second run")

    home = a.vdir.folder("Home")

    def change(n):
        a.server.append("INBOX", text_message(f"New there {n}"), "")
        a.there.add(a.there.folder("Home"), f"new-{n}.ics", vdir.event(f"new-{n}@test", f"New there {n}"))
        a.mail.deliver("INBOX", text_message(f"New here {n}"), "S")
        a.vdir.new(home, f"here-{n}.ics", vdir.event(f"here-{n}@test", f"New here {n}"))

    change(1)
    a.sync(name="changes of both")
    a.equal("both are equal", at_least=90)

    # Only one kind is asked for.
    change(2)
    run = a.sync("calendars/Home", name="koc sync calendars/Home")
    ok(not run.writes(), "mail was not written", run)
    run = a.sync("mail/INBOX", name="koc sync mail/INBOX")
    ok(not run.dav_writes(), "calendars were not written", run)
    a.equal("both are equal", at_least=94)

    # Calendars and contacts cannot be reached.
    change(3)
    a.dav.stop()
    a.dav_client = None
    run = a.sync(status=75, name="no calendar server: status 75")
    equal(len(run.err.splitlines()), 1, "it is one line")
    subjects = [m["data"].split(b"Subject: ")[1].split(b"\r\n")[0] for m in a.mail.messages("INBOX")]
    ok(b"New there 3" in subjects, "mail came all the same")
    a.dav.start()
    a.sync(name="it is back")
    a.equal("both are equal", at_least=98)

    # The same with mail.
    change(4)
    a.disconnect()
    a.host.stop()
    run = a.sync(status=75, name="no mail server: status 75")
    a.vdir.file(home, "new-4@test")
    ok(b"here-4@test" in b"".join(a.there.bodies(a.there.folder("Home")).values()),
       "calendars went across all the same")
    a.host.start()
    a.sync(name="it is back")
    a.equal("both are equal", at_least=102)

    # A conflict in a calendar is told of in the inbox.
    file = a.vdir.files(home)[0]
    href = next(h for h, d in a.there.bodies(a.there.folder("Home")).items() if vdir.uid_of(d) == file.uid)
    a.there.put(href, vdir.summary(file.data, "Edited there"))
    a.vdir.replace(file.path, vdir.summary(file.data, "Edited here"))
    a.sync(name="a conflict in a calendar")
    equal(len(a.conflicts()), 1, "the local version is in Conflicts")
    a.dav_equal("both are equal")

    status = a.koc("status")
    ok(status.status == 0, "koc status", status)
    folders = a.koc("folders")
    for kind in ("mail/INBOX", home, a.vdir.folder("To do"), a.vdir.folder("Notes"), a.vdir.folder("Friends")):
        ok(kind in folders.out, f"koc folders lists {kind}", folders)
finish(at_least=25)
