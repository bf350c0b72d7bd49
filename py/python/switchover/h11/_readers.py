"""A module that is private to h11 and does not exist here; its import fails."""

# Not a relative import: if `h11` is another name of the package, this module exists twice.
from switchover.h11._absent import refuse

refuse(__name__)
