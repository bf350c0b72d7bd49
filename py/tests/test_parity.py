"""Compares the stub with the engine's tables: names, numbers, order, defaults."""

import ast
import enum
from pathlib import Path
from types import ModuleType

import switchover

STUB = ast.parse((Path(switchover.__file__).parent / "__init__.pyi").read_text())
FUNCTIONS = [node for node in STUB.body if isinstance(node, ast.FunctionDef)]
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
OPTIONS = CLASSES["Config"]


def test_enums_have_the_same_members_in_the_same_order() -> None:
    enums = {
        name: item for name, item in vars(switchover).items() if isinstance(item, type) and issubclass(item, enum.Enum)
    }
    enums.pop("NeedData")
    assert len(enums) == 25
    for name, item in enums.items():
        assigned = [node for node in CLASSES[name].body if isinstance(node, ast.Assign)]
        stub = {ast.unparse(node.targets[0]): ast.literal_eval(node.value) for node in assigned}
        assert list(stub.items()) == [(member.name, member.value) for member in item], name


def test_members_carry_the_engines_names_and_texts() -> None:
    assert switchover.Why.NO_CONNECTION_OPTION.label == "no-connection-option"
    assert switchover.Why.TOO_MANY.text
    assert switchover.Ineligible.VERSION.status == 426
    assert all(reason.text and reason.status >= 400 for reason in switchover.Ineligible)
    assert [fault.label for fault in switchover.CapsuleFault] == ["too-long", "no-context", "truncated"]
    assert all(fault.text for fault in switchover.CapsuleFault)
    code = switchover.ErrorKind.HOST_MISSING
    assert (code, code.label, code.status, code.blame) == (301, "host-missing", 400, switchover.Blame.PEER)
    assert all(code.text and code.label for code in switchover.ErrorKind)
    assert {code.status for code in switchover.ErrorKind if code.blame is switchover.Blame.LOCAL} == {None}


def test_options_have_the_same_names_and_defaults_in_the_same_order() -> None:
    new = next(node for node in OPTIONS.body if isinstance(node, ast.FunctionDef) and node.name == "__new__")
    defaults = [ast.literal_eval(default) for default in new.args.kw_defaults if default]
    stub = dict(zip((arg.arg for arg in new.args.kwonlyargs), defaults, strict=True))
    config = switchover.Config()
    # `dir` sorts, `__dir__` does not.
    assert list(stub.items()) == [(name, getattr(config, name)) for name in config.__dir__()]
    attributes = [ast.unparse(node.target) for node in OPTIONS.body if isinstance(node, ast.AnnAssign)]
    assert attributes == list(stub)


def test_every_option_can_be_set() -> None:
    defaults = switchover.Config()
    for name in defaults.__dir__():
        default = getattr(defaults, name)
        other = True if isinstance(default, bool) else default ^ 1
        config = switchover.Config(**{name: other})
        assert getattr(config, name) == other
        assert config != defaults
        assert repr(config) == f"Config({name}={getattr(config, name)})"


def test_help_tells_every_option_and_every_member() -> None:
    for name in switchover.Config().__dir__():
        assert f"\n{name}: " in (switchover.Config.__doc__ or ""), name
    enums = [item for item in vars(switchover).values() if isinstance(item, type) and issubclass(item, enum.Enum)]
    assert len(enums) > 20
    for members in enums:
        if members is not switchover.NeedData:
            for member in members:
                assert member.__doc__ != members.__doc__
                assert f"\n{member.name}: {member.__doc__}" in (members.__doc__ or "")


def test_everything_public_is_exported_and_documented() -> None:
    # An imported submodule is an attribute too.
    named = {name for name, item in vars(switchover).items() if not isinstance(item, ModuleType)}
    public = {name for name in named if not name.startswith("_")} | {"__version__"}
    assert set(switchover.__all__) == public
    for name, node in CLASSES.items():
        assert ast.get_docstring(node), name
        methods = [item for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")]
        documented = {method.name for method in methods if ast.get_docstring(method)}
        assert {method.name for method in methods} == documented
        for method in methods:
            assert getattr(getattr(switchover, name), method.name).__doc__, f"{name}.{method.name}"
    for function in FUNCTIONS:
        assert ast.get_docstring(function), function.name
        assert getattr(switchover, function.name).__doc__, function.name
