"""What a whole-program test stands on: a private server with mail, a store, and koc between them.

    with Account("small") as a:
        a.sync()                    # `koc sync`; a test line says whether it ended with 0
        a.server.append("INBOX", …) # an Imap of our own, see imap.py
        a.mail.deliver("INBOX", …)  # as a mail program would, see maildir.py
        a.sync()
        a.equal()                   # both sides hold the same, see oracle.py
        a.silent()                  # another run sends no write and changes no file
    finish()

DavAccount is the same for calendars and contacts; an Account can have both.

KOC=program puts another program in koc's place; KEEP=1 leaves the directories for people to look at.
"""

import atexit
import os
import pwd
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from private import TOP, Private, scratch
sys.path.insert(0, os.path.join(TOP, "tests", "tools"))

import corpus
import davcorpus
import davoracle
import imap
import maildir
import oracle
import rawlog
import tap
import vdir
from davserver import READING, DavServer

KOC = os.path.abspath(os.environ.get("KOC", os.path.join(TOP, "koc")))
TIME_LIMIT = int(os.environ.get("KOC_TIME_LIMIT", "180"))  # seconds for one run; then it hangs

# What a run with nothing to do may say to a server.
LOOKING = {"CAPABILITY", "ID", "ENABLE", "NAMESPACE", "LIST", "LSUB", "STATUS", "NOOP", "LOGOUT"}
# On a server without CONDSTORE it has to ask for the flags.
LISTING = LOOKING | {"SELECT", "EXAMINE", "UNSELECT", "CLOSE", "UID FETCH", "FETCH", "UID SEARCH"}
WRITING = {"APPEND", "STORE", "UID STORE", "COPY", "UID COPY", "MOVE", "UID MOVE", "EXPUNGE",
           "UID EXPUNGE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"}


# Ended from outside (timeout, ^C) a test still tidies up; a program under test ends with it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
running = {}


@atexit.register
def end_running():
    for process in running.values():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Server(Private):
    """A Dovecot of its own."""

    program = "dovecot"

    def __init__(self, users="alice", **options):
        super().__init__(users, **{"rawlog": True, **options})
        self.rawlog = rawlog.Rawlog(os.path.join(self.directory, "rawlog"))

    def port(self, kind="imaps"):
        return super().port(kind)

    def maildir(self, user="alice"):
        return os.path.join(self.directory, "mail", user, "Maildir")

    def fill(self, messages, user="alice"):
        """Puts messages into a user's Maildir; before that user's first login."""
        path = self.maildir(user)
        os.makedirs(path, exist_ok=True)
        corpus.fill(path, messages)
        if os.getuid() == 0:
            owner = pwd.getpwnam("mail")
            for at, _, files in os.walk(os.path.dirname(path)):
                for name in [at] + [os.path.join(at, f) for f in files]:
                    os.chown(name, owner.pw_uid, owner.pw_gid)

    def await_sessions(self):
        """Until the server's processes of all connections have ended: then the raw logs are whole."""
        end = time.monotonic() + 20
        for path in self.rawlog.files():
            pid = int(os.path.basename(path).split(".")[1])
            while time.monotonic() < end and os.path.exists(f"/proc/{pid}"):
                time.sleep(0.005)  # between polls


