import pytest
from sqlalchemy import select

from tokenbroker.secret import Secret
from tokenbroker.settings import SinkSettings
from tokenbroker.sinks import SinkInputs, open_sink
from tokenbroker.sinks.env import EnvSink, take_environment, variable_for
from tokenbroker.sinks.local import LocalSink
from tokenbroker.sinks.sink import Sink
from tokenbroker.sinks.testing import ACTOR, ReadOnlySinkContract, demo_secret
from tokenbroker.store.models import AUDIT_LOG

pytestmark = pytest.mark.req("SECRET-1")

NAME = "TOKENBROKER_SECRET_EXAMPLE_PASSWORD"


def _env(local: LocalSink, variables: dict[str, Secret]) -> Sink:
    inputs = SinkInputs(store=local.store, custody=local.custody, variables=variables)
    return open_sink("env", SinkSettings(type="env"), inputs)


class TestEnvSink(ReadOnlySinkContract):
    @pytest.fixture
    def known(self) -> tuple[str, Secret]:
        return "example.password", demo_secret()

    @pytest.fixture
    def sink(self, local: LocalSink, known: tuple[str, Secret]) -> Sink:
        return _env(local, {NAME: known[1], "UNRELATED": demo_secret()})


@pytest.mark.parametrize(
    "path", ["example.password", "example/password", "Example-Password", "example password"]
)
def test_a_path_leads_to_its_variable(path: str) -> None:
    assert variable_for(path) == NAME


@pytest.mark.req("SECRET-7")
def test_taken_variables_are_gone_from_the_environment() -> None:
    environ = {NAME: "demo-only-1", "TOKENBROKER_SECRET_EMPTY": "", "PATH": "/bin"}
    taken = take_environment(environ)
    assert environ == {"PATH": "/bin"}
    assert taken == {NAME: Secret("demo-only-1")}
    assert "demo-only-1" not in repr(taken)


@pytest.mark.req("SECRET-6")
def test_one_secret_has_one_fingerprint_in_every_sink(local: LocalSink) -> None:
    secret = demo_secret()
    reference = local.put("example.password", secret, put_id="a", actor=ACTOR)
    assert [stored.fingerprint for stored in _env(local, {NAME: secret}).list()] == [reference.fingerprint]


@pytest.mark.req("AUDIT-1")
def test_reads_are_audited(local: LocalSink) -> None:
    sink = _env(local, {NAME: demo_secret()})
    assert isinstance(sink, EnvSink)
    sink.get("example.password", actor=ACTOR)
    row = local.store.read(lambda c: c.execute(select(AUDIT_LOG)).one())
    assert (row.action, row.key, row.result, row.actor) == ("get_token", "env:example.password", "ok", ACTOR)
