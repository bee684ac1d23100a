#!/usr/bin/python3
"""--pull and --push leave the other direction pending; direction = pull reverts."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
from harness import Account, text_message
from tap import finish, ok


def holds(messages, subject):
    return any(b"Subject: " + subject.encode() + b"\r\n" in m["data"] for m in messages)


with Account("demo") as a:
    a.sync()
    a.server.append("INBOX", text_message("New there"))
    a.mail.deliver("INBOX", text_message("New here"))
    run = a.sync("--pull")
    ok(not run.writes(), "--pull writes nothing there", run.writes())
    ok(holds(a.mail.messages("INBOX"), "New there"), "and brings what is new there")
    ok(holds(a.mail.messages("INBOX"), "New here"), "and keeps what is new here")
    a.sync(name="the next run catches up")
    a.equal()

    a.server.append("INBOX", text_message("Later there"))
    a.mail.deliver("INBOX", text_message("Later here"))
    run = a.sync("--push")
    ok(holds(a.server.messages("INBOX"), "Later here"), "--push sends what is new here")
    ok(not holds(a.mail.messages("INBOX"), "Later there"), "and brings nothing")
    a.sync(name="the next run catches up")
    a.equal()

    a.configure(folders='folder "mail/*" { mode = full }\n'
                        'folder "mail/Sent" { direction = pull }')
    first = a.mail.files("Sent")[0]
    os.unlink(first)
    a.mail.edit(a.mail.files("Sent")[1])
    run = a.sync("mail/Sent", name="a folder with direction = pull")
    ok(not run.writes(), "nothing is written there", run.writes())
    a.equal("local edits and removals are reverted")
finish(at_least=13)
