"""The parts of `switchover.aio`."""
