"""The sink `onepassword` with a service account.

The vendor's SDK speaks an encrypted session to a host that the token names under the vendor's own domains, so no server of
ours can stand in for it. What is real here: the process, the SDK's import and its refusal of tokens that are no
tokens, and its types. Its client, behind which the service is, has a stand-in.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from onepassword.errors import RateLimitExceededException
from onepassword.types import Item, ItemCreateParams, ItemField, ItemFieldType

from tests.sinks.onepassword_server import VAULT, new_id
from tokenbroker.errors import BrokerError, SecretAccessDenied, SecretUnavailable, SettingsError
from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import Sink, SinkInputs, open_sink
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.onepassword import OnePasswordSink
from tokenbroker.sinks.onepassword_failure import Failure
from tokenbroker.sinks.onepassword_process import Answers, done, failure_of
from tokenbroker.sinks.onepassword_sdk import SdkClient
from tokenbroker.sinks.testing import ACTOR, SinkContract, demo_secret

pytestmark = pytest.mark.req("SECRET-1")

TOKEN = "OP_SERVICE_ACCOUNT_TOKEN"


def in_a_thread(work):
    """What `work` answers; a browser's tests leave a running loop on this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


class Service:
    """Stands in for the SDK's client: its vaults, and its items by their ids.

    https://github.com/1Password/onepassword-sdk-python/blob/main/src/onepassword/items.py
    """

    def __init__(self) -> None:
        self.vaults = self.items = self
        self.vault = new_id()
        self.held: dict[str, Item] = {}
        self.fails: Exception | None = None
        self.asked = 0

    async def list(self, vault: str | None = None) -> list[Any]:
        self._ask()
        if vault is None:
            return [_Named(id=self.vault, title=VAULT)]
        return [*self.held.values()]

    async def get(self, vault: str, item: str) -> Item:
        self._ask()
        if item not in self.held:
            raise Exception("error resolving the item: item not found")  # noqa: TRY002  as the SDK does
        return self.held[item].model_copy(deep=True)

    async def create(self, params: ItemCreateParams) -> Item:
        self._ask()
        now, given = (
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            params.model_dump(exclude_none=True, exclude={"files", "document"}),
        )
        more = {"notes": "", "tags": [], "websites": [], "files": []}
        item = Item(**{**more, **given}, id=new_id(), version=1, created_at=now, updated_at=now)  # type: ignore[arg-type]  # it parses them
        self.held[item.id] = item
        return item

    async def put(self, item: Item) -> Item:
        self._ask()
        if item.version != self.held[item.id].version:
            raise Exception("data conflict occurred on the server: performing a vault operation")  # noqa: TRY002
        self.held[item.id] = item.model_copy(update={"version": item.version + 1})
        return self.held[item.id]

    async def delete(self, vault: str, item: str) -> None:
        self._ask()
        self.held.pop(item)

    def _ask(self) -> None:
        self.asked += 1
        if self.fails:
            raise self.fails


class _Named:
    def __init__(self, *, id: str, title: str) -> None:  # noqa: A002  the SDK's name
        self.id, self.title = id, title


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def sdk_sink(local: LocalSink, service: Service, monkeypatch: pytest.MonkeyPatch) -> OnePasswordSink:
    """A sink whose process is this one, and whose SDK has the stand-in for its client."""

    def answered(client: SdkClient, question: dict[str, Any]) -> Any:
        answers = Answers("demo-only", 10)
        answers._client = service
        told = in_a_thread(lambda: asyncio.run(answers.to(question)))
        return Failure(told["failure"]) if "failure" in told else told["answer"]

    monkeypatch.setattr(SdkClient, "_asked", answered)
    return opened(local)


def opened(local: LocalSink, token: str = "demo-only") -> OnePasswordSink:
    inputs = SinkInputs(store=local.store, custody=local.custody, variables={TOKEN: Secret(token)})
    sink = open_sink("1password", SinkSettings(type="1password", vault=VAULT), inputs)  # type: ignore[arg-type]
    assert isinstance(sink, OnePasswordSink)
    return sink


