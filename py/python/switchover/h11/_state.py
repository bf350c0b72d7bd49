"""A module that is private to h11, and is not here."""

# Not by a dot: where `h11` is another name of the package, this is another copy of the module.
from switchover.h11._absent import refuse

refuse(__name__)
