"""The class of uvicorn's protocol with an option that is off by default."""

import switchover.uvicorn


class Protocol(switchover.uvicorn.Protocol):
    """Starts an app within the turn of the loop that its request came in."""

    eager_start = True
