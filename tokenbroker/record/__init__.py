"""The recorder: a token that a person creates once by hand becomes a flow (REC-1 to REC-4).

```
browser ──capture──▶ Recording ──sanitise──▶ Sanitised ──compose──▶ Draft ──emit──▶ YAML, .spec.ts
                     raw, in memory          holds nothing private
```
"""
