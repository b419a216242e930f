"""The audit bundle: what a run left, in one file that is encrypted for its readers and signed by its home.

``RUN.bundle.age`` is an age file (https://age-encryption.org/v1) of a tar; ``RUN.bundle.age.sig`` is its SSHSIG.
Both are opened and checked by `age` and `ssh-keygen` without us; ``docs/auditors.md`` has the commands.
"""
