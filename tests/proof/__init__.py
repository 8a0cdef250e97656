"""The proof: rounds of faults by a seed, and a judge who looks from outside only.

`python -m tests.proof --help` says how it is run, docs/decisions/0023 how it is made.
"""
