#!/usr/bin/python3
"""Text forms under notmuch and mu: their text is found, what they lack is listed; tags become flags on the server, and
what tools do that move, copy and remove files by a search is done to the messages."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, shutil, subprocess
from harness import Account, LISTING
from tap import equal, finish, ok, skip_all
from textforms import attached, is_text, subject_of

missing = [p for p in ("notmuch", "mu") if not shutil.which(p)]
if missing:
    skip_all("needs " + ", ".join(missing))

WORDS = ["alpaca", "beetle", "camel", "dolphin", "eagle", "ferret", "gecko", "heron"]


def there(a):
    return {f: sorted(subject_of(m["data"]) for m in a.server.messages(f)) for f in ("INBOX", "Zoo", "Trash")}


with Account(None, folders='folder "mail/*" { mode = text }') as a:
    originals = [attached(word, 3000, f"This one is about the {word}.\r\n") for word in WORDS]
    for i, data in enumerate(originals):
        a.server.append("INBOX", data, "", (), 1700000000 + i)
    a.server.create("Zoo")
    a.sync(name="first sync")
    ok(all(is_text(m["data"]) for m in a.mail.messages("INBOX")), "text forms")

    config = a.base + "/notmuch-config"
    with open(config, "w") as f:
        f.write(f"[database]\npath={a.mail.root}\n[user]\nname=Alice\nprimary_email=alice@example.com\n"
                "[new]\ntags=unread;inbox\n[maildir]\nsynchronize_flags=true\n")

    def run(*words):
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "NOTMUCH_CONFIG": config, "HOME": a.base})
        ok(done.returncode == 0, " ".join(words).replace(a.base, "…")[:100], done)
        return done.stdout.strip()

    def files(word):
        return [p for p in run("notmuch", "search", "--output=files", word).splitlines() if os.path.exists(p)]

    run("notmuch", "new")
    run("mu", "init", f"--maildir={a.mail.root}", "--muhome", a.base + "/mu")
    run("mu", "index", "--muhome", a.base + "/mu")
    for word in WORDS:
        equal(run("notmuch", "count", word), "1", f"notmuch finds {word} by its text")
        ok(os.path.basename(run("mu", "find", "--muhome", a.base + "/mu", "-f", "l", f"body:{word}")) ==
           os.path.basename(files(word)[0]), f"mu finds {word} by its text")
    # One part is the text, the other stands for what is missing, and can be searched for by its name.
    shown = json.loads(run("notmuch", "show", "--format=json", "--body=true", "alpaca"))[0][0][0]["body"][0]["content"]
    equal([p["content-type"] for p in shown], ["text/plain", "message/external-body"], "notmuch lists the parts")
    ok("a.pdf" in shown[1]["filename"] and "KB" in shown[1]["filename"], "the one that is missing by name and size", shown[1])
    equal(int(run("notmuch", "count", "attachment:a.pdf")), len(WORDS), "and finds it")
    equal(run("notmuch", "show", "--part=2", "alpaca"), "This one is about the alpaca.", "the text is a part like any other")

    # Tags are flags, and files get other names: the server hears of it, and of nothing else.
    run("notmuch", "tag", "-unread", "+flagged", "--", "alpaca")
    run("notmuch", "tag", "-unread", "+replied", "--", "beetle")
    run("notmuch", "tag", "-unread", "+passed", "--", "camel")
    done = a.sync(name="koc after notmuch tag")
    ok(not done.fetched_bodies() and "APPEND" not in done.verbs, "no body travels", done)
    flags = {subject_of(m["data"]): m["flags"] for m in a.server.messages("INBOX")}
    equal([flags[w] for w in WORDS[:4]], ["FS", "RS", "PS", ""], "the tags are flags there")
    a.silent("after tags another run", allowed=LISTING)

    # By searches: moved, copied, removed.
    for path in files("dolphin"):
        os.rename(path, os.path.join(a.mail.path("Zoo"), "cur", a.mail.unique() + ":2,S"))
    for path in files("eagle"):
        shutil.copy(path, os.path.join(a.mail.path("Zoo"), "cur", a.mail.unique() + ":2,"))
    for path in files("ferret"):
        os.unlink(path)
    run("notmuch", "new")
    done = a.sync(name="koc after files were moved")
    ok(not [c for c in done.writes() if c.verb == "APPEND"], "no APPEND", done)
    equal(there(a), {"INBOX": ["alpaca", "beetle", "camel", "eagle", "gecko", "heron"], "Zoo": ["dolphin", "eagle"],
                     "Trash": ["ferret"]}, "moved, copied, removed there")
    ok(all(m["data"] in originals for f in a.server.folders() for m in a.server.messages(f)), "all whole there")
    a.silent("after moves another run", allowed=LISTING)

    # What the server does, notmuch sees.
    a.server.store("INBOX", a.server.uids("INBOX")[-1], "+", "FS")
    a.sync(name="a flag there")
    run("notmuch", "new")
    equal(run("notmuch", "search", "--output=tags", "heron"), "attachment\nflagged\ninbox", "is a tag here")

    # Whole, it is indexed whole; the same message, with its tags.
    form = files("gecko")[0]
    run("notmuch", "tag", "+wanted", "--", "gecko")
    equal(a.koc("fetch", form).status, 0, "koc fetch")
    run("notmuch", "new")
    equal(files("gecko"), [form], "it is where it was")
    ok("wanted" in run("notmuch", "search", "--output=tags", "gecko"), "with its tags")
    run("notmuch", "reindex", "gecko")
    part = subprocess.run(["notmuch", "show", "--part=3", "gecko"], capture_output=True,
                          env={**os.environ, "NOTMUCH_CONFIG": config, "HOME": a.base}).stdout
    ok(part.startswith(b"ABC"), "and its attachment can be opened", part[:100])
    done = a.sync(name="koc after koc fetch")
    ok(not done.writes(), "nothing is sent", done)
finish(at_least=50)
