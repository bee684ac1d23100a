#!/usr/bin/python3
"""koc mode: folders' modes set from the command line, by the rules that koc.conf(5) gives; and koc folders,
which tells where each comes from."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, stat
from harness import Account, Server, text_message
from tap import equal, finish, ok
from textforms import attached

FOLDERS = ["Lists", "Lists/koc", "Lists/koc/old", "Lists too", "Only/Below", "100%", "100 Euro"]
CONFIG = '''folder "mail/*" { mode = full }
    folder "mail/Lists/koc/o*" { mode = off }
    folder "mail/Sent" { removals = keep }'''


def modes(a, **options):
    run = a.koc("folders", "--json", **options)
    return {f["folder"]: (f["mode"], f["source"]) for one in json.loads(run.out) for f in one["folders"]}


def text(a):
    try:
        with open(a.config + ".modes") as f:
            return f.read()
    except FileNotFoundError:
        return None


def refused(a, words, part, status=64, **options):
    """The command fails, says why, and changes nothing."""
    before = text(a)
    run = a.koc("mode", *words, **options)
    ok(run.status == status and part in run.err and not run.out, f"koc mode {' '.join(words)}: {part}", run)
    equal(text(a), before, "and nothing is written")


def done(a, words, *parts, **options):
    run = a.koc("mode", *words, **options)
    ok(run.status == 0 and not run.err and all(p in run.out for p in parts), f"koc mode {' '.join(words)}", run)
    return run


with Account("demo", dav="demo", folders=CONFIG) as a:
    with open(a.config) as f:
        LINE = f.read().split("\n").index('    folder "mail/*" { mode = full }') + 1
    ALL, OLD, SENT = f"config:{LINE}", f"config:{LINE + 1}", f"config:{LINE + 2}"
    # Before the first run nothing is known of what there will be.
    done(a, ["mail/Lists", "off"], "mail/Lists: off, once there is such a folder")
    refused(a, ["mails/Lists", "off"], "names begin with mail/")
    for name in FOLDERS:
        a.server.create(name)
        a.server.append(name, text_message(f"In {name}"))
    a.sync(name="the first run goes by it")
    ok(not os.path.exists(a.mail.path("Lists") + "/cur") and a.mail.files("Lists/koc"), "that folder and no other is off")
    found = modes(a)
    equal([found[f"mail/{n}"] for n in ("INBOX", "Lists", "Lists/koc", "Lists/koc/old", "Sent")],
          [("full", ALL), ("off", "config.modes:3"), ("full", ALL), ("off", OLD),
           ("full", ALL)], "koc folders tells the lines")
    calendars = [n for n in found if n.startswith("calendars/")]
    equal({found[n] for n in calendars}, {("full", "default: calendars")}, "and the defaults")
    run = a.koc("folders")
    ok("config.modes:3" in run.out and "default: contacts" in run.out and
       all(len(line) <= 80 for line in run.out.splitlines()), "for people, in 80 columns", run.out)

    # One folder.
    equal(stat.S_IMODE(os.stat(a.config + ".modes").st_mode), 0o600, "the file is the user's alone")
    run = done(a, ["mail/Lists", "full"],
               "mail/Lists: full (config.modes:3), was off (config.modes:3)\n")
    run = done(a, ["mail/Lists too", "off"], f"mail/Lists too: off (config.modes:4), was full ({ALL})\n")
    run = done(a, ["mail/100%", "off", "--json"])
    (told,) = json.loads(run.out)
    equal([(f["folder"], f["mode"], f["was"], f["source"]) for f in told["folders"]],
          [("mail/100%", "off", "full", "config.modes:5")], "--json")
    equal(modes(a)["mail/100 Euro"], ("full", ALL), "no other folder's name fits 100%")
    equal(done(a, ["mail/INBOX", "full", "-q"]).out, "", "-q")
    equal(done(a, ["mail/INBOX", "full"]).out, "mail/INBOX: full (config.modes:6)\n", "as it was already")
    a.sync()
    ok(a.mail.files("Lists"), "the next run takes it in")
    one = calendars[0]
    done(a, [one + "/", "off"], f"{one}: off (config.modes:7), was full (default: calendars)\n")

    # What is refused.
    before = a.tree()
    refused(a, ["mail/Lists", "of"], "there is no mode of: did you mean off?")
    refused(a, ["mail/Lists", "partial"], "full, text, off or default")
    refused(a, ["mail/Litss", "off"], "there is no folder mail/Litss: did you mean mail/Lists?")
    refused(a, ["mail/Quite another one", "off"], "there is no folder mail/Quite another one")
    refused(a, ["Lists", "off"], "names begin with mail/")
    refused(a, ["mail/inbox", "off"], 'the inbox is called "mail/INBOX"')
    refused(a, ["mail/../x", "off"], "there is no folder")
    refused(a, ["mail", "off"], "-r sets the mode of all below it")
    refused(a, ["mail/Only", "off"], "holds no items itself; -r is for the folders below it")
    refused(a, [one, "text"], "text is for mail")
    refused(a, ["contacts", "text", "-r"], "text is for mail")
    refused(a, ["mail/Sent", "text"], f"mail/Sent stays full: removals = keep in line {LINE + 2}")
    refused(a, ["mail/Sent", "off", "full"], "too many arguments")
    refused(a, ["mail/Sent"], "an argument is missing: FOLDER MODE")
    equal(a.tree(), before, "nothing in the store was touched")

    # With all folders below, those that come later too.
    run = done(a, ["-r", "mail/Lists", "off"],
               "mail/Lists, 2 folders below it, and those to come: off\n")
    found = modes(a)
    equal([found[f"mail/{n}"][0] for n in ("Lists", "Lists/koc", "Lists/koc/old", "Lists too", "Sent")],
          ["off", "off", "off", "off", "full"], "these and no others")
    a.server.create("Lists/later")
    a.sync()
    equal(modes(a)["mail/Lists/later"][0], "off", "one that is new")
    run = done(a, ["-r", "mail/Lists", "full"])
    found = modes(a)
    equal([found[f"mail/{n}"][0] for n in ("Lists", "Lists/koc", "Lists/koc/old", "Lists/later", "Lists too")],
          ["full", "full", "full", "full", "off"], "a closer line of the configuration does not keep one out")
    done(a, ["mail/Lists/koc", "off"])
    equal(modes(a)["mail/Lists/koc"][0], "off", "a name wins over all below its parent")
    done(a, ["-r", "mail/Lists", "off"])
    ok('"mail/Lists/koc"' not in text(a), "but what comes later counts", text(a))
    run = done(a, ["mail/Only/*", "off"], "1 folder below mail/Only, and those to come: off\n")
    equal(modes(a)["mail/Only/Below"][0], "off", "a pattern is all below")
    run = done(a, ["mail", "text", "-r", "--json"])
    (told,) = json.loads(run.out)
    equal({f["mode"] for f in told["folders"] if f["folder"] != "mail/Sent"}, {"text"}, "all of a kind")
    (sent,) = [f for f in told["folders"] if f["folder"] == "mail/Sent"]
    equal((sent["mode"], sent["source"]), ("full", f"{SENT} (keep)"), "but where removals = keep")

    # Back to what holds without it.
    done(a, ["mail", "default", "-r"])
    done(a, [one, "default"], f"{one}: full (default: calendars), was off (config.modes:3)\n")
    equal(text(a), "# Modes of folders, as koc mode set them; see koc.conf(5).\n", "nothing is left of it")
    equal(done(a, [one, "default"]).out, f"{one}: full (default: calendars)\n", "no entry to remove")

    # A directory that no run has seen.
    a.mail.make("Made here")
    done(a, ["mail/Made here", "off"], "mail/Made here: off")
    a.sync()
    ok("Made here" not in a.server.folders(), "it is not made on the server")

    # A file that people write in, too.
    with open(a.config + ".modes", "w") as f:
        f.write('# mine\naccount "gone" { folder "mail/a" { mode = off } }\n'
                'account test {\n  folder mail/Sent { mode = off } # for now\n  # and so on\n}\n')
    done(a, ["mail/Lists", "off"])
    equal(text(a), '# mine\naccount "gone" { folder "mail/a" { mode = off } }\n'
          'account test {\n  folder mail/Sent { mode = off } # for now\n  # and so on\n'
          '\tfolder "mail/Lists" { mode = off }\n}\n', "what they wrote stays")
    with open(a.config + ".modes", "w") as f:
        f.write('account test {\n  folder "mail/${NAME:-Lists}" { mode = off }\n}\n')
    refused(a, ["mail/Lists", "full"], "not changed, since it would have a mistake", status=78)
    with open(a.config + ".modes", "w") as f:
        f.write('account test {\n  folder mail/Lists { mode = of }\n}\n')
    refused(a, ["mail/Lists", "full"], 'config.modes:2: mode: "of" is not known', status=78)
    os.unlink(a.config + ".modes")
    os.mkdir(a.config + ".modes")
    run = a.koc("mode", "mail/Lists", "full")
    ok(run.status == 78 and "config.modes: this is not a file" in run.err, "something else has its name", run)
    os.rmdir(a.config + ".modes")

    # Killed at any moment: the old file or the new one.
    done(a, ["mail/Lists", "full"])
    old, killed = text(a), 0
    for at in range(1, 20):
        run = a.koc("mode", "mail/Sent", "off", env={"KOC_TEST_KILL_AT": str(at)})
        if run.status == 0:
            break
        killed += 1
        equal(text(a), old, f"killed at step {at}")
    ok(killed >= 1 and text(a) != old, "and at last it is done", killed)
    equal(sorted(n for n in os.listdir(a.base) if n.startswith("config")), ["config", "config.modes"],
          "and nothing else is left")

    # A name that only just has room for .modes.
    long = a.base + "/" + "c" * 246
    os.link(a.config, long)
    run = a.koc("mode", "mail/Sent", "off", config=long)
    ok(run.status == 1 and "cannot be written" in run.err, "a file that cannot be written", run)
    ok(not os.path.exists(long + ".modes"), "is not there")
    os.unlink(long)

# What is in text folders: the size of what is here, and of all of it.
with Account(None, folders='folder "mail/INBOX" { mode = text }') as a:
    for i in range(9):
        a.server.append("INBOX", attached(f"Message {i}"), "S")
    a.server.append("INBOX", text_message("Plain"), "S")
    a.sync()
    (inbox,) = [f for f in json.loads(a.koc("folders", "--json").out)[0]["folders"] if f["folder"] == "mail/INBOX"]
    on_disk = sum(os.path.getsize(p) for p in a.mail.files("INBOX"))
    there = sum(len(m["data"]) for m in a.server.messages("INBOX"))
    equal((inbox["items"], inbox["texts"], inbox["whole-bytes"]), (10, 9, there), "koc folders counts text forms")
    ok(abs(inbox["bytes"] - on_disk) < 100 and on_disk < there, "and tells the size of what is here",
       (inbox, on_disk, there))
    run = a.koc("folders")
    ok(" of " in run.out and all(len(line) <= 80 for line in run.out.splitlines()), "for people, too", run.out)

# Several accounts.
server = Server(any_user=True).start()
with Account("demo", server=server, user="one") as a:
    a.server.create("Only one has it")
    both = a.base + "/both"
    with open(both, "w") as f:
        for name in ("one", "two"):
            f.write(f'account "{name}" {{\n    user = "{name}"\n    password = \'secret\'\n'
                    f'    store = "{a.base}/{name}"\n    imap = "imaps://127.0.0.1:{server.port()}"\n'
                    f'    tls-ca-file = "{server.ca}"\n}}\n')
    os.chmod(both, 0o600)
    run = a.koc("mode", "mail/INBOX", "off", config=both)
    ok(run.status == 64, "of two accounts that are not known yet one must be chosen", run)
    run = a.koc("sync", config=both)
    equal(run.status, 0, "two accounts")
    run = a.koc("mode", "mail/INBOX", "off", config=both)
    ok(run.status == 64 and "one and two both have a folder mail/INBOX: say with -a" in run.err,
       "a folder that both have", run)
    run = a.koc("mode", "mail/Only one has it", "off", config=both)
    equal((run.status, run.err), (0, ""), "one that only one of them has")
    run = a.koc("mode", "-a", "two", "mail/INBOX", "off", config=both)
    equal((run.status, run.err), (0, ""), "-a")
    run = a.koc("mode", "mail/Only two has it", "off", config=both)
    ok(run.status == 64 and "did you mean mail/Only one has it?" in run.err, "one that none has", run)
    run = a.koc("mode", "calendars/Home", "off", config=both)
    ok(run.status == 64 and "no account has folders like calendars/Home" in run.err, "of a kind that none has", run)
    with open(both + ".modes") as f:
        equal(f.read().splitlines()[1:], ['account "one" {', '\tfolder "mail/Only one has it" { mode = off }', "}",
                                          'account "two" {', '\tfolder "mail/INBOX" { mode = off }', "}"],
              "each in its account's section")
server.stop()
finish(at_least=80)
