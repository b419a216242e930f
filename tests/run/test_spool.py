"""The spool's promises: durable on return, sealed, never growing, never touched while a run lives."""

import base64
import os
import re
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.run.spool_rig import TARGET, an_intent, new_token
from tokenbroker.errors import RunError, SecretUnavailable
from tokenbroker.run import spool_disk
from tokenbroker.run.spool import Leftover, Spool
from tokenbroker.run.spool_frame import BLOCK_BYTES
from tokenbroker.secret import Secret

pytestmark = pytest.mark.req("RUN-10")

KEY = bytes(range(32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "spool"


@pytest.fixture
def spool(folder: Path) -> Spool:
    return Spool(folder, KEY)


def the_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def the_leftover(spool: Spool) -> Leftover:
    (leftover,) = spool.leftovers()
    return leftover


def a_left_token(spool: Spool, token: str) -> None:
    opened = spool.intend(an_intent())
    opened.mark_pressed()
    opened.seal(0, Secret(token))
    opened.leave()


def test_an_intent_comes_back_as_it_was(spool: Spool) -> None:
    spool.intend(an_intent()).leave()
    leftover = the_leftover(spool)
    assert leftover.intent == an_intent()
    said = (leftover.pressed, leftover.torn, leftover.damaged, leftover.possibly_created)
    assert said == (False,) * 4


def test_a_sealed_token_comes_back_as_it_was(spool: Spool) -> None:
    token = new_token()
    a_left_token(spool, token)
    (sealed,) = the_leftover(spool).waiting
    assert sealed.secret == Secret(token)
    assert (sealed.index, sealed.target, sealed.reference) == (0, TARGET, None)


@pytest.mark.parametrize(
    "token", ["a", 'é"\n\\\0', "x" * 15_000, "\ud800"], ids=["one", "odd", "long", "lone"]
)
def test_any_text_can_be_sealed(spool: Spool, token: str) -> None:
    a_left_token(spool, token)
    (sealed,) = the_leftover(spool).waiting
    assert sealed.secret.reveal() == token


def test_a_stored_token_no_longer_waits(spool: Spool) -> None:
    opened = spool.intend(an_intent())
    opened.mark_pressed()
    opened.seal(0, Secret(new_token()))
    opened.mark_stored(0, f"{TARGET}@1")
    opened.leave()
    leftover = the_leftover(spool)
    assert not leftover.waiting
    assert leftover.sealed[0].reference == f"{TARGET}@1"
    assert not leftover.possibly_created


def test_every_target_has_room_for_its_token(spool: Spool) -> None:
    targets = tuple(f"local:example/key-{number}" for number in range(7))
    opened = spool.intend(an_intent(targets=targets))
    opened.mark_pressed()
    for index in range(7):
        opened.seal(index, Secret("x" * 15_000))
    for index in range(7):
        opened.mark_stored(index, f"{targets[index]}@1")
    opened.clear()
    assert spool.leftovers() == []


def test_a_token_without_room_is_refused_by_code_and_the_rest_goes_on(spool: Spool) -> None:
    opened = spool.intend(an_intent(targets=(TARGET, "local:example/other")))
    opened.mark_pressed()
    with pytest.raises(RunError) as refused:
        opened.seal(0, Secret("x" * 60_000))
    assert refused.value.code == "spool.too_large"
    opened.seal(1, Secret(new_token()))
    opened.leave()
    assert the_leftover(spool).missing == (TARGET,)


def test_folder_and_file_are_private_and_the_file_is_whole_from_the_start(spool: Spool, folder: Path) -> None:
    opened = spool.intend(an_intent())
    before = the_file(folder).stat()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(before.st_mode) == 0o600
    assert before.st_size == 64 * 1024
    assert before.st_blocks * 512 >= before.st_size  # taken from the disk, not only promised
    opened.mark_pressed()
    opened.seal(0, Secret(new_token()))
    opened.mark_stored(0, f"{TARGET}@1")
    assert the_file(folder).stat().st_size == before.st_size
    opened.leave()


def test_a_folder_open_to_others_is_narrowed(spool: Spool, folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    spool.intend(an_intent()).leave()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_byte_of_the_folder_holds_the_token(spool: Spool, folder: Path) -> None:
    token = new_token()
    a_left_token(spool, token)
    content = the_file(folder).read_bytes()
    raw = token.encode()
    forms = [raw, raw[:12], raw.hex().encode(), token.encode("utf-16-le")]
    forms += [base64.b64encode(raw[start : start + 24]) for start in range(3)]
    assert not [form for form in forms if form in content]
    assert an_intent().flow_id.encode() not in content


def test_the_file_does_not_tell_how_long_a_token_is(spool: Spool, folder: Path) -> None:
    a_left_token(spool, "demo-only-a")
    a_left_token(spool, "demo-only-" + "a" * 3000)
    short, long = (len(path.read_bytes().rstrip(b"\0")) // 16 for path in folder.iterdir())
    assert short == long


def test_cleared_intents_leave_an_empty_folder(spool: Spool, folder: Path) -> None:
    spool.intend(an_intent()).clear()
    assert list(folder.iterdir()) == []


def test_clearing_overwrites_what_was_sealed(spool: Spool, folder: Path) -> None:
    opened = spool.intend(an_intent())
    second_name = folder.parent / "second-name"
    os.link(the_file(folder), second_name)
    opened.clear()
    assert second_name.read_bytes() == bytes(64 * 1024)


def test_a_file_with_a_waiting_token_is_not_cleared(spool: Spool) -> None:
    opened = spool.intend(an_intent())
    opened.mark_pressed()
    opened.seal(0, Secret(new_token()))
    with pytest.raises(RunError) as refused:
        opened.clear()
    assert refused.value.code == "spool.token_waiting"
    opened.leave()
    assert len(the_leftover(spool).waiting) == 1


def test_an_intent_in_use_is_no_leftover(spool: Spool) -> None:
    opened = spool.intend(an_intent())
    (file_id,) = spool.file_ids()
    assert spool.claim(file_id) is None
    assert spool.leftovers() == []
    opened.leave()
    assert len(spool.leftovers()) == 1


def test_remains_of_a_creation_or_a_clearing_that_was_cut_off_are_removed(spool: Spool, folder: Path) -> None:
    a_left_token(spool, new_token())
    path = the_file(folder)
    (folder / "20261120T120000000000Z-00.tmp").write_bytes(path.read_bytes()[:5000])
    path.rename(path.with_suffix(".done"))
    with path.with_suffix(".done").open("r+b") as half_wiped:
        half_wiped.write(bytes(BLOCK_BYTES))
    assert spool.leftovers() == []
    assert list(folder.iterdir()) == []


def test_leftovers_come_oldest_first(spool: Spool) -> None:
    for number in range(5):
        spool.intend(an_intent(run_id=f"run-{number}")).leave()
    runs = [leftover.intent.run_id for leftover in spool.leftovers() if leftover.intent]
    assert runs == [f"run-{number}" for number in range(5)]


def test_a_write_cut_off_at_any_byte_does_not_count_and_spoils_nothing(spool: Spool, folder: Path) -> None:
    a_left_token(spool, new_token())
    path = the_file(folder)
    whole = path.read_bytes()
    start = 2 * BLOCK_BYTES  # behind the intent and the press
    frame = whole[start : start + BLOCK_BYTES]
    garbage = os.urandom(BLOCK_BYTES)
    fd = os.open(path, os.O_RDWR)
    try:
        for cut in range(BLOCK_BYTES):
            for rest in (bytes(BLOCK_BYTES - cut), garbage[cut:]):
                torn = frame[:cut] + rest
                if torn == frame:
                    continue
                os.pwrite(fd, torn, start)
                leftover = the_leftover(spool)
                assert leftover.intent is not None
                assert leftover.pressed
                assert leftover.torn is any(torn)
                assert not leftover.sealed
                assert not leftover.damaged
                assert leftover.possibly_created
    finally:
        os.close(fd)


def test_a_press_cut_off_counts_as_a_press(spool: Spool, folder: Path) -> None:
    opened = spool.intend(an_intent())
    opened.mark_pressed()
    opened.leave()
    path = the_file(folder)
    content = bytearray(path.read_bytes())
    content[BLOCK_BYTES + 100 :] = bytes(len(content) - BLOCK_BYTES - 100)
    path.write_bytes(content)
    leftover = the_leftover(spool)
    assert leftover.torn
    assert leftover.possibly_created


@pytest.mark.parametrize("block", [0, 1])
def test_damage_in_front_of_a_token_is_told_and_the_token_still_read(
    spool: Spool, folder: Path, block: int
) -> None:
    token = new_token()
    a_left_token(spool, token)
    path = the_file(folder)
    content = bytearray(path.read_bytes())
    content[block * BLOCK_BYTES + 1000] ^= 1
    path.write_bytes(content)
    leftover = the_leftover(spool)
    assert leftover.damaged
    assert leftover.waiting[0].secret == Secret(token)
    assert leftover.waiting[0].target == TARGET


@pytest.mark.parametrize("content", [b"", b"\0" * 65_536, b"not a spool file", b"TBSP" * 20_000])
def test_a_file_that_is_none_of_ours_is_told_and_stays(spool: Spool, folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    path = folder / "20261120T120000000000Z-00.intent"
    path.write_bytes(content)
    assert the_leftover(spool).damaged
    assert path.read_bytes() == content


def test_a_name_that_is_no_file_hides_nothing(spool: Spool, folder: Path) -> None:
    spool.intend(an_intent()).leave()
    (folder / "20000101T000000000000Z-00.intent").mkdir()
    (folder / "20000101T000000000000Z-01.intent").symlink_to("/dev/null")
    assert [leftover.damaged for leftover in spool.leftovers()] == [True, True, False]


def test_a_file_of_another_key_is_told_as_damaged_and_stays(spool: Spool, folder: Path) -> None:
    a_left_token(spool, new_token())
    other = Spool(folder, bytes(32))
    assert the_leftover(other).damaged
    assert the_leftover(other).intent is None
    assert not the_leftover(spool).damaged


def test_a_frame_does_not_count_in_another_file_or_place(spool: Spool, folder: Path) -> None:
    a_left_token(spool, new_token())
    first = the_file(folder)
    sealed = first.read_bytes()[2 * BLOCK_BYTES : 3 * BLOCK_BYTES]
    spool.intend(an_intent(run_id="run-2")).leave()
    (second,) = set(folder.iterdir()) - {first}
    for path, block in ((second, 2), (first, 3)):
        with path.open("r+b") as target:
            target.seek(block * BLOCK_BYTES)
            target.write(sealed)
    sealed_counts = [len(leftover.sealed) for leftover in spool.leftovers()]
    assert sealed_counts == [1, 0]


def test_an_intent_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    said = in_a_limited_process(
        tmp_path,
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        try:
            spool.intend(an_intent())
        except SecretUnavailable as error:
            print(error.code, error.__context__, list((folder).iterdir()))
        """,
    )
    assert said == "spool.unavailable None []"


def test_after_the_intent_no_write_needs_more_of_the_disk(tmp_path: Path) -> None:
    said = in_a_limited_process(
        tmp_path,
        """
        opened = spool.intend(an_intent())
        (path,) = folder.iterdir()
        size = path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        opened.mark_pressed()
        opened.seal(0, Secret("demo-only-" + "x" * 14_000))
        opened.mark_stored(0, "local:example/api-key@1")
        opened.clear()
        print(size, list(folder.iterdir()))
        """,
    )
    assert said == "65536 []"


def test_a_disk_that_is_full_does_not_reach_an_intent(tmp_path: Path) -> None:
    mount = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=512k none "$1" && shift && exec "$@"',
        "sh",
    ]
    try:
        possible = subprocess.run([*mount, str(tmp_path), "true"], capture_output=True, check=False)
    except FileNotFoundError:
        possible = None
    if possible is None or possible.returncode:
        pytest.skip("a file system of one's own can't be mounted here")
    said = in_a_limited_process(
        tmp_path,
        """
        opened = spool.intend(an_intent())
        try:
            with (folder.parent / "filler").open("wb", buffering=0) as filler:
                while filler.write(bytes(512)):
                    pass
        except OSError as error:
            print(errno.errorcode[error.errno], end=" ")
        opened.mark_pressed()
        opened.seal(0, Secret("demo-only-" + "x" * 14_000))
        opened.mark_stored(0, "local:example/api-key@1")
        try:
            spool.intend(an_intent())
        except SecretUnavailable as error:
            print(error.code, end=" ")
        opened.clear()
        print(spool.leftovers())
        """,
        prefix=[*mount, str(tmp_path)],
    )
    assert said == "ENOSPC spool.unavailable []"


def in_a_limited_process(tmp_path: Path, body: str, *, prefix: list[str] | None = None) -> str:
    head = f"""
    import errno, os, resource, sys
    from pathlib import Path
    from tests.run.spool_rig import an_intent
    from tokenbroker.errors import SecretUnavailable
    from tokenbroker.run.spool import Spool
    from tokenbroker.secret import Secret
    folder = Path({str(tmp_path)!r}) / "home" / "spool"
    spool = Spool(folder, bytes(32))
    """
    program = textwrap.dedent(head) + textwrap.dedent(body)
    done = subprocess.run(
        [*(prefix or []), sys.executable, "-W", "error", "-B", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_folder_that_can_not_be_used_gives_one_clear_error(spool: Spool, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    for act in (lambda: spool.intend(an_intent()), spool.leftovers):
        with pytest.raises(SecretUnavailable) as refused:
            act()
        assert refused.value.code == "spool.unavailable"
        assert refused.value.__context__ is None


def test_a_seal_that_was_interrupted_is_not_cleared(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = spool.intend(an_intent())
    opened.mark_pressed()

    def interrupt(fd: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(spool_disk, "sync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            opened.seal(0, Secret(new_token()))
    with pytest.raises(RunError) as refused:
        opened.clear()
    assert refused.value.code == "spool.token_waiting"
    opened.leave()
    assert len(the_leftover(spool).waiting) == 1


def test_a_closed_intent_refuses_to_be_written(spool: Spool) -> None:
    opened = spool.intend(an_intent())
    opened.leave()
    opened.leave()
    with pytest.raises(ValueError, match=re.escape("no longer open")):
        opened.mark_pressed()


def test_the_spool_wants_a_whole_key(folder: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Spool(folder, b"short")


def test_what_holds_a_token_has_no_telling_repr(spool: Spool) -> None:
    token = new_token()
    a_left_token(spool, token)
    assert token not in repr(spool.leftovers())
