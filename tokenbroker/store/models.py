"""The tables, once for every database; ``migrations/`` leads to exactly this, which a test proves.

Moments are RFC 3339 text in UTC with microseconds (:func:`tokenbroker.clock.iso`): the audit log hashes
them, so they must come back as they went in.
"""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sink", Text, nullable=False, comment="the alias that the secret was put under"),
    Column("service_id", Text, nullable=False, comment="the first part of the path"),
    Column("path", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="1, 2, …; never used again after a removal"),
    Column("put_id", Text, nullable=False, comment="names one act of putting, so that it can be repeated"),
    Column("fingerprint", Text, nullable=False),
    Column("key_id", Text, nullable=False, comment="the master key that sealed this record"),
    Column("nonce", LargeBinary, comment="96 bits, fresh for each record; null once removed"),
    Column("sealed", LargeBinary, comment="AES-256-GCM ciphertext and tag; null once removed"),
    Column("created_at", Text, nullable=False),
    Column("removed_at", Text),
    UniqueConstraint("sink", "path", "version"),
    UniqueConstraint("sink", "put_id"),
    Index(None, "service_id", "path"),
)

AUDIT_LOG = Table(
    "audit_log",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="1, 2, 3 … without a gap"),
    Column("at", Text, nullable=False),
    Column("service_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False, comment="a path, never a value"),
    Column("result", Text, nullable=False, comment='"ok" or the code of an error'),
    Column("detail", Text, nullable=False, comment="a JSON object of codes and numbers"),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "key", "id"),
)

TOKEN_JOBS = Table(
    "token_jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("flow_id", Text, nullable=False, comment='"site/flow"'),
    Column("mode", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("params", LargeBinary, comment="sealed, or null"),
    Column("audit_ref", Integer, comment="the audit row of the job's start"),
    Column("created_key", Boolean, nullable=False, comment="whether the site was asked to create a key"),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Index(None, "flow_id", "created_at"),
)

DATA_KEYS = Table(
    "data_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="AES-256-GCM ciphertext and tag"),
    Column("created_at", Text, nullable=False),
)
"""At most one: the key that seals the tokens now, itself sealed under the master key."""

TOKEN_LIVES = Table(
    "token_lives",
    METADATA,
    Column("sink", Text, primary_key=True, comment="the alias that the token was put under"),
    Column("path", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("flow_id", Text, nullable=False, comment='"site/flow" or "site/flow[case]"'),
    Column("run_id", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("ends_at", Text, comment="null where nobody has said"),
    Column("rotates", Text, nullable=False, comment="the flow that gets another in its place"),
    Column("revokes", Text, nullable=False, comment="the flow that revokes it"),
    Column("grace_s", Integer, comment="how long it works after it was replaced"),
    Column("owner", Text, nullable=False),
    Column("fingerprint", Text, comment="null where nobody noted it"),
    Column("labels", Text, comment="a JSON array of words, or null"),
    Column("key_name", Text, comment="its name at the site; null where nobody noted it"),
    Column("params", Text, comment="of its run, none personal: JSON, or null"),
    Column("revoke_at", Text, comment="a page's address, or a flow"),
    Column("revoked_at", Text, comment="since when its site is known to refuse it"),
    Index(None, "ends_at"),
)

ROTATIONS = Table(
    "rotations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("sink", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("old_version", Integer, nullable=False),
    Column("flow_id", Text, nullable=False, comment='the flow that gets another: "site/flow"'),
    Column("key_name", Text, nullable=False, comment="that of the new key at the site"),
    Column("state", Text, nullable=False, comment="how far it has come"),
    Column("code", Text, nullable=False, comment="of the error that stopped it, or empty"),
    Column("new_version", Integer, comment="null until the reference leads to it"),
    Column("revoke_after", Text, comment="when the grace of the old one ends; null until it is replaced"),
    Column("begun_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Index(None, "sink", "path"),
)
"""One for each token that was, or is being, replaced by another."""

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("flow_id", Text, nullable=False, comment='"site/flow" or "site/flow[case]"'),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="in the flow's own words"),
    Column("origin", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("deadline", Text, nullable=False),
    Column("seen_at", Text, nullable=False, comment="when its run was last known to live"),
    Column("recipient", Text, nullable=False, comment="the public key that a code is sealed for"),
    Column("outcome", Text, comment="null while it waits"),
    Column("channel", Text),
    Column("who", Text),
    Column("answered_at", Text),
    Column("sealed", LargeBinary, comment="the code, which the run alone can open"),
    Column("parked_until", Text, comment="null where its deadline is its end"),
)

STORE_META = Table(
    "store_meta",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
