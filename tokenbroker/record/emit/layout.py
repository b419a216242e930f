"""How statements are laid out: as prettier does it, in lines of a hundred characters."""

from collections.abc import Mapping, Sequence
from typing import Final

WIDTH: Final = 100

Chain = tuple[str, ...]
"""An expression in its parts: what it begins with, then each call with its dot."""


def awaited(chain: Chain, *, opening: str = "", indent: int = 2) -> list[str]:
    """`await` of `chain` as a statement; `opening` is what stands before, such as ``const x = ``."""
    at = " " * indent
    line = f"{at}{opening}await {''.join(chain)};"
    if len(line) <= WIDTH or len(chain) < 3:
        return [line]
    first, *calls = chain
    return [f"{at}{opening}await {first}", *(f"{at}  {call}" for call in calls[:-1]), f"{at}  {calls[-1]};"]


def call(function: str, arguments: Sequence[str], *, opening: str = "", indent: int = 2) -> list[str]:
    """`await` of a call of `function` as a statement."""
    at = " " * indent
    line = f"{at}{opening}await {function}({', '.join(arguments)});"
    if len(line) <= WIDTH:
        return [line]
    return [f"{at}{opening}await {function}(", *(f"{at}  {each}," for each in arguments), f"{at});"]


def bound(names: str, function: str, arguments: Sequence[str], *, indent: int = 2) -> list[str]:
    """`const` of `names` from a call of `function` that is not waited for."""
    at = " " * indent
    line = f"{at}const {names} = {function}({', '.join(arguments)});"
    if len(line) <= WIDTH:
        return [line]
    return [f"{at}const {names} = {function}(", *(f"{at}  {each}," for each in arguments), f"{at});"]


def call_with_options(
    function: str, argument: str, members: Mapping[str, str], *, opening: str = "", indent: int = 2
) -> list[str]:
    """As `call`, with `argument` and an object of `members` behind it."""
    if not members:
        return call(function, (argument,), opening=opening, indent=indent)
    listed = [f"{name}: {value}" for name, value in members.items()]
    line = call(function, (argument, f"{{ {', '.join(listed)} }}"), opening=opening, indent=indent)
    if len(line) == 1:
        return line
    at = " " * indent
    return [
        f"{at}{opening}await {function}({argument}, {{",
        *(f"{at}  {each}," for each in listed),
        f"{at}}});",
    ]
