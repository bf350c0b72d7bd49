"""The modules that `switchover.aio`, the anyio adapter, is made of."""
