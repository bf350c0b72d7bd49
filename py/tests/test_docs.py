"""Runs the examples in the documentation.

They are in docstrings of the stub and of `_base.py`, and in the README.
"""

import ast
import doctest
from pathlib import Path

import pytest
import switchover

PACKAGE = Path(switchover.__file__).parent
ROOT = Path(__file__).resolve().parents[1]


def docstrings(path: Path) -> list[doctest.DocTest]:
    """Returns the doctests of all docstrings with examples, the module's first."""
    tests: list[doctest.DocTest] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            continue
        name = getattr(node, "name", path.name)
        text = ast.get_docstring(node) or ""
        test = doctest.DocTestParser().get_doctest(text, dict(vars(switchover)), name, str(path), 0)
        if test.examples:
            tests.append(test)
    return tests


EXAMPLES = [test for name in ("__init__.pyi", "_base.py") for test in docstrings(PACKAGE / name)]


@pytest.mark.parametrize("test", EXAMPLES, ids=lambda test: test.name)
def test_examples_of_docstrings(test: doctest.DocTest) -> None:
    runner = doctest.DocTestRunner()
    assert runner.run(test).failed == 0


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 7


def test_the_readme() -> None:
    assert doctest.testfile(str(ROOT / "README.md"), module_relative=False).failed == 0


@pytest.mark.parametrize(
    "name", ["server.py", "client.py", "recipes/own_protocol.py", "recipes/upload.py", "recipes/short.py"]
)
def test_the_quick_start_in_the_readme_is_what_the_tests_run(name: str) -> None:
    code = (ROOT / "examples" / name).read_text()
    assert f"```python\n{code}```" in (ROOT / "README.md").read_text()
