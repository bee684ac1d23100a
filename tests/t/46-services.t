#!/usr/bin/python3
"""An account with mail and calendars: two services side by side, each with its own worker, lock, state and status;
what one does, or fails to do, is nothing to the other."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, re, signal, socket, subprocess, time
import vdir
from harness import Account, DavAccount, end_program, text_message
from tap import equal, finish, ok

PATIENCE = 30  # seconds until something that must happen counts as failed


def until(condition):
    """Asks again and again until it is so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.002)  # between polls
    return None


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]
    except FileNotFoundError:
        return []


def told(run):
    return {(r["account"], r["service"]): (r["status"], r["pulled"], r["pushed"])
            for r in json.loads(run.out)}


def mute():
    """A server that takes connections and never says a word."""
    return socket.create_server(("127.0.0.1", 0))


def port_of(listener):
    return listener.getsockname()[1]


# ---- both of them

with Account("demo", dav="demo") as a:
    run = a.sync("-n", name="a dry run of both")
    ok(" mail/INBOX " in run.out and " calendars/" in run.out and " contacts/" in run.out,
       "one plan for both", run)
    ok(not os.path.exists(a.store), "nothing was made")

    run = a.sync()
    ok(re.search(r"^test: \d+ received", run.out, re.M) and
       re.search(r"^test \(dav\): \d+ received", run.out, re.M), "a line each", run)
    ok(sorted(os.listdir(a.store)) == [".koc", "calendars", "contacts", "mail", "notes", "tasks"],
       "where everything lies", os.listdir(a.store))
    a.equal(at_least=50)
    run = a.koc("status", "--json")
    equal([(s["service"], s["last-run"]["status"], s["last-run"]["nothing-new"]) for s in json.loads(run.out)],
          [("mail", 0, None), ("dav", 0, None)], "koc status knows the runs of both")
    a.silent()

    home = next(f for f in a.vdir.folders() if f.startswith("calendars/"))
    mails = len(a.server.uids("INBOX"))

    def change(n):
        """Something new of both services, on both sides."""
        a.server.append("INBOX", text_message(f"There {n}"))
        a.mail.deliver("INBOX", text_message(f"Here {n}"))
        a.there.add(a.there.folder(a.vdir.label(home, "displayname")), f"there-{n}.ics",
                    vdir.event(f"there-{n}"))
        a.vdir.new(home, f"here-{n}.ics", vdir.event(f"here-{n}"))

    change(1)
    run = a.koc("status", "--json")
    equal([(s["service"], s["changed-here"]) for s in json.loads(run.out)],
          [(service, [{"folder": folder, "new": 1, "edited": 0, "removed": 0, "flags": 0}])
           for service, folder in (("mail", "mail/INBOX"), ("dav", home))],
          "koc status knows what is new here of both")
    ok(not run.commands and not run.requests, "and asks nobody", run)
    run = a.koc("folders", "--json")
    (account,) = json.loads(run.out)
    equal({f["folder"].split("/")[0] for f in account["folders"]},
          {"mail", "calendars", "tasks", "notes", "contacts"}, "koc folders has all kinds")
    ok(all(f["items"] == len(a.vdir.files(f["folder"])) for f in account["folders"]
           if f["folder"].startswith(("tasks/", "notes/", "contacts/"))), "with their counts", account)

    run = a.sync("--json")
    equal(told(run), {("test", "mail"): (0, 1, 1), ("test", "dav"): (0, 1, 1)}, "an object each")
    a.equal()

    # ---- what both remove in one run lies apart
    a.server.expunge("INBOX", a.server.uids("INBOX")[-1:])
    there = a.there.folder(a.vdir.label(home, "displayname"))
    a.there.delete(next(iter(a.there.items(there))))
    run = a.sync("--json")
    equal([r["removed-here"] for r in json.loads(run.out)], [1, 1], "something is removed here by both")
    runs = sorted(name.split("-")[-2] for name in os.listdir(a.store + "/.koc/vault"))
    equal(runs, ["dav", "mail"], "each has a directory of its own in the vault")

    # ---- one alone, by the folders that are named
    change(2)
    run = a.sync("--json", "calendars/*")
    equal(told(run), {("test", "dav"): (0, 1, 1)}, "calendars/*: that service alone")
    ok(not run.sessions, "nothing was said to the mail server", run)
    run = a.sync("--json", "mail/INBOX")
    equal(told(run), {("test", "mail"): (0, 1, 1)}, "mail/INBOX: that service alone")
    ok(not run.requests, "nothing was asked of the other server", run)
    run = a.sync("--json", "*/INBOX", home)
    equal(set(told(run)), {("test", "mail"), ("test", "dav")}, "a pattern can reach both")
    for names in (["calendars/Nothing"], ["mail/Nothing"], ["*/Nothing"], [home, "*/Nothing"]):
        run = a.sync(*names, status=64, name=f"{' '.join(names)}: status 64")
        equal(run.err.splitlines(), [f"koc: test{' (dav)' if names == ['calendars/Nothing'] else ''}: "
                                     f"there is no folder {names[-1]}"], "and it is told once")
    a.equal()
    a.silent()

    # ---- one fails
    ports = a.host.port(), a.dav.url
    change(3)
    a.dav.stop()
    run = a.sync("--json", status=75, name="no server of calendars: 75")
    ok(told(run)[("test", "mail")] == (0, 1, 1) and told(run)[("test", "dav")] == (75, 0, 0),
       "and the mail is done", run)
    ok(len(run.err.splitlines()) == 1 and run.err.startswith("koc: test (dav): "), "one line says whose", run)
    a.dav.start()
    change(4)
    a.disconnect()
    a.host.stop()
    run = a.koc("sync", "--json")
    equal(run.status, 75, "no mail server: 75")
    ok(told(run)[("test", "dav")] == (0, 2, 2) and told(run)[("test", "mail")] == (75, 0, 0),
       "and the calendars are done", run)
    a.host.start()
    a.sync(name="both are back")
    a.equal()
    a.silent()

    a.configure(password="wrong")
    run = a.sync(status=77, name="a wrong password for both: 77")
    equal(len(run.err.splitlines()), 2, "told for each service")
    with mute() as listener:
        a.configure(password="wrong", dav_url=f"http://127.0.0.1:{port_of(listener)}/")
        listener.close()
        a.sync(status=77, name="77 goes before 75")

    # ---- the password is asked for once
    a.configure(f'password-command = "echo asked >> {a.base}/asked; echo secret"')
    a.sync(name="with a password-command")
    with open(a.base + "/asked") as f:
        equal(f.read().split(), ["asked"], "that is run once for both")

    # ---- locks: a run of one service is nothing to a run of the other
    with mute() as listener:
        waits = a.base + "/waits"
        a.configure(dav_url=f"http://127.0.0.1:{port_of(listener)}/")
        os.rename(a.config, waits)
        a.configure()
        process, out, err = a.begin("sync", "calendars/*", config=waits)
        began = time.monotonic()
        listener.settimeout(PATIENCE)
        connection, _ = listener.accept()
        run = a.sync("calendars/*", status=75, name="two runs of one service exclude each other")
        ok("another run is at work" in run.err, "the second says so", run)
        a.server.append("INBOX", text_message("While calendars wait"))
        run = a.sync("mail/*", name="a run of the other service goes on")
        run = a.sync("--json", status=75, name="a run of both")
        equal([told(run)[("test", s)][0] for s in ("mail", "dav")], [0, 75], "does what it can")

        # ---- a worker loads what its own service needs
        (worker,) = until(lambda: children(process.pid))
        with open(f"/proc/{worker}/maps") as f:
            ok("libcurl" in f.read(), "the worker that speaks HTTP has loaded libcurl")
        with open(f"/proc/{process.pid}/maps") as f:
            ok("libcurl" not in f.read(), "the parent has not")

        # ---- and one that dies is nothing to the other
        process.kill()
        end_program(process, out, err, began)
        connection.close()
        connection, _ = until(lambda: not os.path.exists(f"/proc/{worker}")) and (None, None)
        a.server.append("INBOX", text_message("While a worker dies"))
        process, out, err = a.begin("sync", "--json", config=waits)
        began = time.monotonic()
        connection, _ = listener.accept()
        (worker,) = until(lambda: len(children(process.pid)) == 1 and children(process.pid))
        os.kill(worker, signal.SIGKILL)
        run = end_program(process, out, err, began)
        connection.close()
        equal((run.status, run.err), (1, "koc: test (dav): ended by signal 9\n"), "a worker that is killed: 1")
        equal(told(run), {("test", "mail"): (0, 1, 0), ("test", "dav"): (1, 0, 0)}, "the other one is done")

    # ---- the store belongs to one user
    a.configure()
    with open(a.config) as f:
        text = f.read()
    with open(a.config, "w") as f:
        f.write(text.replace('user = "alice"', 'user = "bob"'))
    before = a.tree()
    run = a.sync(status=78, name="another user in the same store: 78")
    ok(len(run.err.splitlines()) == 2 and run.err.count("belongs to alice, not to bob") == 2,
       "refused by both services", run)
    ok(not run.sessions and not run.requests and a.tree() == before, "nothing was asked or changed", run)

