#!/usr/bin/python3
"""What neomutt does in the store reaches the server, and neomutt reads what koc wrote."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import shutil
from harness import Account, LISTING, text_message
from neomutt import neomutt as neomutt_run
from tap import equal, finish, ok, skip_all

if not shutil.which("neomutt"):
    skip_all("needs neomutt")


def neomutt(a, folder, keys):
    """Opens a folder and types; the keys end with leaving neomutt."""
    # By subject: the keys count on an order, and the dates are all alike.
    status, seen = neomutt_run(a.base, a.mail.root, a.mail.path(folder), keys, "set sort=subject\n")
    ok(status == 0, f"neomutt in {folder}: {keys}", seen[-2000:])


with Account(None) as a:
    a.oracle = {"ignore_noise": True}  # neomutt adds Content-Length to what it saves elsewhere
    for i in range(6):
        a.server.append("INBOX", text_message(f"Message {i}"), "", (), 1700000000 + i)
    a.server.create("Work")
    a.sync()

    def subjects(folder):
        return sorted(m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode()
                      for m in a.server.messages(folder))

    # Message 0 flagged, 1 read, 2 deleted, 3 moved to Work, 4 copied to Work.
    neomutt(a, "INBOX", "<first-entry><flag-message><next-entry>"
                        "<jump>3<enter><delete-message>"
                        "<jump>4<enter><save-message>=Work<enter>"
                        "<jump>5<enter><copy-message>=Work<enter>"
                        "<jump>2<enter><display-message><exit><quit>")
    equal(len(a.mail.files("INBOX")), 4, "neomutt changed the store")
    a.sync(name="koc after neomutt")
    a.equal(at_least=7)
    equal(subjects("INBOX"), ["Message 0", "Message 1", "Message 4", "Message 5"], "INBOX there")
    equal(subjects("Work"), ["Message 3", "Message 4"], "Work there")
    # neomutt adds Content-Length to what it saves elsewhere: then those are other bytes, and the
    # original is one more in the Trash.
    ok("Message 2" in subjects("Trash"), "Trash there", subjects("Trash"))
    flags = {m["data"].split(b"Subject: ")[1].split(b"\r\n")[0].decode(): m["flags"]
             for m in a.server.messages("INBOX")}
    ok("F" in flags["Message 0"], "flagged there", flags)
    ok("S" in flags["Message 1"], "read there", flags)
    a.silent(allowed=LISTING)

    # And back: what the server did is what neomutt shows.
    a.server.store("INBOX", a.server.uids("INBOX")[2], "+", "FRS")
    a.sync(name="a change there")
    neomutt(a, "INBOX", "<tag-pattern>~F<enter><tag-prefix><clear-flag>!<quit>")
    a.sync(name="flags cleared in neomutt")
    a.equal()
    ok(not any("F" in m["flags"] for m in a.server.messages("INBOX")), "are cleared there")
finish(at_least=18)
