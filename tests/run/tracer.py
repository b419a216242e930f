"""Another process, followed by ptrace through its system calls, and killed before one of them (Linux).

https://man7.org/linux/man-pages/man2/ptrace.2.html
"""

import ctypes
import errno
import os
import platform
import signal
from collections.abc import Callable
from pathlib import Path

_SEIZE, _INTERRUPT, _SYSCALL, _GET_SYSCALL_INFO = 0x4206, 0x4207, 24, 0x420E
_TRACESYSGOOD, _EXITKILL = 0x1, 0x100000
_ENTRY = 1
_ALL_CHILDREN = 0x40000000

# What leaves a trace outside of the process: files, and what is sent.
_NUMBERS = {
    "x86_64": {
        "write": 1, "pwrite64": 18, "writev": 20, "connect": 42, "sendto": 44, "sendmsg": 46, "fsync": 74,
        "fdatasync": 75, "ftruncate": 77, "rename": 82, "mkdir": 83, "unlink": 87, "openat": 257, "unlinkat": 263,
        "renameat": 264, "fallocate": 285, "renameat2": 316, "link": 86, "linkat": 265,
    },
    "aarch64": {
        "write": 64, "pwrite64": 68, "writev": 66, "connect": 203, "sendto": 206, "sendmsg": 211, "fsync": 82,
        "fdatasync": 83, "ftruncate": 46, "mkdirat": 34, "openat": 56, "unlinkat": 35, "renameat": 38,
        "fallocate": 47, "renameat2": 276, "linkat": 37,
    },
}  # fmt: skip


class _SyscallInfo(ctypes.Structure):
    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    )


def why_not() -> str:
    """Why nothing can be traced here, or ""."""
    if platform.system() != "Linux" or platform.machine() not in _NUMBERS:
        return "system calls are followed on Linux only, on x86_64 and aarch64"
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if scope.exists() and scope.read_text().strip() == "3":
        return "this machine allows no ptrace (kernel.yama.ptrace_scope is 3)"
    return ""


class Tracer:
    """Follows the main thread of the process `pid`, from now on.

    Raises:
        OSError: this is not allowed here.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        self._libc.ptrace.restype = ctypes.c_long
        numbers = _NUMBERS[platform.machine()]
        self._names = {number: name for name, number in numbers.items()}
        self._ptrace(_SEIZE, 0, _TRACESYSGOOD | _EXITKILL)
        self._ptrace(_INTERRUPT, 0, 0)
        os.waitpid(pid, _ALL_CHILDREN)

    def follow(self, go: Callable[[], object], *, kill_before: int | None = None) -> list[str]:
        """Let the process go on, and tell it so by `go`; answers what it did, in order.

        That is the names of its system calls that leave a trace. It is killed before the one with the index
        `kill_before`, if it gets that far; otherwise it ends by itself.
        """
        seen: list[str] = []
        self._ptrace(_SYSCALL, 0, 0)
        go()
        while True:
            _, status = os.waitpid(self._pid, _ALL_CHILDREN)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                return seen
            stopped_by = os.WSTOPSIG(status)
            deliver = 0
            if stopped_by == signal.SIGTRAP | 0x80:
                name = self._entered()
                if name and len(seen) == kill_before:
                    os.kill(self._pid, signal.SIGKILL)
                    continue
                seen += [name] if name else []
            elif status >> 16 == 0:
                deliver = stopped_by
            self._ptrace(_SYSCALL, 0, deliver, gone=True)

    def _entered(self) -> str:
        """The name of the system call that is about to be done, if it leaves a trace; else ""."""
        info = _SyscallInfo()
        self._ptrace(_GET_SYSCALL_INFO, ctypes.sizeof(info), ctypes.addressof(info))
        if info.op != _ENTRY:
            return ""
        name = self._names.get(info.number, "")
        return "" if name == "openat" and not info.arguments[2] & os.O_CREAT else name

    def _ptrace(self, request: int, address: int, data: int, *, gone: bool = False) -> None:
        if self._libc.ptrace(request, self._pid, address, data) < 0:
            number = ctypes.get_errno()
            if not (gone and number == errno.ESRCH):
                raise OSError(number, os.strerror(number))