class TestServiceAccountSink(SinkContract):
    @pytest.fixture
    def sink(self, sdk_sink: Sink) -> Sink:
        return sdk_sink


def test_what_the_sdk_alone_knows_of_an_item_stays(sdk_sink: Sink, service: Service) -> None:
    first, second = demo_secret(), demo_secret()
    sdk_sink.put("example/key", first, put_id="a", actor=ACTOR)
    (item,) = service.held.values()
    item.notes = "ask Ann"
    item.fields.append(ItemField(id="o", title="code", field_type=ItemFieldType.TOTP, value="otpauth://demo"))
    sdk_sink.put("example/key", second, put_id="b", actor=ACTOR)
    (item,) = service.held.values()
    assert sdk_sink.list()[0].created_at, "the SDK tells UTC without saying so"
    assert (item.notes, item.category.value) == ("ask Ann", "ApiCredentials")
    assert {f.title: f.value for f in item.fields}["code"] == "otpauth://demo"
    assert sdk_sink.get("example/key", actor=ACTOR) == second
    assert sdk_sink.get("example/key", version=1, actor=ACTOR) == first
    with pytest.raises(SecretAccessDenied, match="one-time"):
        sdk_sink.get("example/key#code", actor=ACTOR)


@pytest.mark.req("SECRET-3")
def test_after_the_limit_the_service_is_left_alone(sdk_sink: Sink, service: Service) -> None:
    sdk_sink.probe()
    service.fails, asked = RateLimitExceededException("demo"), service.asked
    for _ in range(2):
        with pytest.raises(SecretUnavailable, match="too often"):
            sdk_sink.get("example/key", actor=ACTOR)
    assert service.asked == asked + 1


@pytest.mark.req("SECRET-3", "SECRET-7")
@pytest.mark.parametrize("token", ["demo-only", "ops_ZGVtbw"])
def test_a_token_that_is_none_is_refused_by_the_real_sdk_without_a_network(
    local: LocalSink, token: str
) -> None:
    sink = opened(local, token)
    client = sink.vault.client
    assert isinstance(client, SdkClient)
    assert client.pid is None
    with pytest.raises(SecretAccessDenied, match="refuses the token") as caught:
        sink.get("example/key", actor=ACTOR)
    assert token not in repr((caught.value, vars(sink), vars(client)))
    assert client.pid
    client.end()
    assert client.pid is None


@pytest.mark.req("SECRET-3")
def test_a_process_that_was_killed_is_said_and_started_anew(local: LocalSink) -> None:
    sink = opened(local)
    client = sink.vault.client
    assert isinstance(client, SdkClient)
    assert client.vaults() is Failure.TOKEN_REFUSED
    assert client._running
    client._running.process.kill()
    client._running.process.wait()
    with pytest.raises(SecretUnavailable, match="has ended"):
        sink.list()
    assert client.vaults() is Failure.TOKEN_REFUSED
    client.end()


@pytest.mark.req("SECRET-3")
def test_every_failure_has_its_sentence_and_no_word_of_the_sdk_s(sdk_sink: Sink, service: Service) -> None:
    for text, said in {
        "invalid service account token": "refuses the token",
        "a network request failed": "can't be reached",
        "you do not have permission: forbidden": "does not allow",
        "internal server error": "error of its own",
        "something else: demo-only": "not one of its kind",
    }.items():
        service.fails = Exception(text)
        with pytest.raises(BrokerError, match=said) as caught:
            sdk_sink.list()
        assert text not in repr(caught.value)
    assert failure_of(TimeoutError()) == "timeout"
    with pytest.raises(ValueError):
        in_a_thread(lambda: asyncio.run(done(service, {"do": "demo"})))


@pytest.mark.req("SECRET-3")
def test_without_the_sdk_the_extra_is_named(local: LocalSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenbroker.sinks.onepassword.find_spec", lambda name: None)
    with pytest.raises(SettingsError) as caught:
        opened(local)
    assert "tokenbroker[onepassword]" in caught.value.next_step