# ---- a mail worker loads none of the libraries of the other service

with mute() as listener, Account(None) as a:
    a.configure(url=f"imaps://127.0.0.1:{port_of(listener)}")
    process, out, err = a.begin("sync")
    began = time.monotonic()
    listener.settimeout(PATIENCE)
    connection, _ = listener.accept()
    (worker,) = until(lambda: children(process.pid))
    with open(f"/proc/{worker}/maps") as f:
        maps = f.read()
    ok("libssl" in maps and not re.search(r"libcurl|libxml2|libical", maps),
       "mail loads no library of HTTP, XML or calendars",
       set(re.findall(r"lib(?:curl|xml2|ical)\S*", maps)))
    process.kill()
    end_program(process, out, err, began)
    connection.close()

# ---- calendars and contacts alone

with DavAccount("demo") as a:
    run = a.sync()
    ok(re.fullmatch(r"test: \d+ received, .*\n", run.out), "an account of one service has its plain name", run)
    ok(not os.path.exists(a.store + "/mail") and not os.path.exists(a.store + "/.koc/mail.db"),
       "there is no mail in it", os.listdir(a.store))
    a.equal(at_least=20)
    a.silent()
    run = a.sync("mail/INBOX", status=64, name="it has no mail folders: 64")
    ok(not run.requests, "which is known without asking", run)
    run = a.koc("status")
    ok(run.out.startswith("test: last run"), "koc status", run)
    a.configure(dav_url=a.dav.url + "alice/nothing/")
    run = a.koc("sync")
    ok(run.status != 0 and len(run.err.splitlines()) == 1, "a URL where nothing is is an error", run)

