"""How paths and values are written in Infisical, so that a person can read them and nothing is lost.

A folder's name holds letters, digits, ``-`` and ``_`` only; a secret's holds no colon and no slash, and is trimmed. So
every other character is written as its number: ``login#password`` is ``login_x23_password``. A value is trimmed, and a
``${NAME}`` in it is a reference to another secret; what either would change is kept as base64.

https://github.com/Infisical/infisical/blob/main/backend/src/server/lib/schemas.ts
https://github.com/Infisical/infisical/blob/main/backend/src/server/routes/v4/secret-router.ts
"""

import base64
import re
from typing import Final

from tokenbroker.errors import UsageError
from tokenbroker.secret import Secret
from tokenbroker.sinks.sink import checked_path

VERSIONS: Final = "_versions"
"""The folder below the prefix that holds each version."""

BASE64: Final = "base64"
"""How a value is written that would not survive as it is."""

_NAME_MAX: Final = 255
_ESCAPE = re.compile(r"_x([0-9a-f]{1,6})_")
_ODD_IN_FOLDER, _ODD_IN_SECRET = "[^A-Za-z0-9_-]", "[^A-Za-z0-9_.-]"


def is_infisical_path(path: str) -> bool:
    """Whether `path` names exactly one secret: each of its parts has a name, none of which is too long."""
    try:
        checked_path(path)
    except UsageError:
        return False
    *folders, name = path.split("/")
    if any(part in ("", ".", "..") for part in (*folders, name)):
        return False
    return all(len(each) <= _NAME_MAX for each in (*split(path)[0], *versions_of(path)))


def split(path: str) -> tuple[tuple[str, ...], str]:
    """The folders and the name of the secret at `path`, as Infisical has them."""
    *folders, name = path.split("/")
    written = [_escaped(each, _ODD_IN_FOLDER) for each in folders]
    if written and written[0] == VERSIONS:
        written[0] = f"_x5f_{VERSIONS[1:]}"
    return tuple(written), _escaped(name, _ODD_IN_SECRET)


def folders_of(prefix: str) -> tuple[str, ...]:
    """The folders of the setting ``path_prefix``."""
    return tuple(_escaped(each, _ODD_IN_FOLDER) for each in prefix.split("/") if each)


def versions_of(path: str) -> tuple[str, ...]:
    """The folders that lead to the versions of `path`, below the prefix."""
    return (VERSIONS, *(_escaped(each, _ODD_IN_FOLDER) for each in path.split("/")))


def joined(folders: tuple[str, ...], name: str) -> str | None:
    """The path of a secret that lies in `folders`, or None where no path leads there."""
    path = "/".join(_plain(each) for each in (*folders, name))
    return path if is_infisical_path(path) and split(path) == (folders, name) else None


def path_of_versions(folders: tuple[str, ...]) -> str | None:
    """The path whose versions lie in `folders`, which begin behind :data:`VERSIONS`; None where they are nobody's."""
    path = "/".join(_plain(each) for each in folders)
    return path if is_infisical_path(path) and versions_of(path)[1:] == folders else None


def written(secret: Secret) -> tuple[str, str]:
    """The text of a value for the body of a request, and how it is written: "" for as it is."""
    text = secret.reveal()
    if text and text == text.strip().strip("\ufeff") and "${" not in text and "\0" not in text:
        return text, ""
    return base64.b64encode(text.encode()).decode(), BASE64


def read_back(text: str, how: str) -> Secret:
    """What :func:`written` was given.

    Raises:
        ValueError: the text isn't written in that way.
    """
    return Secret(base64.b64decode(text, validate=True).decode() if how == BASE64 else text)


def _escaped(part: str, odd: str) -> str:
    # An underscore that would begin an escape is written as one itself, so that every name has one meaning.
    kept = re.sub(f"_(?=x[0-9a-f]{{1,6}}(?:_|{odd}))", "_x5f_", part)
    return re.sub(odd, lambda found: f"_x{ord(found[0]):x}_", kept)


def _plain(part: str) -> str:
    return _ESCAPE.sub(_character, part)


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else found[0]
