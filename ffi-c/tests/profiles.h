/* The calls of a test case for WebSocket, MASQUE, intermediaries, HTTP/2 and the splice, with results as in
 * `tests/rust/src/script/profiles.rs`. Part of runner.c. */

/* Makes a call with no space and then with enough: `call` has the arguments `out`, `cap`, `&written`. */
#define WRITTEN(result, bytes, call) \
    do { \
        uint8_t *out = NULL; \
        size_t cap = 0, written = 0; \
        (result) = (call); \
        if ((result) == SWO_ERROR_OUTPUT_TOO_SMALL) { \
            cap = written; \
            out = (uint8_t *)malloc(cap); \
            (result) = (call); \
        } \
        if (!(result)) text_add(bytes, out, written); \
        free(out); \
    } while (0)

/* Appends a line with a name and the bytes written, or the word `none`. */
static void put_written(text *says, const char *name, swo_result result, text *bytes) {
    text_put(says, "%s %s\n", name, result ? "none" : bytes->at);
    text_free(bytes);
}

/* Records an error as a fault of the case, unless it is `allowed`. */
static void needs(player *p, swo_result result, swo_result allowed) {
    if (result != allowed) must(p, result);
}

/* The current head: the request of a server, the response of a client. */
typedef struct current {
    swo_request request;
    swo_field fields[200];
    size_t count;
} current;

static swo_result take_head(const swo_conn *conn, current *head) {
    swo_event event;
    swo_result result = swo_current_event(conn, &event);
    int is_response = !result && (event.kind == SWO_EVENT_KIND_RESPONSE || event.kind == SWO_EVENT_KIND_INFORMATIONAL);
    if (!result && event.kind == SWO_EVENT_KIND_SWITCHED) is_response = event.u.switched.response.status != 0;
    return (is_response ? swo_event_fields : swo_request_fields)(conn, head->fields, 200, &head->count);
}

static swo_request_head take_request(player *p, current *head) {
    swo_request_head request;
    must(p, swo_current_request(p->conn, &head->request));
    must(p, swo_request_fields(p->conn, head->fields, 200, &head->count));
    request.method = head->request.method;
    request.target = head->request.target;
    request.fields = head->fields;
    request.field_count = head->count;
    return request;
}

/* Splits a list at semicolons, and removes the spaces before its entries. */
static void take_entries(decision *d, const uint8_t *at, size_t len) {
    const uint8_t *end = at + len, *last;
    for (; at < end; at = last + 1) {
        while (at < end && *at == ' ') at++;
        for (last = at; last < end && *last != ';';) last++;
        swo_slice entry = {at, (size_t)(last - at)};
        d->list[d->list_count++] = entry;
    }
}

/* Calls for WebSocket. */

static void on_websocket_key(player *p, decision *d, swo_slice nonce, text *says) {
    text key = {NULL, 0, 0};
    swo_result result;
    (void)d;
    WRITTEN(result, &key, swo_websocket_key(nonce.data, nonce.len, out, cap, &written));
    must(p, result);
    put_written(says, "websocket-key", result, &key);
}

static void on_subprotocol(player *p, decision *d, swo_slice what, text *says) {
    static const char by_server[] = " by server";
    size_t suffix = sizeof by_server - 1;
    int is_servers = what.len > suffix && !memcmp(what.data + what.len - suffix, by_server, suffix);
    swo_slice chosen = SWO_TEXT("none");
    take_entries(d, what.data, what.len - (is_servers ? suffix : 0));
    needs(p, swo_select_subprotocol(p->conn, d->list, d->list_count, is_servers ? SWO_ORDER_SERVER : SWO_ORDER_CLIENT,
                                    &chosen), SWO_NOTHING);
    text_put(says, "subprotocol %.*s\n", (int)chosen.len, (const char *)chosen.data);
}

static void put_deflate(text *says, const char *name, swo_result result, const swo_deflate *deflate) {
    text value = {NULL, 0, 0};
    if (!result) WRITTEN(result, &value, swo_deflate_write(deflate, out, cap, &written));
    put_written(says, name, result, &value);
}

static uint32_t bits_of(const char *text, const char *name) {
    const char *at = strstr(text, name);
    return at ? (uint32_t)strtoul(at + strlen(name), NULL, 10) : 0;
}

static void on_deflate(player *p, decision *d, swo_slice what, text *says) {
    const char *text = (const char *)what.data;
    swo_deflate own, agreed;
    (void)d;
    own.server_no_context_takeover = strstr(text, "server_no_context_takeover") != NULL;
    own.client_no_context_takeover = strstr(text, "client_no_context_takeover") != NULL;
    own.server_max_window_bits = bits_of(text, "server_max_window_bits=");
    own.client_max_window_bits = bits_of(text, "client_max_window_bits=");
    swo_result result = swo_select_deflate(p->conn, &own, &agreed);
    needs(p, result, SWO_NOTHING);
    put_deflate(says, "deflate", result, &agreed);
}

