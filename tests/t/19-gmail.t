#!/usr/bin/python3
"""On Gmail folders are labels: those that show the messages of all the others are off by default."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import json, socket, subprocess
from harness import TOP, KOC, scratch
from tap import equal, finish, ok

ODDSERVER = os.path.join(TOP, "tests/tools/oddserver.py")
base = scratch("gmail")
environment = {"PATH": os.environ["PATH"], "HOME": base, "LANG": "C.UTF-8",
               **{k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_"))}}
listener = socket.create_server(("127.0.0.1", 0))


def koc(*words):
    return subprocess.run([KOC, words[0], "-c", base + "/config", *words[1:]], env=environment, cwd=base,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def configure(more=""):
    with open(base + "/config", "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(f'account "test" {{\n    user = "jane"\n    password = \'secret\'\n    store = "{base}/store"\n'
                f'    imap = "imap://127.0.0.1:{listener.getsockname()[1]}"\n    tls = "none"\n    {more}\n}}\n')


def sync():
    server = subprocess.Popen([sys.executable, ODDSERVER, "--listen-fd", str(listener.fileno()),
                               os.path.join(TOP, "tests/wire/gmail.txt")], pass_fds=[listener.fileno()],
                              stderr=subprocess.PIPE, text=True)
    run = koc("sync")
    told = server.communicate(timeout=60)[1]
    ok(run.returncode == 0 and server.returncode == 0, "koc sync", f"{run}\n{told}")
    folders = json.loads(koc("folders", "--json").stdout)[0]["folders"]
    return {f["folder"].removeprefix("mail/"): (f["mode"], f["from"]) for f in folders}


configure()
folders = sync()
for name in ("All Mail", "Important", "Starred"):
    equal(folders.get("[Gmail]/" + name), ("off", "default"), f"{name} is off by default")
for name, mode in (("INBOX", "full"), ("[Gmail]/Drafts", "full"), ("Work", "text"), ("[Gmail]/Spam", "text"), ("[Gmail]/Trash", "text")):
    equal(folders.get(name), (mode, "default"), f"{name} is not")
equal(sorted(os.listdir(base + "/store/mail/[Gmail]")), ["Drafts", "Spam", "Trash"], "nothing is made for them")
roles = subprocess.run(["sqlite3", base + "/store/.koc/mail.db",
                        "SELECT folder FROM koc_folder WHERE roles LIKE '%label%' ORDER BY folder"],
                       capture_output=True, text=True).stdout.split("\n")
ok("mail/Work" in roles and "mail/[Gmail]/Trash" not in roles, "labels are known as such", roles)

configure('folder "mail/[Gmail]/Starred" { mode = full }')
folders = sync()
equal(folders.get("[Gmail]/Starred"), ("full", "config"), "whoever wants one turns it on")
ok(os.path.isdir(base + "/store/mail/[Gmail]/Starred/cur"), "and it is here")
equal(folders.get("[Gmail]/All Mail"), ("off", "default"), "the others stay off")
finish(at_least=14)
