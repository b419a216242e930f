"""JupyterHub's own settings, read by JupyterHub in its own environment: loopback only, everything in one folder.

The folder is the current one; what differs from run to run is in `hub.json` there, which only its owner can read.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

given = json.loads(Path("hub.json").read_text(encoding="utf-8"))
c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub puts it there

c.JupyterHub.bind_url = given["url"]
c.JupyterHub.hub_bind_url = given["hub_url"]
c.ConfigurableHTTPProxy.api_url = given["proxy_url"]
c.ConfigurableHTTPProxy.command = [str(Path(sys.executable).with_name("configurable-http-proxy"))]
c.JupyterHub.db_url = "sqlite:///hub.sqlite"

# Whoever knows the password signs in, under any name; DummyAuthenticator's own password is deprecated.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = given["password"]
c.Authenticator.allow_all = True

# Nobody is sent to a notebook server, so none is ever started.
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.default_url = "/hub/home"


def end_with_the_test() -> None:
    """End as after a SIGTERM, proxy and all, once whoever holds the other end of standard input is gone."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_the_test, daemon=True).start()
