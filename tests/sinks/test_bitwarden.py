"""The sink `bitwarden` with `client = "cli"`: the vendor's program against a server of ours."""

import pytest

from tokenbroker.sinks import Sink
from tokenbroker.sinks.testing import SinkContract

pytestmark = pytest.mark.req("SECRET-1")


class TestBitwardenSink(SinkContract):
    @pytest.fixture
    def sink(self, bitwarden_sink: Sink) -> Sink:
        return bitwarden_sink