static void on_agreed_deflate(player *p, decision *d, swo_slice what, text *says) {
    swo_deflate agreed;
    swo_result result = swo_agreed_deflate(p->conn, &agreed);
    (void)d, (void)what;
    needs(p, result, SWO_NOTHING);
    put_deflate(says, "agreed-deflate", result, &agreed);
}

/* Calls for MASQUE. */

static void on_says_capsules(player *p, decision *d, swo_slice what, text *says) {
    current head;
    (void)d, (void)what;
    int is_said = !take_head(p->conn, &head) && swo_says_capsules(head.fields, head.count);
    text_put(says, "says-capsules %s\n", is_said ? "true" : "false");
}

static void on_target(player *p, decision *d, swo_slice what, text *says) {
    int is_udp = !strcmp(d->verb, "udp-target");
    const char *uri_template = what.len ? (const char *)what.data : is_udp ? SWO_UDP_TEMPLATE : SWO_IP_TEMPLATE;
    text host = {NULL, 0, 0};
    swo_request request;
    uint32_t number = 0;
    swo_result result = swo_current_request(p->conn, &request);
    text_add(&host, "", 0);
    if (!result) {
        WRITTEN(result, &host, (is_udp ? swo_udp_target : swo_ip_target)(uri_template, request.target, out, cap,
                                                                         &written, &number));
    }
    needs(p, result, SWO_NOTHING);
    if (result) text_put(says, "%s none\n", d->verb);
    else if (number == SWO_NONE) text_put(says, "%s %s *\n", d->verb, host.len ? host.at : "*");
    else text_put(says, "%s %s %u\n", d->verb, host.len ? host.at : "*", number);
    text_free(&host);
}

static void put_datagram(player *p, const swo_datagram *datagram, text *says) {
    text again = {NULL, 0, 0};
    swo_result result;
    WRITTEN(result, &again, swo_datagram_write(datagram, out, cap, &written));
    must(p, result);
    text_put(says, "datagram %llu ", (unsigned long long)datagram->context);
    put_summary(says, datagram->payload.data, datagram->payload.len);
    text_put(says, " %zu\n", again.len);
    text_free(&again);
}

static void on_capsules(player *p, decision *d, swo_slice what, text *says) {
    swo_capsules *capsules = NULL;
    swo_datagram datagram;
    swo_result result;
    uint32_t fault = 0;
    (void)d;
    must(p, swo_capsules_new(SWO_UDP_PAYLOAD, &capsules));
    must(p, swo_capsules_receive(capsules, what.data, what.len));
    while (!(result = swo_capsules_next(capsules, &datagram, &fault))) put_datagram(p, &datagram, says);
    if (result == SWO_NOTHING) result = swo_capsules_finish(capsules, &fault);
    needs(p, result, SWO_REFUSED);
    text_put(says, "capsules %s\n", result ? swo_name(SWO_TABLE_CAPSULE_FAULT, fault) : "end");
    must(p, swo_capsules_free(capsules));
}

/* Calls for intermediaries, and for conversion between HTTP/1.1 and HTTP/2. */

static void on_may_forward(player *p, decision *d, swo_slice what, text *says) {
    (void)p, (void)d;
    text_put(says, "may-forward %s\n", swo_may_forward(what) ? "true" : "false");
}

static void on_forwardable(player *p, decision *d, swo_slice what, text *says) {
    (void)d, (void)what;
    text_put(says, "forwardable");
    put_protocols(says, p->conn, swo_forwardable, " ");
    text_put(says, "\n");
}

static void on_end_to_end(player *p, decision *d, swo_slice what, text *says) {
    (void)what;
    text_put(says, "%s", d->verb);
    put_fields(says, p->conn, swo_end_to_end);
    text_put(says, "\n");
}

static void put_lines(player *p, text *says, const char *name, swo_lines *lines) {
    const swo_field *fields;
    size_t count;
    must(p, swo_lines_get(lines, &fields, &count));
    text_put(says, "%s", name);
    if (!p->fault) put_list(says, fields, count);
    text_put(says, "\n");
    must(p, swo_lines_free(lines));
}

static void on_check_http2(player *p, decision *d, swo_slice what, text *says) {
    uint32_t status = (uint32_t)strtoul((const char *)what.data, NULL, 10), reason = 0;
    swo_result result = swo_check_http2(status, d->fields, d->field_count, &reason);
    needs(p, result, SWO_REFUSED);
    text_put(says, "check-http2 %s\n", result ? swo_name(SWO_TABLE_OVER_HTTP2, reason) : "ok");
}

