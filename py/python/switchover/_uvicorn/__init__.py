"""The parts of `switchover.uvicorn`."""
