#!/usr/bin/python3
"""A Maildir made by mbsync is taken over: no second download, no duplicate, nothing removed."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, subprocess
from harness import Account, corpus, LISTING, TOP, text_message
from tap import equal, finish, ok, skip_all

if not shutil.which("mbsync"):
    skip_all("needs mbsync")
# mbsync alters these, or skips them; and it knows no names beyond ASCII.
altered = {"zero-bytes", "header-only", "no-header", "bare-cr", "cr-cr-lf"}
mail = [m for m in corpus.messages("small")
        if m.folder.isascii() and "&" not in m.folder and m.name not in altered]
for m in mail:
    m.keywords = []
with Account(mail) as a:
    a.oracle = {"ignore_noise": True}
    subprocess.run([TOP + "/tests/tools/mbsync-as-koc", "sync", "-c", a.config], check=True)
    shutil.rmtree(a.store + "/.koc")
    files = sum(len(a.mail.files(f)) for f in a.mail.folders())
    ok(files > 150, "mbsync pulled", files)
    server = {f: len(a.server.uids(f)) for f in a.mail.folders()}
    run = a.sync(name="koc takes it over")
    ok(not run.fetched_bodies(), "nothing was downloaded again", run.fetched_bodies())
    ok("APPEND" not in run.verbs, "nothing was uploaded", run.verbs)
    ok(not [c for c in run.commands if "EXPUNGE" in c.verb or "MOVE" in c.verb],
       "nothing was removed there", run.verbs)
    equal({f: len(a.server.uids(f)) for f in server}, server, "the server is as it was")
    a.equal()
    a.silent(allowed=LISTING)
    a.mail.deliver("INBOX", text_message("Life goes on"))
    a.server.append("INBOX", text_message("There as well"))
    a.sync(name="life goes on")
    a.equal()
finish(at_least=14)
