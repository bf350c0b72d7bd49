/**
 * @file
 * switchover_profiles.h: the protocols that a connection can switch to, and intermediaries.
 *
 * None of it is needed for the switch itself: `switchover.h` accepts any protocol. Here is what
 * WebSocket, h2c, connect-udp and connect-ip ask for beyond their names, which fields an
 * intermediary forwards, and the conversion between HTTP/1.1 and HTTP/2. Generated from the sources
 * of `ffi-c` by its test `header`; do not edit. The contract is that of `switchover.h`.
 *
 * CONTENTS
 *
 * @INDEX@
 */
