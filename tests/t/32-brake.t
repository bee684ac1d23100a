#!/usr/bin/python3
"""Mass removals are held, on either side, until they are allowed by name."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
from harness import Account, text_message
from tap import equal, finish, ok


def account():
    a = Account(None)
    a.server.create("Lists")
    for folder, n in (("INBOX", 40), ("Lists", 40)):
        for i in range(n):
            a.server.append(folder, text_message(f"{folder} {i}"), "S")
    a.sync(name="first sync")
    return a


with account() as a:
    for path in a.mail.files("INBOX")[:15]:
        os.unlink(path)
    a.mail.deliver("Lists", text_message("Unrelated"), "S")
    run = a.sync(status=3, name="15 of 40 removed here: held")
    equal(len(a.server.uids("INBOX")), 40, "all are still there")
    equal(len(a.server.uids("Lists")), 41, "everything else goes on")
    ok("INBOX" in run.err + run.out, "the run names the folder", run)
    a.sync(status=3, name="held still in the next run")
    equal(len(a.server.uids("INBOX")), 40, "and nothing lost")
    equal(len(a.mail.files("INBOX")), 25, "nor downloaded again")
    status = a.koc("status")
    ok("INBOX" in status.out, "koc status tells", status)
    a.sync("--allow-removals", "mail/INBOX", name="allowed by name")
    equal(len(a.server.uids("INBOX")), 25, "they are gone there")
    equal(len(a.server.uids("Trash")), 15, "to the Trash")
    a.equal()

with account() as a:
    a.server.expunge("INBOX", a.server.uids("INBOX")[:15])
    a.sync(status=3, name="15 of 40 removed there: held")
    equal(len(a.mail.files("INBOX")), 40, "all are still here")
    a.sync("--allow-removals", "mail/INBOX", name="allowed by name")
    a.equal()

with account() as a:
    for path in a.mail.files("INBOX")[:9]:
        os.unlink(path)
    a.server.expunge("Lists", a.server.uids("Lists")[:9])
    a.sync(name="9 of 40 pass without a word")
    a.equal()

with account() as a:
    for path in a.mail.files("INBOX"):
        os.unlink(path)
    a.sync(status=3, name="an empty folder here: held")
    equal(len(a.server.uids("INBOX")), 40, "all are still there")

with account() as a:
    shutil.rmtree(a.mail.path("INBOX"))
    a.sync(status=3, name="a missing directory: held")
    equal(len(a.server.uids("INBOX")), 40, "all are still there")

with account() as a:
    shutil.move(a.store + "/mail", a.base + "/mail-unmounted")
    run = a.sync(status=3, name="the whole mail directory is missing: held")
    equal(len(a.server.uids("INBOX")), 40, "all are still there")
    equal(len(a.server.uids("Lists")), 40, "in every folder")
    shutil.rmtree(a.store + "/mail", ignore_errors=True)
    shutil.move(a.base + "/mail-unmounted", a.store + "/mail")
    a.sync(name="when it is back, all is well")
    a.equal(at_least=80)

with account() as a:
    a.server.delete("Lists")
    a.sync(status=3, name="the server no longer lists a folder: held")
    equal(len(a.mail.files("Lists")), 40, "all are still here")

with account() as a:
    for path in a.mail.files("INBOX"):
        a.mail.move(path, "Lists")
    a.sync(name="a completed move of all is no removal")
    a.equal(at_least=80)

with account() as a:
    for path in a.mail.files("INBOX"):
        letters = path.partition(":2,")[2]
        a.mail.flag(path, letters.replace("S", ""))
    a.sync(status=3, name="one flag lost on all: held")
    equal({m["flags"] for m in a.server.messages("INBOX")}, {"S"}, "the server keeps the flag")
finish(at_least=35)
