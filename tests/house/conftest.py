"""The house's own scripts, loaded from their files: they are no part of the package."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Loads a script by its path in the checkout; gone from `sys.modules` afterwards."""
    before = dict(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    yield lambda name: _load(ROOT / name)
    for added in set(sys.modules) - set(before):
        if str(getattr(sys.modules[added], "__file__", "")).startswith(
            (str(ROOT / ".ci"), str(ROOT / "docs"))
        ):
            del sys.modules[added]
