#!/usr/bin/python3
"""Answers that are cut, empty, no XML, hostile or refused, to each kind of request: nothing is lost, the run says what
was wrong, and the next one with the healed server reaches equality."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from oddcase import OddCase
from tap import finish, ok

# What a run must end with and say, by the method whose answers are odd.  None: it finds another way, silently.
CUT, JUNK, NOT_XML = (75, "cut|without an answer"), (76, "XML"), (76, "no multistatus")
LISTING = {
    "truncated": CUT, "nothing": CUT, "cut": CUT, "shortened": JUNK, "junk": JUNK, "deep": (76, "nested too deeply"),
    "empty": NOT_XML, "html": NOT_XML, "html207": (76, "a web page"), "doctype": (76, "DOCTYPE"),
    "bomb": (76, "DOCTYPE"), "status=500": (69, "500"), "status=404": (69, "404"), "status=403": (69, "403"),
    "status=400": (69, "400"), "other": (69, "another origin"), "same": None,
    "dribbled": None, "chunked": None, "gzip": None, "close": None, "type": None,
}
# A report is not needed: there are listings and GET.
REPORT = {**dict.fromkeys(LISTING), "truncated": CUT, "nothing": CUT, "cut": CUT, "controls": None}
# What is said to a PUT or DELETE that was obeyed does not matter as long as its status is 2xx.
WRITE = {**dict.fromkeys(("truncated", "shortened", "empty", "html", "html207", "junk", "chunked", "close")),
         "status=500": (1, "500"), "status=403": (1, "403"), "status=400": (1, "400"), "status=507": (1, "507"),
         "status=413": (1, "413"), "status=423": (1, "423"), "other": (1, "another origin"), "same": (1, "redirected")}
EXPECTED = {"PROPFIND": LISTING, "REPORT": REPORT,
            "PUT": {**WRITE, "cut": CUT, "nothing": CUT, "status=404": (1, "not there any more")},
            "DELETE": {**WRITE, "cut": None, "nothing": (1, "changed during the run")}}

rounds = 0
for method, oddities in EXPECTED.items():
    with OddCase() as a:
        for oddity, (status, says) in ((o, e or (0, "")) for o, e in oddities.items()):
            a.round(f"{oddity} {method}", status=status, says=says)
            rounds += 1
        ok(not any(credentials for _, _, credentials in a.dav.seen_elsewhere),
           f"{method}: nobody else got the password", a.dav.seen_elsewhere)
ok(rounds > 70, f"{rounds} rounds")

# All answers at once, and on the first run of all.
for oddity, status in (("truncated", 75), ("empty", 76), ("html", 69), ("junk", 76), ("status=500", 75), ("other", 69)):
    with OddCase(first=None) as a:
        a.dav.be(oddity)
        a.sync(status=status, name=f"all is {oddity} on the first run: {status}")
        ok(not a.vdir.folders(), "no folder is made", a.vdir.folders())
        a.dav.heal()
        a.sync()
        a.dav_equal(at_least=a.LEAST)

# Silence in the middle of an answer; a listing without an end.
with OddCase(config="timeout = 1") as a:
    a.round("stalled PROPFIND", status=75, says="no answer from the server for 1 s")
    a.round("stalled REPORT", status=(1, 75), says="no answer from the server for 1 s")
    before = a.snapshot()
    a.dav.be("endless REPORT home")
    run = a.measured_sync(name="a listing without an end: status 0, by another way")
    ok(run.peak < 40 * 1024, "in bounded memory", f"{run.peak} KB")
    a.harmless(before, a.snapshot(), (set(), set()), "a listing without an end")
finish(at_least=250)
