"""What may be kept of a recording: everything private is replaced by a reference, or left out (REC-2).

```
Recording ──fields──▶ Private values ──finder──▶ where they recur ──naming──▶ references ──rewrite──▶ Sanitised
```
"""

from tokenbroker.record.sanitise.ledger import Replacement
from tokenbroker.record.sanitise.rule import Rule
from tokenbroker.record.sanitise.sanitised import Sanitised, sanitise

__all__ = ["Replacement", "Rule", "Sanitised", "sanitise"]
