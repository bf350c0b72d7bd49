"""What `switchover.aio` is made of."""
