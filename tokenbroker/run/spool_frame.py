"""The bytes of a spool file: frames, each sealed on its own, in blocks of 4 KiB.

A frame is a header (magic, version, kind, index, size, nonce) and one AES-256-GCM message of JSON,
padded so that frame and blocks end together: no write touches the sectors of an earlier frame, and
the length of a token shows in steps of 4 KiB only. The file's id, the frame's block, its kind, index
and size are associated data, so no frame can stand in for another one (NIST SP 800-38D, section 8.2.2:
random nonces of 96 bits; a spool seals some frames a run, far below the limit of 2**32).

Frames follow each other without a gap. What stands behind the last valid frame and isn't zero is a
write that was cut off ("torn"); something invalid between two valid frames is damage.
"""

import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK_BYTES = 4096
_MAGIC = b"TBSP"
_VERSION = 1
_HEADER = struct.Struct(">4sBBHI12s")
_BOUND = struct.Struct(">4sBIBHI")
_LENGTH = struct.Struct(">I")
_TAG_BYTES = 16
_ZERO_BLOCK = bytes(BLOCK_BYTES)


class Kind(IntEnum):
    """What a frame says."""

    INTENT = 1
    PRESSED = 2
    SEALED = 3
    STORED = 4


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Frame:
    """A frame whose tag was right. Without a repr, for `payload` may hold a token in clear."""

    slot: int
    blocks: int
    kind: Kind
    index: int
    payload: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Scan:
    """All valid frames of a file, the block behind the last one, and what else was found."""

    frames: tuple[Frame, ...]
    end: int
    torn: bool
    damaged: bool


class FrameCipher:
    """Seals and opens frames under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the spool's key has 32 bytes")
        self._aead = AESGCM(key)

    def seal(
        self, file_id: str, slot: int, kind: Kind, payload: Mapping[str, object], *, index: int = 0
    ) -> bytes:
        """A whole number of blocks that is valid in block `slot` of the file `file_id` only."""
        # ASCII escapes: a lone surrogate in a token must not raise an error that quotes the token.
        text = json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        overhead = _HEADER.size + _LENGTH.size + _TAG_BYTES
        blocks = -(-(overhead + len(text)) // BLOCK_BYTES)
        size = blocks * BLOCK_BYTES - _HEADER.size
        plain = (_LENGTH.pack(len(text)) + text).ljust(size - _TAG_BYTES, b"\0")
        nonce = os.urandom(12)
        bound = _bound(file_id, slot, kind, index, size)
        header = _HEADER.pack(_MAGIC, _VERSION, kind, index, size, nonce)
        return header + self._aead.encrypt(nonce, plain, bound)

    def scan(self, file_id: str, content: bytes) -> Scan:
        """Read the content of a file; never raises, whatever the bytes are."""
        frames: list[Frame] = []
        end = slot = 0
        damaged = False
        while slot * BLOCK_BYTES < len(content):
            frame = self._open(file_id, slot, content)
            if frame is None:
                slot += 1
                continue
            damaged = damaged or slot != end
            frames.append(frame)
            slot = end = slot + frame.blocks
        damaged = damaged or not frames or frames[0].kind is not Kind.INTENT
        torn = content.count(0, end * BLOCK_BYTES) != max(0, len(content) - end * BLOCK_BYTES)
        return Scan(frames=tuple(frames), end=end, torn=torn, damaged=damaged)

    def _open(self, file_id: str, slot: int, content: bytes) -> Frame | None:
        start = slot * BLOCK_BYTES
        if len(content) - start < BLOCK_BYTES or content[start : start + BLOCK_BYTES] == _ZERO_BLOCK:
            return None
        magic, version, kind, index, size, nonce = _HEADER.unpack_from(content, start)
        body = content[start + _HEADER.size : start + _HEADER.size + size]
        whole = len(body) == size and (size + _HEADER.size) % BLOCK_BYTES == 0
        if magic != _MAGIC or version != _VERSION or kind not in set(Kind) or not whole:
            return None
        try:
            plain = self._aead.decrypt(nonce, body, _bound(file_id, slot, kind, index, size))
        except InvalidTag:
            return None
        (length,) = _LENGTH.unpack_from(plain)
        return Frame(
            slot=slot,
            blocks=(size + _HEADER.size) // BLOCK_BYTES,
            kind=Kind(kind),
            index=index,
            payload=json.loads(plain[_LENGTH.size : _LENGTH.size + length]),
        )


def _bound(file_id: str, slot: int, kind: int, index: int, size: int) -> bytes:
    return _BOUND.pack(_MAGIC, _VERSION, slot, kind, index, size) + file_id.encode()
