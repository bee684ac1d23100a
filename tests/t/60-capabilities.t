#!/usr/bin/python3
"""Any server works: three levels of capabilities, and nothing is sent that was not advertised."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, LISTING, LOOKING, text_message
import killing
from rawlog import unadvertised
from tap import equal, finish, ok

LEVELS = {
    "all that Dovecot has": None,
    "CONDSTORE, no QRESYNC": "IMAP4rev1 SASL-IR ENABLE CONDSTORE UIDPLUS NAMESPACE CHILDREN",
    "no CONDSTORE": "IMAP4rev1 LITERAL+ UIDPLUS MOVE LIST-EXTENDED SPECIAL-USE NAMESPACE ESEARCH",
    "bare IMAP4rev1": "IMAP4rev1",
}


def checked(a, run, capability, name):
    wrong = [w for c in run.commands for w in [unadvertised(c.line, capability.split())] if w] \
        if capability else []
    ok(not wrong, f"{name}: nothing was sent that was not advertised", "\n".join(wrong[:20]))


def subjects(a):
    return {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0] for m in a.server.messages("INBOX")}


for level, capability in LEVELS.items():
    with Account(killing.mail(), **({"capability": capability} if capability else {})) as a:
        checked(a, a.sync(name=f"{level}: first pull"), capability, level)
        a.equal(f"{level}: equal after the pull", at_least=12)
        run = a.silent(f"{level}: another run",
                       allowed=LISTING if capability else LOOKING)
        checked(a, run, capability, level)
        killing.changes(a)
        # What another program marked \Deleted is not koc's to expunge.
        uidplus = not capability or "UIDPLUS" in capability
        if uidplus:
            foreign = a.server.append("INBOX", text_message("Deleted by another program"), "T")
        run = a.sync(name=f"{level}: changes on both sides")
        checked(a, run, capability, level)
        a.equal(f"{level}: equal after the changes", at_least=20)
        ok(not {b"Given 2", b"Given 3", b"Given 4", b"Given 5"} & subjects(a),
           f"{level}: removals and moves are done")
        run = a.koc("sync")
        checked(a, run, capability, level)
        equal(run.writes(), [], f"{level}: another run writes nothing")
        if not uidplus:
            foreign = a.server.append("INBOX", text_message("Deleted by another program"), "T")
            os.unlink(killing.path(a, "INBOX", "Given 0"))
            run = a.koc("sync")
            checked(a, run, capability, level)
            ok(run.status == 1, f"{level}: a removal that would take others' along is not done", run)
        ok(foreign in a.server.uids("INBOX"), f"{level}: what others marked \\Deleted is still there")

# A prefix and another separator.
with Account(None, namespace_prefix="INBOX.", separator=".") as a:
    a.oracle = {"prefix": "INBOX.", "separator": "."}
    a.server.create("INBOX.Work.Plans")
    a.server.append("INBOX.Work.Plans", text_message("Deep"), "S")
    a.server.append("INBOX", text_message("Flat"), "S")
    a.sync(name="names INBOX.Work.Plans")
    a.equal("INBOX.Work.Plans is mail/Work/Plans", at_least=2)
    a.mail.make("Work/More")
    a.mail.deliver("Work/More", text_message("Made here"), "S")
    a.sync(name="a folder made here")
    a.equal("is INBOX.Work.More there", at_least=3)
finish(at_least=50)
