#!/usr/bin/python3
"""koc status tells what was changed here since the last run: offline, beside a running one, writing nothing."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, shutil, socket, time
import killing
from harness import Account, end_program, text_message
from tap import equal, finish, ok


def changed(a):
    run = a.koc("status", "--json")
    ok(run.status == 0 and run.err == "" and not run.commands, "koc status asks no server", run)
    (account,) = json.loads(run.out)
    return {f["folder"]: (f["new"], f["edited"], f["removed"], f["flags"]) for f in account["changed-here"]}


with Account("demo") as a:
    for i in range(6):
        a.server.append("INBOX", text_message(f"Given {i}"), "S")
    a.server.create("Plans")
    a.server.create("Doomed")
    a.server.append("Doomed", text_message("To go"))
    equal(changed(a), {}, "before the first run there is nothing to tell")
    a.sync()
    equal(changed(a), {}, "after it too")

    path = lambda i: killing.path(a, "INBOX", f"Given {i}")
    touched = path(5)
    with open(touched, "rb") as f:
        data = f.read()
    with open(touched, "wb") as f:
        f.write(data)
    equal(changed(a), {}, "a file that was written again as it was is not edited")
    a.mail.deliver("INBOX", text_message("New here"))
    a.mail.flag(path(0), "FS")
    a.mail.flag(path(1), "")
    os.unlink(path(2))
    a.mail.edit(path(3))
    a.mail.move(path(4), "Plans")
    a.mail.make("Made here")
    a.mail.deliver("Made here", text_message("First in it"))
    shutil.rmtree(a.store + "/mail/Doomed")
    wanted = {"mail/Doomed": (0, 0, 1, 0), "mail/INBOX": (1, 1, 2, 2), "mail/Made here": (1, 0, 0, 0),
              "mail/Plans": (1, 0, 0, 0)}

    tree = a.tree()
    with open(a.store + "/.koc/mail.db", "rb") as f:
        state = f.read()
    a.disconnect()
    a.host.stop()
    run = a.koc("status")
    ok("mail/INBOX: 1 new, 1 edited, 2 removed, 2 with other flags\n" in run.out, "people are told", run)
    equal(changed(a), wanted, "new, edited, removed, flags, by folder, with the server down")
    equal(a.tree(), tree, "no file was changed")
    with open(a.store + "/.koc/mail.db", "rb") as f:
        ok(f.read() == state, "nor the state")
    os.rename(a.store + "/mail", a.store + "/elsewhere")
    before = len(changed(a))
    ok(before > 3 and not os.path.exists(a.store + "/mail"), "nor is anything made", before)
    os.rename(a.store + "/elsewhere", a.store + "/mail")

    # Beside a run: one that waits for a server that accepts and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as mute:
        a.configure(url=f"imaps://127.0.0.1:{mute.getsockname()[1]}")
        waiting = a.begin("sync")
        mute.settimeout(60)
        connection, _ = mute.accept()
        equal(changed(a), wanted, "the same while a run holds the lock")
        waiting[0].kill()
        end_program(*waiting, time.monotonic())
        connection.close()

with Account("demo") as a:
    a.sync()
    a.mail.deliver("INBOX", text_message("New here"))
    equal(changed(a), {"mail/INBOX": (1, 0, 0, 0)}, "a new file")
    a.sync()
    equal(changed(a), {}, "is no news when it was sent")
finish(at_least=20)
