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


for level, capability in LEVELS.items():
    with Account(killing.mail(), **({"capability": capability} if capability else {})) as a:
        checked(a, a.sync(name=f"{level}: first pull"), capability, level)
        a.equal(f"{level}: equal after the pull", at_least=12)
        run = a.silent(f"{level}: another run",
                       allowed=LISTING if capability else LOOKING)
        checked(a, run, capability, level)
        killing.changes(a)
        foreign = a.server.append("INBOX", text_message("Deleted by another program"), "T")
        run = a.sync(name=f"{level}: changes on both sides")
        checked(a, run, capability, level)
        a.equal(f"{level}: equal after the changes", at_least=20)
        ok(foreign in a.server.uids("INBOX"), f"{level}: what others marked \\Deleted is still there")
        given = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0]
                 for m in a.server.messages("INBOX")}
        ok(b"Given 3" not in given and b"Given 5" not in given, f"{level}: removals and moves done")
        # Without UIDPLUS a removal has to wait until it can be told from others' removals.
        a.server.expunge("INBOX", foreign)
        a.sync(name=f"{level}: a run after that")
        given = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0]
                 for m in a.server.messages("INBOX")}
        ok(b"Given 2" not in given and b"Given 4" not in given, f"{level}: in the end all are")
        run = a.sync(name=f"{level}: and a last one")
        checked(a, run, capability, level)
        equal(run.writes(), [], f"{level}: which writes nothing")

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
