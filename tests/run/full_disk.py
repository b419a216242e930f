"""As a program: runs on a disk of its own that is almost full (a small tmpfs, in a mount namespace of this process).

Says in one line of JSON what came of each run, by how much room was left; or why no disk can be mounted here.
https://man7.org/linux/man-pages/man7/mount_namespaces.7.html
"""

import ctypes
import json
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path

from tests.run.spool_rig import Rig, an_intent, opened_rig, run_once
from tests.run.test_kill_everywhere import settled
from tokenbroker.errors import BrokerError

ROOM_KIB = (0, 4, 8, 16, 32, 48, 64, 68, 72, 80, 96, 128, 256)
_NEW_MOUNTS, _NEW_USER = 0x20000, 0x10000000
_PRIVATE = 0x4000 | 0x40000


def mount_small_disk(folder: Path) -> str:
    """Mount two MiB at `folder`, for this process alone; answers why that is not allowed, or ""."""
    if platform.system() != "Linux":
        return "a disk of its own can be had on Linux only"
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_MOUNTS | (_NEW_USER if user else 0)):
        return f"this machine allows no mount namespace: {os.strerror(ctypes.get_errno())}"
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    if libc.mount(b"none", b"/", None, _PRIVATE, None) or libc.mount(
        b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=2m"
    ):
        return f"this machine allows no mount: {os.strerror(ctypes.get_errno())}"
    return ""


def _leave(room_kib: int, filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(4096))
        file.truncate(max(0, file.tell() - room_kib * 1024))


def _run(rig: Rig) -> str:
    """How far a run came: `refused` before anything was created, `waiting` in the spool, or `kept`."""
    try:
        intent = rig.spool.intend(an_intent(targets=(rig.fresh_target,)))
    except BrokerError:
        return "refused"
    try:
        run_once(rig, intent)
    except BrokerError as error:
        return "waiting" if "safe in the spool" in error.sentence else str(error)
    finally:
        intent.leave()
    return "kept"


def main(folder: Path) -> None:
    """Runs with each of :data:`ROOM_KIB`; after each the room is given back and everything has to be there."""
    home = folder / "home"
    home.mkdir()
    why_not = mount_small_disk(home)
    if why_not:
        print(json.dumps(why_not))
        return
    filler, came = home / "filler", {}
    for room_kib in ROOM_KIB:
        with opened_rig(folder) as rig:
            rig.sink.probe()
            _leave(room_kib, filler)
            came[room_kib] = _run(rig)
            filler.unlink()
        settled(folder)
    print(json.dumps(came))


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(Path(sys.argv[1]))
