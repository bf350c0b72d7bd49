/**
 * @file
 * switchover.h: HTTP/1.1 connections that can switch to another protocol.
 *
 * An engine without I/O for clients and servers, specialised in the Upgrade mechanism. Generated
 * from the sources of `ffi-c` by its test `header`; do not edit.
 *
 * CONTENTS
 *
 * @INDEX@
 *
 * `switchover_profiles.h` has the profiles: WebSocket, h2c, MASQUE, gateways, HTTP/2.
 *
 * THE CONTRACT
 *
 * One swo_conn per transport connection. It never blocks, polls, wakes a thread or reads a clock;
 * your code reads and writes the transport.
 *
 *  1. Receive. swo_receive copies bytes that the peer sent. Or read the socket directly into
 *     swo_receive_buffer, and pass the number of bytes to swo_receive_commit. swo_receive_eof marks
 *     the end of the peer's bytes. Do not read while swo_wants_input is 0.
 *  2. Handle events. Call swo_next_event until it returns SWO_EVENT_KIND_NEED_DATA (send a 100 if
 *     swo_owes is SWO_OWES_CONTINUE, send what was written, then read) or SWO_EVENT_KIND_PAUSED
 *     (act: accept or decline, respond, speak the new protocol, or close). Each further call
 *     returns the same pause until you have acted. To respond later, do nothing at
 *     SWO_EVENT_KIND_END_OF_MESSAGE, leave the loop at the pause, and enter it again after the
 *     response. Slices of an event are valid until the next *inbound* call on the connection: copy
 *     what the response needs. The comment of each inbound call says so: swo_receive,
 *     swo_receive_buffer, swo_receive_commit, swo_receive_eof, swo_next_event, swo_receive_event,
 *     swo_pass_content, swo_take_leftover, swo_hand_over, swo_release, swo_resume_http. Calls that
 *     send do not end the event. So an echo may send the slice of the event itself, and the code of
 *     the next protocol may use the leftover in the memory that SWO_EVENT_KIND_SWITCHED points to.
 *  3. Send. swo_respond and the other responses, swo_send_* and the upgrade functions write into
 *     the caller's memory, all bytes or none. A call that returns an error has changed nothing.
 *     Send what was written, then continue with 2. A 2xx to CONNECT opens a tunnel: a server
 *     without tunnels responds with a 501.
 *  4. Close. After a peer error from swo_next_event a server calls swo_reject with
 *     swo_error_status, which responds to the request that waits, or else to the malformed one. If
 *     that returns an error, and in a client, call swo_abandon. At SWO_PAUSED_CLOSED close the
 *     transport as swo_closing says; a server also does so when nothing is owed and swo_persists is
 *     0. Closing with unread bytes resets the connection, and the peer may lose the last response
 *     (RFC 9112, section 9.6).
 *
 * `switchover_profiles.h` has the profiles: the negotiation of WebSocket, h2c, connect-udp and
 * connect-ip beyond their names, the fields that an intermediary forwards, and conversion between
 * HTTP/1.1 and HTTP/2. If you need none of them, call none.
 *
 * POINTERS. NULL is rejected with SWO_NULL, except where a comment allows it and for arrays without
 * entries; if `cap` is 0, so that nothing can be written, the pointer for the number written may be
 * NULL too. Other pointers must be valid during the call and for the length beside them; outputs
 * must not overlap inputs. A slice of an event may be an argument of a call that sends, never of an
 * inbound call on the same connection: swo_receive rejects it with SWO_OVERLAP, as
 * swo_capsules_receive does with a payload that its reader has returned. Memory that is all zeros,
 * that held a connection before or that holds another kind of object is detected as not a
 * connection (SWO_BAD_HANDLE). The same holds for a splice, a reader of capsules, field lines, a
 * block and a prepared response. Memory that swo_conn_free and the other free functions have freed
 * is not detected.
 *
 * RESULTS. 0 is SWO_OK. SWO_ERROR_* are errors of the engine, with the same numbers in every
 * language. Numbers from 1000 up are results of the C binding alone. Outputs are the last arguments
 * and are written only on success. Exceptions, as their comments say, are a size or count if the
 * space is too small, the index of a wrong field line or the rule that an offer breaks
 * (swo_send_request), and the reason of a SWO_REFUSED. A defect in the library is SWO_PANIC: the
 * connection or other object that was being changed is dead, and returns SWO_PANIC until it is
 * freed.
 *
 * MEMORY. The memory of a connection is limited by its configuration. A connection keeps it from
 * message to message, so after the first few it seldom needs more. If the allocator has none, the
 * call returns SWO_ERROR_OUT_OF_MEMORY: nothing has changed, and the same call may succeed later.
 * So does every other call that allocates.
 *
 * THE SMALL FLAVOUR. ffi-c/small builds the same functions in a fraction of the size. Two things
 * differ.
 *  - A defect in the library calls abort(3). There is no SWO_PANIC.
 *  - Memory comes from malloc(3), or from the functions of swo_set_memory.
 *
 * NUMBERS. Enums are passed as uint32_t and checked (SWO_BAD_ENUM). SWO_NONE means no value.
 *
 * THREADS. The library starts no threads. It has no state outside your objects that you could see,
 * except the functions of swo_set_memory. (The fastest way to scan on this machine is found once
 * and stored, by atomic writes of the same value.) A connection, splice or reader may move between
 * threads, and is used by one at a time. A prepared response and a block never change: several
 * threads may use one at once, each on a connection of its own.
 */
