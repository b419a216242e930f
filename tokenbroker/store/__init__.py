"""What is kept in the database: sealed tokens, jobs, and the audit log.

:func:`~tokenbroker.store.engine.open_store` opens it; ``models`` names the tables; ``audit_log`` and
``jobs`` write their rows inside the caller's transaction. Nothing here can open a sealed value.
"""
