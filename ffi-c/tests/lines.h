/* Formats the output of a connection as lines of a log. Part of runner.c. */

typedef swo_result (*get_fields)(const swo_conn *, swo_field *, size_t, size_t *);

static void put_list(text *to, const swo_field *fields, size_t count) {
    for (; count--; fields++) {
        text_put(to, " {");
        put_escaped(to, fields->name.data, fields->name.len);
        text_put(to, ": ");
        put_escaped(to, fields->value.data, fields->value.len);
        text_put(to, "}");
    }
}

static void put_fields(text *to, const swo_conn *conn, get_fields get) {
    size_t count = 0;
    swo_result result = get(conn, NULL, 0, &count);
    swo_field *fields = (swo_field *)malloc((count + 1) * sizeof *fields);
    if (result == SWO_ARRAY_TOO_SMALL) result = get(conn, fields, count, &count);
    if (!result) put_list(to, fields, count);
    free(fields);
    if (result) text_put(to, " FIELDS %s", swo_error_name(result));
}

static void put_protocol(text *to, const swo_protocol *protocol) {
    text_slice(to, protocol->name);
    if (protocol->version.data) text_add(to, "/", 1);
    text_slice(to, protocol->version);
}

typedef swo_result (*get_protocols)(const swo_conn *, swo_protocol *, size_t, size_t *);

/* Appends `before` and a list of protocols, unless the list is empty. */
static void put_protocols(text *to, const swo_conn *conn, get_protocols get, const char *before) {
    swo_protocol list[64];
    size_t count = 0;
    swo_result result = get(conn, list, 64, &count);
    if (result) text_put(to, " PROTOCOLS %s", swo_error_name(result));
    for (size_t at = 0; !result && at < count; at++) {
        text_put(to, "%s", at ? ", " : before);
        put_protocol(to, &list[at]);
    }
}

static void put_offers(text *to, const swo_conn *conn, const swo_request *request) {
    swo_offer offers[256];
    size_t count = 0;
    if (request->no_offer == SWO_NO_OFFER_ABSENT) return;
    if (request->no_offer != SWO_NONE) {
        text_put(to, " offers nothing (%s)", swo_name(SWO_TABLE_NO_OFFER, request->no_offer));
        return;
    }
    if (swo_offers(conn, offers, 256, &count) || count != request->offer_count) text_put(to, " OFFERS");
    text_put(to, " offers [");
    for (size_t at = 0; at < count; at++) {
        text_put(to, at ? ", " : "");
        put_protocol(to, &offers[at].protocol);
        if (offers[at].ineligible != SWO_NONE) text_put(to, "!%s", swo_name(SWO_TABLE_INELIGIBLE, offers[at].ineligible));
    }
    text_put(to, "]");
}

static void put_error(text *to, const swo_conn *conn, swo_result result) {
    swo_failure_info failure = {0};
    swo_failure(conn, &failure);
    text_put(to, "error %u %s ", result, swo_error_name(result));
    text_put(to, swo_error_status(result) ? "%u" : "-", swo_error_status(result));
    if (failure.code == result) text_put(to, " @%llu", (unsigned long long)failure.offset);
    else text_put(to, " @-");
}

static void put_switched(text *to, const swo_conn *conn, const swo_switched *switched, int shows_fields) {
    text_put(to, "switched by %s", swo_name(SWO_TABLE_SWITCHED_BY, switched->by));
    put_protocols(to, conn, swo_agreed, " to ");
    if (switched->request.method.data) {
        text_put(to, " for ");
        text_slice(to, switched->request.method);
        text_put(to, " ");
        text_slice(to, switched->request.target);
    }
    if (switched->response.status) {
        text_put(to, " %u", switched->response.status);
        if (shows_fields) put_fields(to, conn, swo_event_fields);
    }
}

static void put_event(text *to, const swo_conn *conn, const swo_event *event, int shows_fields, size_t refused) {
    int has_position = 1;
    swo_slice unread;
    switch (event->kind) {
    case SWO_EVENT_KIND_REQUEST:
        text_put(to, "request ");
        put_compact(to, event->u.request.method);
        text_put(to, " ");
        put_compact(to, event->u.request.target);
        text_put(to, " 1.%u", event->u.request.minor_version);
        put_offers(to, conn, &event->u.request);
        if (shows_fields) put_fields(to, conn, swo_event_fields);
        break;
    case SWO_EVENT_KIND_INFORMATIONAL:
    case SWO_EVENT_KIND_RESPONSE:
        text_put(to, "%s %u", swo_name(SWO_TABLE_EVENT_KIND, event->kind), event->u.response.status);
        if (event->kind == SWO_EVENT_KIND_RESPONSE) text_put(to, " 1.%u", event->u.response.minor_version);
        if (event->u.response.dropped) text_put(to, " dropped %u", event->u.response.dropped);
        if (shows_fields) put_fields(to, conn, swo_event_fields);
        break;
    case SWO_EVENT_KIND_END_OF_MESSAGE:
        text_put(to, "end");
        put_fields(to, conn, swo_event_fields);
        break;
    case SWO_EVENT_KIND_SWITCHED: put_switched(to, conn, &event->u.switched, shows_fields); break;
    case SWO_EVENT_KIND_PAUSED:
        text_put(to, "paused %s", swo_name(SWO_TABLE_PAUSED, event->u.paused));
        if (event->u.paused == SWO_PAUSED_CLOSED && !swo_unread(conn, &unread) && unread.len + refused) {
            text_put(to, " discarded %zu", unread.len + refused);
        }
        has_position = 0;
        break;
    default:
        text_put(to, "%s", swo_name(SWO_TABLE_EVENT_KIND, event->kind));
        has_position = 0;
    }
    if (has_position) text_put(to, " @%llu", (unsigned long long)event->position);
}
