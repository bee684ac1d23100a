"""What the launchers of private servers share: words of the command line, ports, certificates, and that
nothing outlives whoever wanted it.

A server leaves in its directory D: port.NAME (decimal), tls/ca.pem (with TLS), pid (one process group a
line), log.  It is ended by `stop`, or when the process given with --with ends, however that ends."""

import argparse
import http.client
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = os.path.basename(sys.argv[0])
DEADLINE = 30  # seconds to answer or to end; polled, so nothing waits this long but a failure
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin"


def parser(doc):
    p = argparse.ArgumentParser(description=doc.split("\n")[0])
    p.add_argument("action", choices=["start", "stop"])
    p.add_argument("--dir", required=True)
    p.add_argument("--users", default="alice",
                   help="comma separated NAME or NAME:PASSWORD; password: secret")
    p.add_argument("--with", dest="owner", type=int, metavar="PID",
                   help="stop when this process ends, however it ends")
    return p


def users(a):
    """(name, password) of each."""
    for user in a.users.split(","):
        name, _, password = user.partition(":")
        yield name, password or "secret"


def run(a, start):
    """What `start(a, base)` or `stop` says."""
    base = os.path.abspath(a.dir)
    if not os.path.isdir(base):
        fail(f"{base}: no such directory")
    if a.action == "start":
        start(a, base)
    else:
        stop(base)


def fail(text):
    print(f"{NAME}: {text}", file=sys.stderr)
    sys.exit(1)


def certificates(base):
    """Made once, in D/tls; see ca.sh."""
    tls = os.path.join(base, "tls")
    os.makedirs(tls, exist_ok=True)
    if not os.path.exists(os.path.join(tls, "ca.pem")):
        if subprocess.call(["sh", os.path.join(HERE, "ca.sh"), tls]):
            fail("no certificates")


# ---- ports ----------------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def port_of(base, name):
    """The port of an earlier start, so that a restart is not seen by clients."""
    try:
        with open(os.path.join(base, "port." + name)) as f:
            return int(f.read())
    except (OSError, ValueError):
        return free_port()


def listens(pid, port):
    """Is it this very process that listens on the port of loopback?"""
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    # Field 1 is the local address, 3 the state (0A: LISTEN), 9 the socket's inode.
    wanted = {f"socket:[{r[9]}]" for r in rows if r[3] == "0A" and r[1] == f"0100007F:{port:04X}"}
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}") in wanted:
                return True
        except OSError:
            pass
    return False


def answers(port, tls=False):
    """Is an HTTP request answered on this port of loopback, with whatever status?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=DEADLINE,
                                                 context=ssl._create_unverified_context())
    try:
        connection.request("OPTIONS", "/.ready")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def on_free_ports(base, names, begin):
    """Calls begin(ports), which returns what it started, or None when a port was taken; saves the ports."""
    ports = {name: port_of(base, name) for name in names}
    for _ in range(10):
        started = begin(ports) if len(set(ports.values())) == len(ports) else None
        if started is not None:
            for name, port in ports.items():
                with open(os.path.join(base, "port." + name), "w") as f:
                    f.write(f"{port}\n")
            return started
        # Another program took a port between the choice and the server's bind.
        ports = {name: free_port() for name in names}
    return fail("no free ports")


# ---- processes ------------------------------------------------------------------------------

def spawn(base, words, log="log", environment=None):
    """Starts one in a process group of its own, in D, with what it says in a file of D."""
    with open(os.path.join(base, log), "ab") as out:
        at = out.tell()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True, cwd=base,
                                   env={**os.environ, "PATH": PATH, **(environment or {})})
    process.log, process.log_at = os.path.join(base, log), at
    return process


def await_answer(process, ready):
    """Until ready(): True.  False when it ended because its port was taken; any other end ends this program,
    with what it said."""
    path = process.log
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if process.poll() is not None:
            with open(path, errors="replace") as f:
                f.seek(process.log_at)
                text = f.read()
            if "Address already in use" in text:
                os.truncate(path, process.log_at)
                return False
            fail(f"it ended with status {process.returncode}:\n{text}")
        if ready():
            return True
        time.sleep(0.02)  # between polls
    os.killpg(process.pid, signal.SIGKILL)
    return fail(f"no answer in {DEADLINE} s, see {path}")


def keep(base, processes, owner):
    """Notes the processes for `stop`; with an owner they end when that ends."""
    with open(os.path.join(base, "pid"), "w") as f:
        f.writelines(f"{p.pid}\n" for p in processes)
    if owner:
        guard(owner, processes)


def guard(owner, processes):
    """A child that ends the servers when the owner ends, or itself when all of them have."""
    watched = os.pidfd_open(owner)
    servers = {os.pidfd_open(p.pid): p.pid for p in processes}
    if os.fork() != 0:
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    while servers:
        ready, _, _ = select.select([watched, *servers], [], [])
        if watched in ready:
            for pid in servers.values():
                end_group(pid)
            break
        for fd in ready:
            del servers[fd]
    os._exit(0)


def gone(pid):
    """Has the process ended?  (A zombie that nobody has reaped has.)"""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def end_group(pid):
    """A server leads its own process group: TERM, wait for it, then KILL what is left of the group."""
    try:
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    end = time.monotonic() + DEADLINE
    while not gone(pid) and time.monotonic() < end:
        time.sleep(0.01)  # between polls
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stop(base):
    path = os.path.join(base, "pid")
    try:
        with open(path) as f:
            pids = [int(line) for line in f]
    except (OSError, ValueError):
        return
    for pid in pids:
        try:
            with open(f"/proc/{pid}/cmdline") as f:
                ours = base + "/" in f.read()
        except OSError:
            ours = False
        if ours:  # else the pid belongs to somebody else by now
            end_group(pid)
    os.remove(path)
