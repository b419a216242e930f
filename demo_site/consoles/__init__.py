"""Two consoles over the same keys: one rendered by the server, one by the browser."""
