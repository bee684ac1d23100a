#!/usr/bin/python3
"""Killed at every durable step of a run that carries renamed folders and moved messages: at most two more runs
finish it, and nothing is lost or doubled."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import text_message
import killing
from tap import finish


def move_here(a, name, to):
    os.makedirs(os.path.dirname(a.mail.path(to)), exist_ok=True)
    os.rename(a.mail.path(name), a.mail.path(to))


def change(a):
    for f in ("A", "B", "B/Below", "C", "D", "E"):
        a.server.create(f)
        for i in range(3):
            a.server.append(f, text_message(f"{f} {i}", "y" * (i * 53) + "\r\n"), "S", ["todo"] if i else [])
    a.koc("sync")
    a.server.rename("A", "T")
    a.server.rename("B", "A")
    a.server.rename("T", "B")
    a.server.rename("C", "Archive/C")
    a.server.create("C")
    a.server.append("C", text_message("In the new one"), "", (), 1700000300)
    move_here(a, "D", "Work/D")
    a.mail.make("D")
    move_here(a, "E", "Here")
    a.server.rename("E", "There")
    uids = a.server.uids("A")
    a.server.move("A", uids[0], "INBOX")
    a.mail.move(killing.path(a, "INBOX", "A twin"), "B")


killing.at_every_step(killing.mail(), change=change, at_least=10)
finish(at_least=14)
