"""What a whole-program test stands on: a private server with mail, a store, and koc between them.

    with Account("small") as a:
        a.sync()                    # `koc sync`; a test line says whether it ended with 0
        a.server.append("INBOX", …) # an Imap of our own, see imap.py
        a.mail.deliver("INBOX", …)  # as a mail program would, see maildir.py
        a.sync()
        a.equal()                   # both sides hold the same, see oracle.py
        a.silent()                  # another run sends no write and changes no file
    finish()

KOC=program puts another program in koc's place; KEEP=1 leaves the directories for people to look at.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIB = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))
sys.path.insert(0, os.path.join(TOP, "tests", "tools"))

import corpus
import imap
import maildir
import oracle
import rawlog
import tap

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


def scratch(prefix):
    """A fresh directory that the mail user can pass, removed at the end."""
    path = tempfile.mkdtemp(prefix=f"koc-{prefix}-")
    os.chmod(path, 0o711)
    atexit.register(lambda: os.environ.get("KEEP") or shutil.rmtree(path, ignore_errors=True))
    return path


class Server:
    """A Dovecot of its own.  Options are those of tests/servers/dovecot: rawlog=True, quota="1M"."""

    def __init__(self, users="alice", **options):
        self.directory = scratch("server")
        self.options = {"users": users, "rawlog": True, **options}
        self.rawlog = rawlog.Rawlog(os.path.join(self.directory, "rawlog"))
        self.up = False

    def start(self):
        words = []
        for name, value in self.options.items():
            for v in value if isinstance(value, list) else [value]:
                if v is not False:
                    words += ["--" + name.replace("_", "-")] + ([] if v is True else [str(v)])
        subprocess.run([os.path.join(TOP, "tests/servers/dovecot"), "start", "--dir",
                        self.directory, "--with", str(os.getpid()), *words], check=True)
        self.up = True
        return self

    def stop(self):
        if self.up:
            subprocess.run([os.path.join(TOP, "tests/servers/dovecot"), "stop", "--dir",
                            self.directory], check=True)
            self.up = False

    def port(self, kind="imaps"):
        with open(os.path.join(self.directory, "port." + kind)) as f:
            return int(f.read())

    @property
    def ca(self):
        return os.path.join(self.directory, "tls", "ca.pem")

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

    def log(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as f:
            return f.read()

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

    @property
    def verbs(self):
        return [c.verb for c in self.commands]

    def writes(self):
        return [c for c in self.commands if c.verb in WRITING]

    def fetched_bodies(self):
        """The commands that fetched whole messages."""
        return [c for c in self.commands if "BODY.PEEK[]" in c.line or "BODY[]" in c.line
                or "RFC822]" in c.line or "BODY.PEEK[TEXT]" in c.line]

    def __str__(self):
        return (f"status {self.status}\nstandard output:\n{self.out}standard error:\n{self.err}"
                f"commands:\n" + "\n".join(str(c)[:200] for c in self.commands[-40:]))


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
                 store=None, **options):
        """mail: a corpus profile or a list of corpus.Message; options: of the server."""
        self.own_server = server is None
        self.user = user
        self.host = server or Server(**options)
        if mail is not None:
            self.host.fill(corpus.messages(mail) if isinstance(mail, str) else mail, user)
        if not self.host.up:
            self.host.start()
        self.base = scratch("account")
        self.store = store or os.path.join(self.base, "store")
        self.mail = maildir.Mail(self.store)
        self.config = os.path.join(self.base, "config")
        self.url = url
        self.oracle = {}  # options of oracle.compare
        self.connection = None
        self.configure(config, folders)

    def configure(self, config="", folders=None, password="secret", url=None):
        """(Re)writes the configuration; `config` goes into the account's section."""
        url = url or self.url or f"imaps://127.0.0.1:{self.host.port()}"
        folders = 'folder "mail/*" { mode = full }' if folders is None else folders
        ca = "" if "tls-ca-file" in config else f'    tls-ca-file = "{self.host.ca}"\n'
        secret = "" if "password-command" in config else f"    password = '{password}'\n"
        with open(os.path.join(self.config), "w") as f:
            f.write(f'account "test" {{\n    user = "{self.user}"\n{secret}'
                    f'    store = "{self.store}"\n    imap = "{url}"\n{ca}    {config}\n'
                    f"    {folders}\n}}\n")
        os.chmod(self.config, 0o600)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.disconnect()
        if self.own_server:
            self.host.stop()

    # ---- the server's side ----------------------------------------------------------------

    @property
    def server(self):
        """A connection of the test's own."""
        if self.connection is None:
            self.connection = imap.Imap(self.host.port("imap"), self.user)
            self.host.rawlog.mark()  # what the test itself says is not koc's
        return self.connection

    def disconnect(self):
        if self.connection:
            self.connection.close()
            self.connection = None

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
        self.host.rawlog.mark()
        began = time.monotonic()
        run = end_program(*self.begin(*words, env=env, config=config, wrap=wrap), began, limit)
        if self.host.options["rawlog"]:
            self.host.await_sessions()
            run.sessions = self.host.rawlog.sessions()
            run.commands = [c for s in run.sessions for c in s]
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
        return oracle.compare(self.server, self.mail, **{**self.oracle, **options})

    def equal(self, name="both sides are equal", at_least=1, **options):
        """Both sides hold the same messages, at least so many."""
        lines, total = self.differences(**options)
        lines = lines[:20]
        if total < at_least:
            lines.append(f"only {total} messages compared")
        return tap.ok(not lines, name, "\n".join(lines))

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

    def silent(self, name="another run", allowed=LOOKING, **options):
        """A run with nothing to do: status 0, no output, no write, no file changed."""
        before = self.tree()
        run = self.koc("sync", **options)
        after = self.tree()
        tap.ok(run.status == 0, f"{name} ends with 0", run)
        tap.equal(run.out + run.err, "", f"{name} prints nothing")
        if self.host.options["rawlog"] and self.host.up:
            tap.ok(run.commands, f"{name} spoke with the server", run)
            beyond = [c for c in run.commands if c.verb not in allowed]
            tap.ok(not beyond, f"{name} only looks", "\n".join(str(c)[:200] for c in beyond[:20]))
        moved = {p for p in set(before) | set(after) if before.get(p) != after.get(p)}
        tap.ok(not moved, f"{name} leaves all files alone", "\n".join(
            f"{p}: {before.get(p)} -> {after.get(p)}" for p in sorted(moved)[:20]))
        return run


def text_message(subject, body="Some text.\r\n", message_id=None, sender="jane@example.com"):
    """A small message for tests, as on the wire."""
    message_id = message_id or f"{subject.replace(' ', '-')}.{os.getpid()}@test.example"
    return (f"From: {sender}\r\nTo: alice@example.com\r\nSubject: {subject}\r\n"
            f"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n"
            f"\r\n{body}").encode()

