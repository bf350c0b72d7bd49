"""Runs the first example of an installed README: `python first_example.py`.

The README is the description in the metadata of the installed package.
"""

from __future__ import annotations

import doctest
import importlib.metadata
import re
import sys


def main() -> int:
    """Returns 0 if the example prints what the README says, else 1."""
    readme = str(importlib.metadata.metadata("switchover").json["description"])
    block = re.search(r"^```python\n(>>> .*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert block, "the README of the package has no example"
    example = doctest.DocTestParser().get_doctest(block.group(1), {}, "README", "README.md", 0)
    outcome = doctest.DocTestRunner().run(example)
    return 1 if outcome.failed or not outcome.attempted else 0


if __name__ == "__main__":
    sys.exit(main())
