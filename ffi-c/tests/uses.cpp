// Uses of the header from C++: SWO_TEXT, SWO_HEAD, enums, the union.
#include "switchover_profiles.h"

static const swo_slice foo = SWO_TEXT("foo/2");

uint32_t uses(swo_conn *conn);
swo_result answers(swo_conn *conn, const char *text, int len, const swo_block *block);

uint32_t uses(swo_conn *conn) {
    swo_event event;
    swo_selection selection;
    if (swo_next_event(conn, &event) != SWO_OK) return SWO_NONE;
    switch (event.kind) {
    case SWO_EVENT_KIND_REQUEST: return swo_select(conn, &foo, 1, SWO_ORDER_SERVER, &selection);
    case SWO_EVENT_KIND_RESPONSE: return event.u.response.status;
    case SWO_EVENT_KIND_DATA: return swo_owes(conn) == SWO_OWES_CONTENT ? swo_awaiting(conn) : swo_why(conn);
    default: return swo_persists(conn) ? swo_awaiting(conn) : swo_why(conn);
    }
}

swo_result answers(swo_conn *conn, const char *text, int len, const swo_block *block) {
    const swo_field fields[] = {SWO_HEAD(text, len), SWO_BLOCK(block), {SWO_TEXT("A"), SWO_TEXT("b")}};
    const swo_response_head head = {200, {nullptr, 0}, fields, 3};
    uint8_t out[512];
    size_t written;
    return swo_respond_head(conn, &head, 0, out, sizeof out, &written);
}