class Run:
    """One run of koc, over."""

    def __init__(self, status, out, err, usage, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = None             # KB, of a measured run
        self.commands = []           # what was said to the server after login, by connection
        self.sessions = []
        self.requests = []           # what was asked of a DAV server (davserver.Request)

    @property
    def verbs(self):
        return [c.verb for c in self.commands]

    def writes(self):
        return [c for c in self.commands if c.verb in WRITING]

    def fetched_bodies(self):
        """The commands that fetched whole messages."""
        return [c for c in self.commands if "BODY.PEEK[]" in c.line or "BODY[]" in c.line
                or "RFC822]" in c.line or "BODY.PEEK[TEXT]" in c.line]

    def fetches(self):
        """[(mailbox, set of UIDs)] of the commands that fetched any part of messages but their headers."""
        found = []
        for session in self.sessions:
            selected = None
            for c in session:
                if c.verb in ("SELECT", "EXAMINE"):
                    selected = re.search(r'(?:SELECT|EXAMINE) "?([^"( ]+)', c.line).group(1)
                elif c.verb == "UID FETCH" and re.search(r"BODY\.PEEK\[(?!HEADER\])", c.line):
                    found.append((selected, re.search(r"UID FETCH (\S+)", c.line).group(1)))
        return found

    def __str__(self):
        return (f"status {self.status}\nstandard output:\n{self.out}standard error:\n{self.err}"
                f"commands:\n" + "\n".join(str(c)[:200] for c in self.commands[-40:]) +
                f"requests:\n" + "\n".join(str(r)[:200] for r in self.requests[-40:]))

    def dav_writes(self):
        return [r for r in self.requests if r.method not in READING]


def start_program(words, environment, directory):
    """Starts a program with its output to files; returns (process, out, err)."""
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                               env=environment, cwd=directory, start_new_session=True)
    running[process.pid] = process
    return process, out, err


def end_program(process, out, err, began, limit=None):
    """Waits for it; one that hangs is killed, and its status is then "hung"."""
    hung = []

    def alarm(*_):
        hung.append(True)
        os.killpg(process.pid, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, alarm)
    signal.alarm(limit or TIME_LIMIT)
    _, status, usage = os.wait4(process.pid, 0)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    del running[process.pid]
    process.returncode = os.waitstatus_to_exitcode(status)
    texts = []
    for f in (out, err):
        f.seek(0)
        texts.append(f.read().decode(errors="replace"))
        f.close()
    return Run("hung" if hung else process.returncode, *texts, usage, time.monotonic() - began)


MEASURE = os.path.join(TOP, "build", "tools", "measure")


def measured(run, path):
    """The run with the costs that tests/tools/measure.c wrote for it."""
    with open(path) as f:
        run.peak, cpu, wall = map(int, f.read().split())
    run.cpu, run.seconds = cpu / 1e6, wall / 1e6
    os.unlink(path)
    return run


