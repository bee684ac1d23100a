"""Directories and servers of a test's own: made fresh, gone when it ends."""

import atexit
import os
import shutil
import subprocess
import tempfile

LIB = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(LIB))


def scratch(prefix):
    """A fresh directory that the mail user can pass, removed at the end."""
    path = tempfile.mkdtemp(prefix=f"koc-{prefix}-")
    os.chmod(path, 0o711)
    atexit.register(lambda: os.environ.get("KEEP") or shutil.rmtree(path, ignore_errors=True))
    return path


class Private:
    """A server started by a program of tests/servers; options are that program's: rawlog=True, quota="1M"."""

    program = None

    def __init__(self, users="alice", **options):
        self.directory = scratch("server")
        self.options = {"users": users, **options}
        self.up = False

    def run(self, *words):
        subprocess.run([os.path.join(TOP, "tests/servers", self.program), words[0], "--dir",
                        self.directory, *words[1:]], check=True)

    def start(self):
        words = []
        for name, value in self.options.items():
            for v in value if isinstance(value, list) else [value]:
                if v is not False:
                    words += ["--" + name.replace("_", "-")] + ([] if v is True else [str(v)])
        self.run("start", "--with", str(os.getpid()), *words)
        self.up = True
        return self

    def stop(self):
        if self.up:
            self.run("stop")
            self.up = False

    def port(self, kind):
        with open(os.path.join(self.directory, "port." + kind)) as f:
            return int(f.read())

    @property
    def ca(self):
        return os.path.join(self.directory, "tls", "ca.pem")

    def log(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as f:
            return f.read()
