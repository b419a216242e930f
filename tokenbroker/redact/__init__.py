"""Text, bytes, exceptions and log lines made safe to leave the process."""

from tokenbroker.redact.logs import RedactingFilter
from tokenbroker.redact.redactor import Redactor

__all__ = ["RedactingFilter", "Redactor"]
