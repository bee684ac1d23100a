#!/usr/bin/python3
"""A Maildir made by offlineimap is taken over, as one of mbsync's."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil, subprocess
from harness import Account, corpus, LISTING, text_message
from tap import equal, finish, ok, skip_all

if not shutil.which("offlineimap"):
    skip_all("needs offlineimap")
mail = [m for m in corpus.messages("demo") if m.folder.isascii() and "&" not in m.folder]
for m in mail:
    m.keywords = []


def offlineimap(a):
    """Fills the store as somebody's offlineimap has done for years."""
    os.makedirs(a.mail.root, 0o700)
    rc = a.base + "/offlineimaprc"
    with open(rc, "w") as f:
        f.write(f"[general]\naccounts = test\nmetadata = {a.base}/offlineimap\n"
                "[Account test]\nlocalrepository = here\nremoterepository = there\n"
                f"[Repository here]\ntype = Maildir\nlocalfolders = {a.mail.root}\nsep = /\n"
                f"[Repository there]\ntype = IMAP\nremotehost = 127.0.0.1\n"
                f"remoteport = {a.host.port('imap')}\nssl = no\nstarttls = no\n"
                f"remoteuser = {a.user}\nremotepass = secret\n")
    run = subprocess.run(["offlineimap", "-o", "-u", "quiet", "-c", rc], capture_output=True, text=True,
                         env={**os.environ, "HOME": a.base})
    ok(run.returncode == 0, "offlineimap", run.stdout + run.stderr)


with Account(mail) as a:
    a.oracle = {"ignore_noise": True}
    offlineimap(a)
    files = {f: len(a.mail.files(f)) for f in a.mail.folders()}
    ok(sum(files.values()) > 30, "offlineimap pulled", files)
    ok(any(",FMD5=" in name for f in files for name in a.mail.files(f)), "under names of its own kind")
    server = {f: len(a.server.uids(f)) for f in files}
    run = a.sync(name="koc takes it over")
    ok(not run.fetched_bodies(), "nothing was downloaded again", run.fetched_bodies())
    equal(run.writes(), [], "nothing was changed there")
    equal({f: len(a.server.uids(f)) for f in server}, server, "the server is as it was")
    equal({f: len(a.mail.files(f)) for f in files}, files, "and so is the store")
    a.equal()
    a.silent(allowed=LISTING)
    a.mail.deliver("INBOX", text_message("Life goes on"))
    a.server.append("INBOX", text_message("There as well"))
    a.sync(name="life goes on")
    a.equal()
finish(at_least=14)
