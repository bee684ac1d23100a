#!/usr/bin/python3
"""The commands themselves: several accounts, options anywhere, JSON, help, output that cannot be written."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, subprocess
from harness import KOC, Account, Server, text_message
from tap import equal, finish, ok


def account(name, user, server, store):
    return (f'account "{name}" {{\n    user = "{user}"\n    password = \'secret\'\n    store = "{store}"\n'
            f'    imap = "imaps://127.0.0.1:{server.port()}"\n    tls-ca-file = "{server.ca}"\n'
            '    folder "mail/*" { mode = full }\n}\n')


server = Server(any_user=True).start()
with Account("demo", server=server, user="one") as a:
    a.server.create("Only one has it")
    both = a.base + "/both"
    with open(both, "w") as f:
        f.write(account("one", "one", server, a.store))
        f.write(account("two", "two", server, a.base + "/second"))
    os.chmod(both, 0o600)

    run = a.koc("folders", config=both)
    equal((run.status, run.err), (0, ""), "koc folders before the first run")
    ok(not os.path.exists(a.store) and not os.path.exists(a.base + "/second"), "and it makes nothing")
    run = a.koc("sync", "-a", "one", config=both)
    equal(run.status, 0, "-a chooses an account")
    ok(os.path.exists(a.store) and not os.path.exists(a.base + "/second"), "and no other")
    a.equal(at_least=40)
    run = a.koc("sync", config=both)
    equal(run.status, 0, "without it all of them")
    ok(os.path.exists(a.base + "/second/mail/INBOX"), "the second one too")

    run = a.koc("sync", "mail/Only one has it", config=both)
    equal((run.status, run.err), (0, ""), "a folder that one of two accounts has")
    run = a.koc("sync", "mail/Nobody has it", config=both)
    equal(run.status, 64, "a folder that none has: 64")
    run = a.koc("sync", "mail/Nobody has it")
    equal(run.status, 64, "the same with one account")
    run = a.koc("sync", "-a", "tow", config=both)
    ok(run.status == 64 and "did you mean two?" in run.err, "an account that is not there: 64", run)
    with open(both, "a") as f:
        f.write(account("three", "three", server, a.base + "/third").replace("'secret'", "'wrong'"))
    a.server.append("INBOX", text_message("New there"))
    run = a.koc("sync", config=both)
    equal(run.status, 77, "the worst of several accounts is the status")
    ok("three: " in run.err and "one: 1 received" in run.out, "the others are synchronised", run)

    run = a.koc("folders", "--json", config=both)
    one = {f["folder"]: f for f in json.loads(run.out)[0]["folders"]}
    equal(one["mail/INBOX"]["items"], len(a.server.uids("INBOX")), "koc folders --json counts")
    ok(one["mail/INBOX"]["bytes"] > 1000, "and adds up sizes")
    run = a.koc("folders", config=both)
    ok(all(len(line) <= 80 for line in run.out.splitlines()), "80 columns suffice for people", run.out)
    run = a.koc("status", "--json", "-a", "one", config=both)
    (one,) = json.loads(run.out)
    equal((one["last-run"]["status"], one["held"], one["set-aside"]), (0, [], []), "koc status --json")
    (one,) = json.loads(a.koc("sync", "--json").out)
    equal((one["account"], one["status"], one["error"], one["pulled"]), ("test", 0, None, 0),
          "koc sync --json")
    a.mail.deliver("INBOX", text_message("New here"))
    (one,) = json.loads(a.koc("sync", "--json", "-n").out)
    equal(len(one["plan"]), 1, "koc sync -n --json has the plan")
    run = a.koc("sync", "-v")
    ok("push" in run.err and "INBOX" in run.err, "-v tells each operation", run.err)
    run = a.koc("sync", "-vv")
    ok("C: " in run.err and "S: " in run.err, "-vv tells the wire", run.err)
    ok("secret" not in run.err and "c2VjcmV0" not in run.err, "without the password", run.err)
    for i in range(3):
        a.server.append("INBOX", text_message(f"Later {i}"))
    run = a.koc("sync", "-q")
    equal((run.status, run.out, run.err), (0, "", ""), "-q says nothing of what went well")

    # Another user's mail must not be mixed with what is in a store.
    other = a.base + "/other"
    with open(other, "w") as f:
        f.write(account("one", "three", server, a.store))
    os.chmod(other, 0o600)
    run = a.koc("sync", config=other)
    ok(run.status == 78 and "one" in run.err and "three" in run.err, "another user with this store: 78", run)
    ok("APPEND" not in run.verbs, "and nothing is sent", run.verbs)

    with open("/dev/full", "w") as full:
        status = subprocess.run([KOC, "folders", "-c", a.config], stdout=full, stderr=subprocess.PIPE,
                                env=a.environment())
    ok(status.returncode == 1 and b"space" in status.stderr, "output that cannot be written: 1", status)
    ok(a.koc("sync", config="/nonexistent").status == 78, "a configuration that is not there: 78")
server.stop()

run = subprocess.run([KOC, "help"], capture_output=True, text=True)
ok(run.returncode == 0 and "sync" in run.stdout and run.stderr == "", "koc help")
run = subprocess.run([KOC, "--version"], capture_output=True, text=True)
ok(run.returncode == 0 and run.stdout.startswith("koc "), "koc --version")
run = subprocess.run([KOC], capture_output=True, text=True)
ok(run.returncode == 64 and run.stdout == "", "koc alone: 64")
finish(at_least=29)
