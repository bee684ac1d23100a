#!/usr/bin/python3
"""Accounts side by side, each in a worker process: one that hangs, fails or dies holds up no other, and no
process is left behind."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, signal, socket, time
from harness import Account, Server, end_program
from tap import equal, finish, ok

silent = socket.create_server(("127.0.0.1", 0))  # takes connections and never says a word
PATIENCE = 30                                    # seconds until something that must happen counts as failed


def section(name, store, port, secret="password = 'secret'", more=""):
    return (f'account "{name}" {{\n    user = "{name}"\n    {secret}\n    store = "{store}"\n'
            f'    imap = "imaps://127.0.0.1:{port}"\n    tls-ca-file = "{server.ca}"\n    {more}\n}}\n')


def write(path, *sections):
    with open(path, "w") as f:
        f.write("".join(sections))
    os.chmod(path, 0o600)
    return path


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
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def mails(store):
    try:
        return len(os.listdir(store + "/mail/INBOX/cur")) + len(os.listdir(store + "/mail/INBOX/new"))
    except FileNotFoundError:
        return 0


server = Server(any_user=True).start()
with Account("demo", server=server, user="one") as a:
    good, hangs = a.base + "/good", a.base + "/hangs"
    inbox = len(a.server.uids("INBOX"))
    mixed = write(a.base + "/mixed", section("stuck", hangs, silent.getsockname()[1]),
                  section("one", good, server.port()))

    def running(config=mixed, *words):
        """koc at work: the account that can be synchronised is done, the other one hangs."""
        began = time.monotonic()
        process, out, err = a.begin("sync", *words, config=config)
        workers = until(lambda: mails(good) == inbox and len(children(process.pid)) == 1
                        and children(process.pid))
        return process, out, err, began, workers or []

    process, out, err, began, workers = running()
    equal(len(workers), 1, "an account that hangs holds up no other: that one is done")
    process.send_signal(signal.SIGTERM)
    run = end_program(process, out, err, began)
    equal(run.status, 128 + signal.SIGTERM, "told to end, koc ends with 128 + signal")
    equal(run.err, "koc: ended by SIGTERM; the next run goes on from here\n", "and says so in one line")
    ok("one: " in run.out and "received" in run.out, "what the others did is told", run)
    ok(workers and not alive(workers[0]), "and its worker is gone")

    process, out, err, began, workers = running()
    process.send_signal(signal.SIGINT)
    run = end_program(process, out, err, began)
    equal((run.status, len(run.err.splitlines())), (130, 1), "the same with an interrupt")

    process, out, err, began, workers = running()
    process.kill()
    run = end_program(process, out, err, began)
    equal(run.status, -9, "killed, koc cannot end its worker")
    ok(workers and until(lambda: not alive(workers[0])), "which ends by itself")

    process, out, err, began, workers = running(mixed, "--json")
    os.kill(workers[0], signal.SIGKILL)
    run = end_program(process, out, err, began)
    equal((run.status, run.err), (1, "koc: stuck: ended by signal 9\n"), "a worker that is killed: status 1")
    stuck, one = json.loads(run.out)
    equal((stuck["account"], stuck["status"], stuck["error"]), ("stuck", 1, "ended before its time"),
          "JSON has its account")
    equal((one["account"], one["status"], one["error"]), ("one", 0, None), "and the other one")

    alone = write(a.base + "/alone", section("stuck", hangs, silent.getsockname()[1]))
    process, out, err, began, workers = running(alone)
    os.kill(workers[0], signal.SIGKILL)
    run = end_program(process, out, err, began)
    equal((run.status, run.err), (-9, "koc: stuck: ended by signal 9\n"),
          "with one account koc ends as its worker did")

    # The lock goes with the worker of a killed run: the next run waits for that moment.
    process, out, err, began, workers = running(alone)
    process.kill()
    run = end_program(process, out, err, began)
    run = a.koc("sync", config=write(a.base + "/again", section("one", hangs, server.port())))
    ok(run.status == 0, "a run that follows a killed one at once finds the store free", run)

    # Commands for passwords: one after another, none while another one runs; one that fails stops no other.
    notes = a.base + "/notes"
    ask = "password-command = \"{ echo begin; sleep 0.1; echo end; } >> %s; echo %s\""
    write(a.base + "/three", section("one", good, server.port(), ask % (notes, "secret")),
          section("two", a.base + "/two", server.port(), "password-command = \"exit 3\""),
          section("three", a.base + "/three.store", server.port(), ask % (notes, "secret")))
    run = a.koc("sync", "--json", config=a.base + "/three")
    equal(run.status, 77, "a password-command that fails: 77")
    equal([(r["account"], r["status"]) for r in json.loads(run.out)],
          [("one", 0), ("two", 77), ("three", 0)], "the other accounts are synchronised")
    ok("two: password-command failed with status 3" in run.err, "and it is told", run)
    with open(notes) as f:
        equal(f.read().split(), ["begin", "end"] * 2, "one command after another")
    ok(not os.path.exists(a.base + "/two"), "nothing was made for the account without a password")

    run = a.koc("sync", "-vv", config=a.base + "/three")
    lines = run.err.splitlines()
    ok(len(lines) > 20 and all(line.startswith("koc: ") for line in lines),
       "lines of workers side by side are whole", run.err)
server.stop()
silent.close()
finish(at_least=19)
