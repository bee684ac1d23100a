#!/usr/bin/python3
"""What cannot be done ends with the right status, one clear line, and nothing changed."""
import os, sys; sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
import re, socket
from harness import Account, end_program
from tap import equal, finish, ok
import time


def refused(a, status, name, **options):
    """A run that must fail with this status, say why in few lines, and change nothing."""
    before = a.tree()
    run = a.sync(status=status, name=f"{name}: status {status}", **options)
    ok(1 <= len(run.err.splitlines()) <= 3 and "koc" in run.err,
       f"{name}: says why in a line", run)
    ok(a.tree() == before, f"{name}: nothing changed here")
    ok("secret" not in run.out + run.err, f"{name}: no password in what it prints", run)
    return run


def no_login(a, name):
    """The server saw no attempt to log in since the last call."""
    log = a.host.log()[a.log_at:]
    a.log_at += len(log)
    ok(not re.search(r"Login: |auth failed|[1-9]\d* attempts", log), f"{name}: no login was tried", log)


with Account("demo") as a:
    a.sync()
    a.configure(password="wrong")
    refused(a, 77, "a wrong password")
    a.configure('password-command = "exit 3"')
    refused(a, 77, "a password command that fails")
    a.configure('password-command = "echo secret"')
    a.sync(name="a password command that works")

    a.log_at = len(a.host.log())
    a.configure("tls-ca-file = \"/etc/ssl/certs/ca-certificates.crt\"")
    refused(a, 76, "an unknown authority")
    no_login(a, "an unknown authority")
    with open(a.host.directory + "/tls/good.spki") as f:
        pin = f.read().strip()
    a.configure(f'tls-fingerprint = "sha256:{pin}"')
    a.sync(name="the pinned key is accepted")
    a.configure('tls-fingerprint = "sha256:' + "0" * 64 + '"')
    a.log_at = len(a.host.log())
    refused(a, 76, "another key than the pinned one")
    no_login(a, "another key than the pinned one")

    a.configure(url="imaps://no-such-host.invalid")
    refused(a, 75, "a host that does not exist")
    a.configure()
    a.disconnect()
    a.host.stop()
    refused(a, 75, "no server")
    a.host.start()
    a.sync(name="the server is back")

    # STARTTLS
    a.configure(url=f"imap://127.0.0.1:{a.host.port('imap')}")
    a.sync(name="imap:// uses STARTTLS")
    ok(re.search(r"Login: user=<alice>.* TLS", a.host.log().splitlines()[-2] +
                 a.host.log().splitlines()[-1]), "the server saw TLS", a.host.log()[-500:])

    # Another run holds the lock: it waits for a server that accepts and says nothing.
    a.configure()
    mute = socket.socket()
    mute.bind(("127.0.0.1", 0))
    mute.listen()
    silent = a.base + "/silent.conf"
    with open(a.config) as f, open(silent, "w") as g:
        os.fchmod(g.fileno(), 0o600)
        g.write(re.sub(r"imaps://[^\"]*", f"imaps://127.0.0.1:{mute.getsockname()[1]}", f.read()))
    began = time.monotonic()
    waiting = a.begin("sync", config=silent)
    mute.settimeout(60)
    connection, _ = mute.accept()
    refused(a, 75, "another run holds the lock")
    waiting[0].kill()
    end_program(*waiting, began)
    connection.close()
    mute.close()
    a.sync(name="the lock of a dead run is no lock")

    # What the user got wrong.
    with open(a.config, "a") as f:
        f.write("acount \"x\" { }\n")
    run = refused(a, 78, "an unknown key")
    ok(re.search(r"config:\d+", run.err), "it names file and line", run.err)
    a.configure()
    os.chmod(a.config, 0o644)
    refused(a, 78, "a config with a password that others can read")
    a.configure()
    equal(a.koc("sync", config=a.base + "/nowhere").status, 78, "no config: 78")
    equal(a.koc("frobnicate").status, 64, "an unknown command: 64")
    equal(a.koc("sync", "--frobnicate").status, 64, "an unknown option: 64")

for certificate, name in (("wrong", "a certificate for another name"),
                          ("expired", "an expired certificate"),
                          ("self", "a self-signed certificate")):
    with Account("demo", certificate=certificate) as a:
        a.log_at = 0
        refused(a, 76, name)
        no_login(a, name)

with Account("demo", tls_max="TLSv1.1") as a:
    a.log_at = 0
    run = a.koc("sync")  # it hangs up without a word: that can be anything
    ok(run.status in (75, 76), "a server that speaks TLS 1.1 at most: status 75 or 76", run)
    no_login(a, "a server that speaks TLS 1.1 at most")

with Account("demo", no_tls=True, url="imap://127.0.0.1:1") as a:
    a.log_at = 0
    a.configure(url=f"imap://127.0.0.1:{a.host.port('imap')}")
    refused(a, 76, "a server without STARTTLS")
    no_login(a, "a server without STARTTLS")
    a.configure('tls = "none"', url=f"imap://127.0.0.1:{a.host.port('imap')}")
    a.sync(name='tls = "none" is accepted on loopback')
    a.equal()
finish(at_least=50)
