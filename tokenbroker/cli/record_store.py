"""What a person typed while they recorded, and the key that they made, come to rest in sinks: if they want it."""

import secrets
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tokenbroker.broker import Broker
from tokenbroker.cli.asking import Ask, is_yes
from tokenbroker.cli.record_words import and_all
from tokenbroker.cli.secrets import print_key_advice
from tokenbroker.errors import BrokerError, SecretNotFound
from tokenbroker.secret import Secret
from tokenbroker.sinks.env import variable_for


@dataclass(kw_only=True)
class Storing:
    """One sitting's secrets on their way into sinks. The flow is saved already: nothing here can undo that.

    Attributes:
        refusals: what sinks refused, for good.
        stored: how many were stored.
    """

    broker: Broker
    ask: Ask
    refusals: list[BrokerError] = field(default_factory=list)
    stored: int = 0

    def inputs(self, named: Mapping[str, Secret]) -> None:
        """Offer to store what the flow reads, by its path, where flows read from."""
        settings = self.broker.configuration
        alias = settings.settings.inputs.sink
        sink = settings.sink(alias)
        if sink.type == "env":
            print(f"\nThe flow reads {and_all([*named])} from variables of the environment. Before a run:")
            for path in named:
                print(f"  export {variable_for(path, sink.prefix)}=…")
            return
        wanted = self._tried(lambda: self._missing(alias, named), alias, [*named])
        if not wanted:
            return
        print(f"\nThe flow reads {and_all(wanted)}, which you have typed, from the sink '{alias}'.")
        if not is_yes(self.ask, "Store what you typed there, so that it can run?"):
            print("Not stored. Before a run:")
            for path in wanted:
                print(f"  {put_by_hand(alias, path)}")
            return
        for path in wanted:
            self._put(alias, path, named[path])

    def token(self, alias: str, path: str, token: Secret) -> None:
        """Offer to store the key that was made by hand: it need not be made again."""
        print("\nThe key that you have just created by hand is not stored anywhere yet.")
        if is_yes(self.ask, f"Store it as {alias}:{path}?"):
            self._put(alias, path, token)
        else:
            print("Not stored: it lives on at the site. Revoke it there if you don't need it.")

    def end(self) -> None:
        """Say once where the master key is, as every first store does."""
        if self.stored:
            print_key_advice(self.broker)

    def _missing(self, alias: str, named: Mapping[str, Secret]) -> list[str]:
        """The paths that are not there yet, and those that the person wants replaced."""
        sink, wanted = self.broker.sink(alias), []
        for path, typed in named.items():
            try:
                is_same = sink.get(path, actor=self.broker.actor) == typed
            except SecretNotFound:
                wanted.append(path)
                continue
            if is_same:
                print(f"\n{alias}:{path} is stored already, with what you typed.")
            elif is_yes(self.ask, f"\n{alias}:{path} is stored already, with another value. Replace it?"):
                wanted.append(path)
        return wanted

    def _put(self, alias: str, path: str, secret: Secret) -> None:
        put_id = f"record-{secrets.token_hex(16)}"

        def put() -> list[str]:
            stored = self.broker.sink(alias).put(path, secret, put_id=put_id, actor=self.broker.actor)
            return [f"stored as {stored} (fingerprint {stored.fingerprint})"]

        for sentence in self._tried(put, alias, [path]):
            self.stored += 1
            print(sentence)

    def _tried(self, act: Callable[[], list[str]], alias: str, paths: list[str]) -> list[str]:
        """What `act` answers; a sink that refuses may be mended meanwhile, for what is in memory is nowhere else."""
        while True:
            try:
                return act()
            except BrokerError as error:
                refused = error
            print(f"\n{refused}", file=sys.stderr, flush=True)
            if not is_yes(self.ask, "The flow is saved, but this is not stored. Try again?", default=False):
                break
        self.refusals.append(refused)
        print("Not stored. Once the sink can be used:")
        for path in paths:
            print(f"  {put_by_hand(alias, path)}")
        return []


def put_by_hand(alias: str, path: str) -> str:
    """The command by which a person stores what belongs to `path`."""
    return f"tokenbroker secrets put {shlex.quote(path if alias == 'local' else f'{alias}:{path}')}"
