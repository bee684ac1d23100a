#!/usr/bin/python3
"""A full disk: the run says so, leaves no half file, and the next run with room finishes."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import atexit, subprocess
from harness import Account, scratch, text_message
from tap import equal, finish, ok, skip_all

place = scratch("full")
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "koc-test", place],
                  capture_output=True).returncode:
    skip_all("needs to mount a small tmpfs (root)")
atexit.register(subprocess.run, ["umount", place])


def half_files(a):
    """Visible files whose content the server does not have."""
    theirs = {m["digest"] for f in a.mail.folders() for m in a.server.messages(f)}
    return [m["path"] for f in a.mail.folders() for m in a.mail.messages(f)
            if m["digest"] not in theirs and b"Subject: Written before" not in m["data"]]


with Account("small", store=place + "/store") as a:
    run = a.koc("sync")
    ok(run.status == 1, "a first pull onto a disk that is too small: status 1", run)
    ok("space" in run.err.lower(), "it says why", run.err)
    ok(run.seconds < 60, "without hanging", run.seconds)
    equal(half_files(a), [], "no half file is visible")
    run = a.koc("sync")
    equal(run.status, 1, "still full: still 1")
    equal(half_files(a), [], "and still no half file")
    subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
    a.sync(name="with room it finishes")
    a.equal(at_least=200)
    a.silent()

    # Full while there are changes on both sides.
    for i in range(10):
        a.server.append("INBOX", text_message(f"Large {i}", "q" * 70 + "\r\n" + "z\r\n" * 30000))
    a.server.store("INBOX", a.server.uids("INBOX")[2], "+", "F")
    os.unlink(a.mail.files("Sent")[0])
    a.mail.deliver("Sent", text_message("Written before it was full"), "S")
    room = os.statvfs(place)
    with open(place + "/ballast", "wb") as f:
        f.write(b"\0" * (room.f_bavail * room.f_frsize - 150000))
    a.koc("sync")
    equal(half_files(a), [], "full again: no half file")
    os.unlink(place + "/ballast")
    a.sync(name="with room it finishes again")
    a.equal(at_least=210)
finish(at_least=16)