# ---- a server that is known by its name alone need not have calendars

with Account("demo") as a:
    a.configure('server = "no-such-host.invalid"')
    run = a.sync(name="a server without calendars: no error")
    ok(run.err == "" and "dav" not in run.out, "and not a word", run)
    a.silent(name="the next run")
    run = a.sync("-v", name="with -v it is asked again")
    ok("test (dav): not there: " in run.err, "and that is told", run)
    run = a.koc("status")
    ok("dav" not in run.out, "koc status does not speak of it", run)
    run = a.koc("sync", "calendars/Home")
    ok(run.status in (64, 75) and len(run.err.splitlines()) == 1, "unless it is asked for", run)

NOBODY = "127.0.0.77"  # loopback, and nobody listens there, unless a program of this machine does everywhere


def listens():
    with socket.socket() as s:
        return s.connect_ex((NOBODY, 443)) == 0


if not listens():
    with Account("demo") as a:
        a.configure(f'server = "{NOBODY}"')
        run = a.sync(name="a host with mail alone: no error")
        ok(run.err == "" and "dav" not in run.out, "and not a word", run)
        ahead = os.stat(a.store + "/.koc/dav.absent").st_mtime - time.time()
        ok(80000 < ahead <= 86400, "which is believed for a day", ahead)
        run = a.sync("-v", name="unless it is asked for, with -v")
        ok("test (dav): not there: " in run.err, "which says what there is", run)
        run = a.sync("calendars/Home", status=64, name="or by the name of a folder")
        equal(run.err, "koc: test: there is no folder calendars/Home\n", "which is not there")
finish(at_least=60)
