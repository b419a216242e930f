"""Who the person at this machine is."""

import os
import pwd


def person_here() -> str:
    """Whose process this is, by the system and not by what the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
