"""The configuration of the engine, with uvicorn's options."""

from __future__ import annotations

from .. import Config

CONFIGURED: dict[tuple[Config, int | None, bool], Config] = {}


def configured(config: Config, largest_head: int | None, secure: bool) -> Config:
    """Returns the result of `with_options`, cached by the arguments."""
    key = (config, largest_head, secure)
    if key not in CONFIGURED:
        CONFIGURED[key] = with_options(config, largest_head, secure)
    return CONFIGURED[key]


def with_options(config: Config, largest_head: int | None, secure: bool) -> Config:
    """Returns the configuration with uvicorn's limit for a head, and `secure`."""
    options = {name: getattr(config, name) for name in dir(config)}
    if largest_head is not None:
        options |= {name: max(largest_head, options[name]) for name in ("head", "start_line", "field_line")}
    return Config(**{**options, "secure": secure})
