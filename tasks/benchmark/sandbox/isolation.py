"""One program in a sandbox of Linux namespaces, made with util-linux (`unshare`, `mount`, `pivot_root`, `setpriv`).

Inside there is Python's own library, read-only, an empty folder in memory, and nothing else: no network (a namespace with no
interface), no other process, no file of this machine, no environment, no privilege. Kernel limits bound processor time, memory,
size of files, and processes; the clock bounds the rest. Where a machine does not allow this, the task is refused: programs never
run unguarded.
"""

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

from checks.contracts.errors import InputFault

#: Seconds of processor time and by the clock. HumanEval's own harness gives 3 s by the clock, which a busy machine can take
#: from a program that is right.
CPU_SECONDS, CLOCK_SECONDS = 10, 30

#: Bytes of address space, of a file, of all files together; processes and open files.
MEMORY, FILE_SIZE, FILES_SIZE = 2**30, 2**22, "16m"
PROCESSES, OPEN_FILES = 16, 64

#: Where we are root, who knows no limit of processes, a program runs as a user whom nobody else is: this and our process's id.
_NOBODY = 2**30

_TOOLS = ("unshare", "mount", "umount", "pivot_root", "setpriv", "prlimit", "sh")

#: Makes the new root in the folder $1 from the folders behind `--`, then becomes the command behind a second `--`.
_ENTER = """
set -e
root=$1; shift 2
mount --make-rprivate /
mount -t tmpfs -o size=1m,mode=755 tmpfs "$root"
cd "$root"
while [ "$1" != -- ]; do
  mkdir -p ".$1"
  mount --bind "$1" ".$1"
  mount -o remount,bind,ro,nosuid,nodev ".$1"
  shift
done
shift
for link in /lib /lib64 /bin; do [ -L "$link" ] && ln -s "$(readlink "$link")" ".$link"; done
mkdir -p work old dev proc
touch dev/null
mount --bind /dev/null dev/null
mount -t tmpfs -o "size=$FILES_SIZE,mode=777,nosuid,nodev" tmpfs work
mount --rbind /proc proc
mount -o remount,bind,ro "$root"
pivot_root . old
umount -l /old
umount -l /proc
cd /work
exec "$@"
"""

#: Runs what it reads: a word on the first line, then the program. It writes `ready`, and the word if the program ended well.
_RUN = """
import os, sys
word, _, program = sys.stdin.buffer.read().decode().partition("\\n")
told = os.dup(1)
os.set_inheritable(told, False)
nothing = os.open("/dev/null", os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(nothing, stream)
os.write(told, b"ready\\n")
exec(compile(program, "program", "exec"), {"__name__": "program"})
os.write(told, word.encode())
"""


def passes(program: str, test: str) -> bool:
    """Whether the program and then its test run to their end without an exception, within the limits.

    Raises InputFault where no sandbox works on this machine.
    """
    check_sandbox()
    return _run(f"{program}\n{test}")


@cache
def check_sandbox() -> None:
    """Raises InputFault where no sandbox works on this machine: a program that is right passes, one that is wrong does not."""
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if absent:
        raise _unusable(f"no {absent[0]}")
    if not _run("x = 1\nassert x == 1") or _run("assert False"):
        raise _unusable("a sandbox that runs nothing")


def _run(program: str) -> bool:
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="gwanmun-sandbox-") as root:
        process = subprocess.Popen(
            _command(root),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "FILES_SIZE": FILES_SIZE},
            cwd="/",
            start_new_session=True,
        )
        try:
            out, said = process.communicate(f"{word}\n{program}".encode("utf-8", "replace"), timeout=CLOCK_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        finally:
            process.kill()  # with it goes the first process of the namespace, and with that all others
            process.wait()
    if not out.startswith(b"ready\n"):
        raise _unusable(" ".join(said.decode(errors="replace").split())[-200:] or f"exit code {process.returncode}")
    return out == f"ready\n{word}".encode()


def _command(root: str) -> list[str]:
    """The whole command: namespaces, new root, no privileges, limits, Python."""
    user = _NOBODY + os.getpid()
    is_root = os.getuid() == 0
    users = [] if is_root else ["--user", "--map-root-user"]
    nobody = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if is_root else []
    python = Path(sys.base_prefix, "bin", f"python{sysconfig.get_python_version()}").resolve()
    return [
        *("unshare", *users, "--net", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts"),
        *("sh", "-c", _ENTER, "sh", root, "--", *_readable(python), "--"),
        *("setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", *nobody),
        *("prlimit", f"--cpu={CPU_SECONDS}", f"--as={MEMORY}", f"--fsize={FILE_SIZE}", f"--nproc={PROCESSES}"),
        *(f"--nofile={OPEN_FILES}", "--core=0", str(python), "-I", "-c", _RUN),
    ]


def _readable(python: Path) -> list[str]:
    """The folders that Python needs: the system's programs and libraries, and its own."""
    system = [path for path in ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives") if Path(path).is_dir()]
    own = str(Path(sys.base_prefix).resolve())
    kept = [path for path in system if not Path(path).is_symlink()]
    return kept if any(Path(own).is_relative_to(path) for path in kept) else [*kept, own]


def _unusable(why: str) -> InputFault:
    expected = "Linux with util-linux and user namespaces: programs of a model never run unguarded"
    return InputFault("sandbox", found=why, expected=expected)
