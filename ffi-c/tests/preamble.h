/*
 * switchover.h: HTTP/1.1 connections that can become something else.
 *
 * An engine without I/O for both roles, with the Upgrade mechanism as its speciality. Written from the sources of
 * `ffi-c` by its test `header`; do not edit.
 *
 * THE CONTRACT
 *
 * One swo_conn per transport connection. It never blocks, polls, wakes or reads a clock; your code moves the bytes.
 *
 *  1. Bytes in. swo_receive copies what the peer sent. Or read the socket straight into swo_receive_buffer, and
 *     say how much with swo_receive_commit. swo_receive_eof says that no more will come. While swo_wants_input is 0, do
 *     not read.
 *  2. Events out. swo_next_event until it is SWO_EVENT_KIND_NEED_DATA (send a 100 if swo_owes is SWO_OWES_CONTINUE,
 *     send what was written, then read) or SWO_EVENT_KIND_PAUSED (act: decide, answer, speak the new protocol, or
 *     close). A pause comes again with each call until you have acted. To answer a request later, do nothing at
 *     SWO_EVENT_KIND_END_OF_MESSAGE, leave the loop at the pause, and enter it again after the answer.
 *     Slices of an event are valid until the next *inbound* call on the connection: copy what the answer needs. Each
 *     inbound call says so in its comment: swo_receive, swo_receive_buffer, swo_receive_commit, swo_receive_eof,
 *     swo_next_event, swo_pass_content, swo_take_leftover, swo_hand_over, swo_release, swo_resume_http. Decisions do
 *     not end it, so an echo may send the very slice it was shown, and what speaks the next protocol may be given the
 *     leftover as SWO_EVENT_KIND_SWITCHED shows it.
 *  3. Decisions in, bytes out. swo_respond and the other answers, swo_send_* and the upgrade verbs write into the
 *     caller's memory: all of it or nothing. A refused one has changed nothing. Send what was written, then go on at 2.
 *     A 2xx to CONNECT opens a tunnel: a server without tunnels answers 501.
 *  4. The end. After a peer error from swo_next_event a server calls swo_reject with swo_error_status, which answers
 *     whatever is owed; where that is refused, and in a client, swo_abandon. At SWO_PAUSED_CLOSED, or when nothing is owed
 *     and swo_persists is 0, close the transport as swo_closing says. To close with bytes unread resets the connection,
 *     and may take the last answer away from the peer (RFC 9112, 9.6).
 *
 * Beside the connection stand the profiles: what WebSocket, h2c, connect-udp and connect-ip negotiate beside their names,
 * what an intermediary passes on, and what crosses between HTTP/1.1 and HTTP/2. If you need none of them, call none.
 *
 * POINTERS. NULL is refused with SWO_NULL, except where a comment allows it and for arrays of no entries; where `cap`
 * is 0, so that nothing can be written, the place for how much was written may be NULL too. Other pointers must be good
 * for the call and for the length beside them; outputs must not overlap inputs. A slice of an event may be an argument
 * of a decision, never of an inbound call on the same connection: swo_receive refuses it with SWO_OVERLAP, as
 * swo_capsules_receive does with a payload that its reader has shown. Memory that was set to zero, that held a
 * connection before or holds another kind of object is known as no connection (SWO_BAD_HANDLE), and the like is true
 * for a splice, a reader of capsules, field lines, a block and a prepared response. What swo_conn_free and the other
 * frees freed is not known.
 *
 * RESULTS. 0 is SWO_OK; SWO_ERROR_* are the engine's, with the same numbers in every language; from 1000 up what only C
 * can do wrong, and SWO_REFUSED. Outputs come last and are written only on success, but for sizes and counts on shortage
 * and the reason of a SWO_REFUSED, as said there. A defect in the library is SWO_PANIC: the connection, or what else was
 * being changed, is dead and says so until it is freed. Where the allocator has nothing left, the library calls
 * abort(3), and the process ends; some calls return SWO_OUT_OF_MEMORY before that. What a connection can take is bounded by its configuration.
 *
 * THE SMALL FLAVOUR. ffi-c/small builds the same functions in a fraction of the size. Two things differ.
 *  - A defect in the library calls abort(3). SWO_PANIC cannot come.
 *  - Memory comes from malloc(3), or from the functions of swo_set_memory. Where they have none, swo_conn_new, swo_conn_init,
 *    swo_receive, swo_receive_event and swo_receive_buffer return SWO_OUT_OF_MEMORY: nothing has changed, and the same call may
 *    succeed later. (They ask before they take: if another thread takes the memory in between, they call abort(3) too.)
 *    Every other call that needs memory calls abort(3), or returns SWO_OUT_OF_MEMORY where only the object that
 *    it makes is missing. They need it to read and to compose heads, to keep an offer, and for what swo_*_new makes. A
 *    connection keeps its memory from message to message, so after the first few it seldom asks for more.
 *
 * NUMBERS. Enums are passed as uint32_t and checked (SWO_BAD_ENUM). SWO_NONE stands where there is no value.
 *
 * THREADS. No threads, and no state outside your objects that you could see, but the functions of swo_set_memory. (How the
 * machine is best scanned is found out once and kept, by atomic writes of the same value.) A connection, splice or reader may move between
 * threads, and is used by one at a time. A prepared response and a block never change: several threads may
 * use one at once, on a connection each.
 */