static void on_http2(player *p, decision *d, swo_slice what, text *says) {
    current head;
    swo_lines *lines = NULL;
    swo_request_head request = take_request(p, &head);
    uint32_t secure = p->vector->config.secure;
    if (what.len) must(p, swo_extended_connect(&request, what, secure, &lines));
    else must(p, swo_http2_request(&request, secure, &lines));
    put_lines(p, says, d->verb, lines);
}

static void on_http2_fields(player *p, decision *d, swo_slice what, text *says) {
    current head;
    swo_lines *lines = NULL;
    (void)what;
    must(p, take_head(p->conn, &head));
    must(p, swo_http2_fields(head.fields, head.count, &lines));
    put_lines(p, says, d->verb, lines);
}

static void on_http1(player *p, decision *d, swo_slice what, text *says) {
    const uint8_t *space = (const uint8_t *)memchr(what.data, ' ', what.len);
    swo_slice authority = what, key = {NULL, 0};
    swo_lines *lines = NULL;
    uint32_t reason = 0;
    if (space) {
        authority.len = (size_t)(space - what.data);
        key.data = space + 1;
        key.len = what.len - authority.len - 1;
    }
    swo_result result = swo_http1_fields(authority, d->fields, d->field_count, key, &lines, &reason);
    needs(p, result, SWO_REFUSED);
    if (result) text_put(says, "http1 %s\n", swo_name(SWO_TABLE_OVER_HTTP2, reason));
    else put_lines(p, says, "http1", lines);
}

/* Calls of the splice between a client and an HTTP/2 engine. */

static void on_splice(player *p, decision *d, swo_slice what, text *says) {
    swo_splice *splice = p->splice;
    uint32_t reason = 0;
    swo_result result = swo_splice_new(p->conn, what.data, what.len, d->fields, d->field_count, &p->splice, &reason);
    needs(p, result, SWO_REFUSED);
    if (!result) must(p, swo_splice_free(splice));
    text_put(says, "splice %s\n", result ? swo_name(SWO_TABLE_INELIGIBLE, reason) : "ok");
}

static void put_taken(text *says, const char *name, swo_slice bytes) {
    if (!bytes.len) return;
    text_put(says, "%s ", name);
    put_summary(says, bytes.data, bytes.len);
    text_put(says, "\n");
}

static void on_spliced(player *p, decision *d, swo_slice what, text *says) {
    swo_slice for_engine = {NULL, 0}, for_client = {NULL, 0};
    if (!strcmp(d->verb, "from-client")) must(p, swo_splice_client_sent(p->splice, what.data, what.len));
    else if (!strcmp(d->verb, "from-engine")) must(p, swo_splice_engine_sent(p->splice, what.data, what.len));
    else must(p, swo_splice_client_ended(p->splice));
    must(p, swo_splice_take_for_engine(p->splice, &for_engine));
    must(p, swo_splice_take_for_client(p->splice, &for_client));
    put_taken(says, "for-engine", for_engine);
    put_taken(says, "for-client", for_client);
    text_put(says, "splice done=%s waiting=%s wants=%s\n", swo_splice_is_done(p->splice) ? "true" : "false",
             swo_splice_is_waiting(p->splice) ? "true" : "false", swo_splice_wants_client(p->splice) ? "true" : "false");
}

/* Makes the call that the verb names; returns 0 if the verb is none of those in `questions`. */
static int ask_of_profile(player *p, decision *d, text *says) {
    static const struct {
        const char *verb;
        void (*answer)(player *p, decision *d, swo_slice what, text *says);
    } questions[] = {
        {"websocket-key", on_websocket_key}, {"subprotocol", on_subprotocol}, {"deflate", on_deflate},
        {"agreed-deflate", on_agreed_deflate}, {"says-capsules", on_says_capsules}, {"udp-target", on_target},
        {"ip-target", on_target}, {"capsules", on_capsules}, {"forwardable", on_forwardable}, {"may-forward", on_may_forward},
        {"end-to-end", on_end_to_end}, {"check-http2", on_check_http2},
        {"http2", on_http2}, {"extended", on_http2}, {"http2-fields", on_http2_fields}, {"http1", on_http1},
        {"splice", on_splice}, {"from-client", on_spliced}, {"from-engine", on_spliced}, {"client-ended", on_spliced},
    };
    for (size_t at = 0; at < sizeof questions / sizeof *questions; at++) {
        if (strcmp(d->verb, questions[at].verb)) continue;
        questions[at].answer(p, d, word(d, 0), says);
        return 1;
    }
    return 0;
}
