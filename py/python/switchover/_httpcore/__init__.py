"""The parts of `switchover.httpcore`."""