class Account:
    """A user of a server, with a store and a configuration."""

    def __init__(self, mail="small", server=None, user="alice", config="", folders=None, url=None,
                 store=None, dav=None, dav_server=None, **options):
        """mail: a corpus profile or a list of corpus.Message, None for an empty mailbox, False for no mail
        at all; dav: a davcorpus profile, counts or a list of davcorpus.Collection, None for no such
        service; dav_server: a DavServer or its program; options: of the mail server."""
        self.user = user
        self.host = self.own_server = self.dav = self.own_dav = None
        if mail is not False:
            self.own_server = server is None
            self.host = server or Server(**options)
            if mail is not None:
                self.host.fill(corpus.messages(mail) if isinstance(mail, str) else mail, user)
            if not self.host.up:
                self.host.start()
        if dav is not None:
            self.own_dav = not isinstance(dav_server, DavServer)
            self.dav = DavServer(dav_server or "radicale") if self.own_dav else dav_server
            if isinstance(dav, str):
                dav = davcorpus.collections(dav)
            elif isinstance(dav, tuple):
                dav = davcorpus.collections("small", dav)
            self.dav.fill(dav, user)
            if not self.dav.up:
                self.dav.start()
        self.base = scratch("account")
        self.store = store or os.path.join(self.base, "store")
        self.mail = maildir.Mail(self.store)
        self.vdir = vdir.Vdir(self.store)
        self.config = os.path.join(self.base, "config")
        self.url = url
        self.dav_url = None
        self.oracle = {}  # options of oracle.compare
        self.connection = self.dav_client = None
        self.configure(config, folders)

    def configure(self, config="", folders=None, password="secret", url=None, dav_url=None):
        """(Re)writes the configuration; `config` goes into the account's section."""
        folders = 'folder "mail/*" { mode = full }' if folders is None else folders
        lines = [f'account "test" {{\n    user = "{self.user}"', f'    store = "{self.store}"']
        if "password-command" not in config:
            lines.append(f"    password = '{password}'")
        if self.host:
            lines.append(f'    imap = "{url or self.url or f"imaps://127.0.0.1:{self.host.port()}"}"')
        if self.dav:
            lines.append(f'    dav = {{ "{dav_url or self.dav_url or self.dav.url}" }}')
        ca = next((s.ca for s in (self.host, self.dav) if s and os.path.exists(s.ca)), None)
        if ca and "tls-ca-file" not in config:
            lines.append(f'    tls-ca-file = "{ca}"')
        with open(os.path.join(self.config), "w") as f:
            f.write("\n".join([*lines, f"    {config}", f"    {folders}", "}", ""]))
        os.chmod(self.config, 0o600)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.disconnect()
        if self.own_server:
            self.host.stop()
        if self.own_dav:
            self.dav.stop()

    # ---- the server's side ----------------------------------------------------------------

    @property
    def server(self):
        """A connection of the test's own."""
        if self.connection is None:
            self.connection = imap.Imap(self.host.port("imap"), self.user)
            self.host.rawlog.mark()  # what the test itself says is not koc's
        return self.connection

    @property
    def there(self):
        """The same for calendars and contacts: a dav.Dav."""
        if self.dav_client is None:
            self.dav_client = self.dav.client(self.user)
        return self.dav_client

    def disconnect(self):
        for connection in (self.connection, self.dav_client):
            if connection:
                connection.close()
        self.connection = self.dav_client = None

    def renumber(self, folder):
        """The same messages under a new UIDVALIDITY and other UIDs."""
        before = self.server.select(folder, examine=True)["uidvalidity"]
        self.server.turn(folder)
        self.disconnect()  # Dovecot would break it off
        subprocess.run(["doveadm", "-c", os.path.join(self.host.directory, "dovecot.conf"),
                        "mailbox", "update", "--uid-validity", str(before + 1000), "-u", self.user,
                        folder], check=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        after = self.server.select(folder, examine=True)["uidvalidity"]
        assert after != before, "the server kept its UIDVALIDITY"

    # ---- running koc ----------------------------------------------------------------------

    def environment(self, more=None):
        return {"PATH": os.environ["PATH"], "HOME": self.base, "LANG": "C.UTF-8", "TERM": "dumb",
                **{k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_"))},
                **(more or {})}

    def begin(self, *words, env=None, config=None, wrap=()):
        """Starts koc; the caller ends it with end_program."""
        command, *rest = words
        return start_program([*wrap, KOC, command, "-c", config or self.config, *rest],
                             self.environment(env), self.base)

    def koc(self, *words, env=None, config=None, limit=None, wrap=()):
        """Runs koc to its end, whatever it is."""
        if self.host:
            self.host.rawlog.mark()
        if self.dav:
            self.dav.mark()
        began = time.monotonic()
        run = end_program(*self.begin(*words, env=env, config=config, wrap=wrap), began, limit)
        if self.host and self.host.options["rawlog"]:
            self.host.await_sessions()
            run.sessions = self.host.rawlog.sessions()
            run.commands = [c for s in run.sessions for c in s]
        if self.dav:
            run.requests = self.dav.requests()
        return run

    def sync(self, *words, status=0, name=None, **options):
        """`koc sync`, and a test line about how it ended."""
        run = self.koc("sync", *words, **options)
        tap.ok(run.status == status,
               name or f"koc sync {' '.join(words)}".rstrip() + f": status {status}", run)
        return run

    def measured_sync(self, *words, **options):
        """sync() with the program's own peak RSS, CPU and wall time."""
        path = os.path.join(self.base, "costs")
        return measured(self.sync(*words, wrap=[MEASURE, path], **options), path)

    # ---- facts ----------------------------------------------------------------------------

    def differences(self, **options):
        lines, total = [], 0
        if self.host:
            lines, total = oracle.compare(self.server, self.mail, **{**self.oracle, **options})
        if self.dav:
            more, count = self.dav_differences()
            lines, total = lines + more, total + count
        return lines, total

    def dav_differences(self, **options):
        return davoracle.compare(self.there, self.vdir, **options)

    def verdict(self, name, at_least, lines, total):
        lines = lines[:20]
        if total < at_least:
            lines.append(f"only {total} items compared")
        return tap.ok(not lines, name, "\n".join(lines))

    def equal(self, name="both sides are equal", at_least=1, **options):
        """Both sides hold the same items, at least so many."""
        return self.verdict(name, at_least, *self.differences(**options))

    def dav_equal(self, name="both sides are equal", at_least=1, **options):
        """The same for calendars and contacts alone; options are those of davoracle.compare."""
        return self.verdict(name, at_least, *self.dav_differences(**options))

    def conflicts(self):
        """The files in Conflicts of calendars and contacts, as paths below it."""
        root = os.path.join(self.store, "Conflicts")
        return sorted(os.path.relpath(os.path.join(at, f), root)
                      for at, _, files in os.walk(root) for f in files
                      if os.path.relpath(at, root).split("/")[0] in vdir.KINDS)

    def no_conflict(self, name="no conflict"):
        return tap.equal(self.conflicts(), [], name)

    def tree(self):
        """{path: (inode, mtime, size, mode)} of the store outside .koc."""
        found = {}
        for at, directories, files in os.walk(self.store):
            if at == self.store and ".koc" in directories:
                directories.remove(".koc")
            for name in ["."] + files if at != self.store else files:
                path = os.path.join(at, name)
                s = os.lstat(path)
                found[os.path.relpath(path, self.store)] = (s.st_ino, s.st_mtime_ns, s.st_size,
                                                            s.st_mode)
        return found

    def silent(self, name="another run", allowed=LOOKING, requests=2, **options):
        """A run with nothing to do: status 0, no output, no write, no file changed; DAV servers are asked
        at most so many times."""
        before = self.tree()
        run = self.koc("sync", **options)
        after = self.tree()
        tap.ok(run.status == 0, f"{name} ends with 0", run)
        tap.equal(run.out + run.err, "", f"{name} prints nothing")
        if self.dav and self.dav.up:
            tap.ok(run.requests and not run.dav_writes() and len(run.requests) <= requests,
                   f"{name}: at most {requests} requests, which only look", run)
        if self.host and self.host.options["rawlog"] and self.host.up:
            tap.ok(run.commands, f"{name} spoke with the server", run)
            beyond = [c for c in run.commands if c.verb not in allowed]
            tap.ok(not beyond, f"{name} only looks", "\n".join(str(c)[:200] for c in beyond[:20]))
        moved = {p for p in set(before) | set(after) if before.get(p) != after.get(p)}
        tap.ok(not moved, f"{name} leaves all files alone", "\n".join(
            f"{p}: {before.get(p)} -> {after.get(p)}" for p in sorted(moved)[:20]))
        return run


class DavAccount(Account):
    """An account with calendars and contacts only."""

    def __init__(self, dav="small", server=None, folders="", **options):
        super().__init__(mail=False, dav=dav, dav_server=server, folders=folders, **options)

    def later(self):
        """As if a day had passed: what was set aside is due, and a server that asked to wait has waited."""
        with sqlite3.connect(os.path.join(self.store, ".koc", "dav.db")) as db:
            db.execute("UPDATE pending SET next = 0")
            for name, text in db.execute("SELECT name, value FROM memo").fetchall():
                db.execute("UPDATE memo SET value = ? WHERE name = ?", (re.sub(r"(?m)^wait \d+$", "wait 1", text), name))
        db.close()


def text_message(subject, body="Some text.\r\n", message_id=None, sender="jane@example.com"):
    """A small message for tests, as on the wire."""
    message_id = message_id or f"{subject.replace(' ', '-')}.{os.getpid()}@test.example"
    return (f"From: {sender}\r\nTo: alice@example.com\r\nSubject: {subject}\r\n"
            f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n"
            f"\r\n{body}").encode()

