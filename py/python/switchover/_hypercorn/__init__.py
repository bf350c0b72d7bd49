"""The parts of `switchover.hypercorn`."""
