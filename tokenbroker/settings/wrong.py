"""What is wrong with a setting, in the words of a settings file and not in those of Python."""

from typing import Any, Final

_A_TABLE: Final = "it takes a table of settings"
_A_NUMBER: Final = "it takes a number"
_WANTED: Final = {
    "tuple_type": "it takes a list of strings",
    "string_type": "it takes a string",
    "path_type": "it takes a path, as a string",
    "bool_type": "it takes true or false",
    "bool_parsing": "it takes true or false",
    "float_type": _A_NUMBER,
    "float_parsing": _A_NUMBER,
    "finite_number": _A_NUMBER,
    "dict_type": _A_TABLE,
    "model_type": _A_TABLE,
    "model_attributes_type": _A_TABLE,
    "missing": "it is needed here",
    "string_pattern_mismatch": "it has another form than this setting takes",
}
"""By the types of pydantic's errors."""
_SUCH_AS: Final = {
    "organization_id": "c5e0a7a2-1d0f-4a5e-9a53-9c2c5f3f2a10",
    "collection_id": "c5e0a7a2-1d0f-4a5e-9a53-9c2c5f3f2a10",
    "hook": '["./reload"]',
    "recipients": '["age1…"]',
    "origin_map": '"https://console.example.com" = "http://127.0.0.1:8765"',
}


def wrong(name: str, error: Any) -> str:
    """What `error`, one of pydantic's, finds wrong with the setting `name`; never its value."""
    wanted = _WANTED.get(error["type"])
    if wanted is None:
        return str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "it should be")
    example = _SUCH_AS.get(name.rpartition(".")[2])
    return f"{wanted}, such as {example}" if example else wanted
