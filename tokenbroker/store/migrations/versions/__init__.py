"""One file a step. The newest one's revision stands in ``tokenbroker.store.engine.REVISIONS`` as well."""
