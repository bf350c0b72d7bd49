/* The program that a test case describes: makes the calls that the case names, and formats the results of getters. Part
 * of runner.c. */

static void must(player *p, swo_result result) {
    if (result && !p->fault) p->fault = swo_error_text(result);
}

/* A parsed call of a test case: its verb and words, of which the last are field lines `NAME:VALUE` in hex. */
typedef struct decision {
    char *verb, *words[4], *copy;
    size_t word_count, list_count, field_count, free_count;
    text bytes[512]; /* the words, decoded from hex */
    swo_slice list[64];
    swo_field fields[200];
} decision;

static swo_slice unhexed(decision *d, const char *from, const char *end) {
    text *bytes = &d->bytes[d->free_count++];
    add_unhexed(bytes, from, end);
    swo_slice slice = {(const uint8_t *)bytes->at, bytes->len};
    return slice;
}

static swo_slice word(decision *d, size_t at) {
    const char *from = at < d->word_count ? d->words[at] : "-";
    return unhexed(d, from, from + strlen(from));
}

/* Splits a word into the entries of a list, which semicolons separate. */
static void take_list(decision *d, size_t at) {
    swo_slice all = word(d, at);
    for (size_t from = 0, end; from < all.len; from = end + 1) {
        for (end = from; end < all.len && all.data[end] != ';';) end++;
        swo_slice entry = {all.data + from, end - from};
        d->list[d->list_count++] = entry;
    }
}

static void take_apart(decision *d, const char *line) {
    memset(d, 0, sizeof *d);
    d->copy = (char *)malloc(strlen(line) + 1);
    strcpy(d->copy, line);
    d->verb = strtok(d->copy, " ");
    for (char *next; (next = strtok(NULL, " "));) {
        char *colon = strchr(next, ':');
        if (!colon) {
            d->words[d->word_count++] = next;
            continue;
        }
        swo_field field = {unhexed(d, next, colon), unhexed(d, colon + 1, colon + strlen(colon))};
        d->fields[d->field_count++] = field;
    }
}

static void put_back(decision *d) {
    for (size_t at = 0; at < d->free_count; at++) text_free(&d->bytes[at]);
    free(d->copy);
}

/* Makes the call of a verb without arguments, mostly a getter, and formats its result; returns 0 for any other verb. */
static int ask(player *p, const char *verb, text *says) {
    swo_conn *conn = p->conn;
    swo_request request;
    swo_event event;
    swo_trace_entry entry;
    swo_content_left content;
    swo_slice bytes;
    uint8_t *leftover;
    size_t count = 0;
#define IS(name) (!strcmp(verb, name))
#define FLAG(name, function) \
    if (IS(name)) return text_put(says, name " %s\n", function(conn) ? "true" : "false"), 1;
    FLAG("may-speak", swo_may_speak)
    FLAG("wants-input", swo_wants_input)
    FLAG("persists", swo_persists)
    if (IS("why")) {
        text_put(says, "why %s\n", swo_why(conn) == SWO_NONE ? "none" : swo_name(SWO_TABLE_WHY, swo_why(conn)));
    } else if (IS("awaiting")) {
        text_put(says, "awaiting %s\n", swo_name(SWO_TABLE_AWAITING, swo_awaiting(conn)));
    } else if (IS("closing")) {
        text_put(says, "closing %s\n", swo_name(SWO_TABLE_CLOSING, swo_closing(conn)));
    } else if (IS("owes")) {
        text_put(says, "owes %s\n", swo_name(SWO_TABLE_OWES, swo_owes(conn)));
    } else if (IS("take-end")) {
        text_put(says, "taken %s\n", swo_take_end(conn) ? "true" : "false");
    } else if (IS("event")) {
        text_put(says, "event ");
        if (swo_current_event(conn, &event)) text_put(says, "none");
        else put_event(says, conn, &event, 1, 0);
        text_put(says, "\n");
    } else if (IS("content")) {
        must(p, swo_content(conn, &content));
        text_put(says, "content %s", swo_name(SWO_TABLE_CONTENT, content.kind));
        if (content.kind == SWO_CONTENT_LENGTH || content.kind == SWO_CONTENT_CHUNKED) {
            text_put(says, " %llu", (unsigned long long)content.len);
        }
        text_put(says, "\n");
    } else if (IS("unread")) {
        must(p, swo_unread(conn, &bytes));
        text_put(says, "unread ");
        put_summary(says, bytes.data, bytes.len);
        text_put(says, "\n");
    } else if (IS("unanswered")) {
        text_put(says, "unanswered %u\n", swo_unanswered(conn));
    } else if (IS("required") || IS("agreed")) {
        text_put(says, "%s", verb);
        put_protocols(says, conn, IS("agreed") ? swo_agreed : swo_required, " ");
        text_put(says, "\n");
    } else if (IS("request") || IS("offers")) {
        text_put(says, "%s", verb);
        if (swo_current_request(conn, &request)) {
            text_put(says, " none\n");
            return 1;
        }
        if (IS("offers")) put_offers(says, conn, &request);
        else text_put(says, " %.*s %.*s", (int)request.method.len, (const char *)request.method.data,
                      (int)request.target.len, (const char *)request.target.data);
        text_put(says, "\n");
    } else if (IS("trace")) {
        while (!swo_trace(conn, &entry, 1, &count) && count) {
            /* The entry of a call with too little space is left out: not every language has such calls. */
            if (entry.step == SWO_TRACE_STEP_REFUSED && entry.number == SWO_ERROR_OUTPUT_TOO_SMALL) continue;
            text_put(says, "trace %s %u @%llu\n", swo_name(SWO_TABLE_TRACE_STEP, entry.step), entry.number,
                     (unsigned long long)entry.offset);
        }
    } else if (IS("release")) {
        must(p, swo_release(conn));
    } else if (IS("take")) {
        if (swo_take_leftover(conn, NULL, 0, &count)) {
            leftover = (uint8_t *)malloc(count);
            must(p, swo_take_leftover(conn, leftover, count, &count));
            free(leftover);
        }
    } else {
        return 0;
    }
    return 1;
}

#include "profiles.h"

static swo_result choose(player *p, decision *d, text *says) {
    uint32_t by = strcmp(d->words[0], "server") ? SWO_ORDER_CLIENT : SWO_ORDER_SERVER;
    swo_result result = swo_select(p->conn, d->list, d->list_count, by, &p->selection);
    p->is_selected = !result;
    if (p->is_selected && swo_selection_preference(&p->selection) >= d->list_count) p->fault = "none of the preferences";
    if (result == SWO_NOTHING) text_put(says, "selected nothing\n");
    return result == SWO_NOTHING ? SWO_OK : result;
}

static int set_option(swo_config *config, const char *name, unsigned long long value);

/* Makes one call; `written` becomes the number of bytes written or needed. */
static swo_result decide(player *p, decision *d, uint8_t *out, size_t cap, size_t *written, text *says) {
    const char *verb = d->verb;
    swo_conn *conn = p->conn;
    const swo_field *fields = d->fields;
    swo_data_parts parts;
    d->list_count = 0;
    if (IS("request")) {
        swo_request_head head = {word(d, 0), word(d, 1), fields, d->field_count};
        take_list(d, 2);
        return swo_send_request(conn, &head, d->list, d->list_count, out, cap, written);
    }
    if (IS("response") || IS("respond") || IS("prepared") || IS("reject")) {
        swo_slice reason = word(d, 1), content = word(d, 2);
        if (!reason.len) reason.data = NULL;
        swo_response_head head = {(uint32_t)strtoul(d->words[0], NULL, 10), reason, fields, d->field_count};
        if (IS("response")) return swo_send_response(conn, &head, out, cap, written);
        if (!IS("prepared")) {
            return (IS("reject") ? swo_reject : swo_respond)(conn, &head, content.data, content.len, out, cap, written);
        }
        swo_prepared *prepared = NULL;
        swo_result result = swo_prepared_new(&head, content.data, content.len, &p->vector->config, &prepared);
        if (!result) result = swo_respond_prepared(conn, prepared, out, cap, written);
        must(p, swo_prepared_free(prepared));
        return result;
    }
    if (IS("note")) {
        uint32_t persists = 0, has_content = 0, closes = 0;
        for (size_t at = 1; at < d->word_count; at++) {
            has_content |= !strcmp(d->words[at], "content");
            closes |= !strcmp(d->words[at], "closes");
        }
        uint32_t status = (uint32_t)strtoul(d->words[0], NULL, 10);
        swo_result result = swo_note_response(conn, status, has_content, closes, &persists);
        if (!result) text_put(says, "persists %s\n", persists ? "true" : "false");
        return result;
    }
    if (IS("hand-over")) {
        size_t size = 0, again = 0;
        swo_result result = swo_hand_over(conn, NULL, 0, &size);
        if (result != SWO_ERROR_OUTPUT_TOO_SMALL) return result;
        uint8_t *bytes = (uint8_t *)malloc(size);
        result = swo_hand_over(conn, bytes, size - 1, &again);
        if (result != SWO_ERROR_OUTPUT_TOO_SMALL || again != size) p->fault = "too little space hands over";
        result = swo_hand_over(conn, bytes, size, &size);
        text_put(says, "handed ");
        put_summary(says, bytes, size);
        text_put(says, "\n");
        free(bytes);
        return result;
    }
    if (IS("limits")) {
        swo_config config = p->vector->config;
        for (size_t at = 0; at < d->word_count; at++) {
            char *value = strchr(d->words[at], '=');
            if (!value) continue;
            *value = 0;
            if (!set_option(&config, d->words[at], strtoull(value + 1, NULL, 10))) p->fault = "there is no such limit";
            *value = '=';
        }
        return swo_set_limits(conn, &config);
    }
    if (IS("pass")) return swo_pass_content(conn, strtoull(d->words[0], NULL, 10));
    if (IS("inform")) {
        swo_response_head head = {(uint32_t)strtoul(d->words[0], NULL, 10), {NULL, 0}, fields, d->field_count};
        return swo_send_informational(conn, &head, out, cap, written);
    }
    if (IS("select")) {
        take_list(d, 1);
        return choose(p, d, says);
    }
    if (IS("accept") || IS("accept-early")) {
        take_list(d, 1);
        if (d->list_count) must(p, choose(p, d, says));
        if (!p->is_selected) return SWO_OK;
        swo_selection selection = p->selection;
        if (!IS("accept")) must(p, swo_selection_early(&p->selection, &selection));
        return swo_accept(conn, &selection, fields, d->field_count, out, cap, written);
    }
    if (IS("require")) {
        take_list(d, 0);
        return swo_require(conn, d->list, d->list_count, fields, d->field_count, out, cap, written);
    }
    if (IS("advertise")) {
        take_list(d, 0);
        return swo_advertise(conn, d->list, d->list_count);
    }
    if (IS("data")) {
        swo_slice data = word(d, 0);
        return swo_send_data(conn, data.data, data.len, out, cap, written);
    }
    if (IS("receive")) {
        swo_slice data = word(d, 0);
        return swo_receive(conn, data.data, data.len);
    }
    if (IS("parts")) {
        swo_result result = swo_send_data_parts(conn, strtoul(d->words[0], NULL, 10), &parts);
        if (result) return result;
        text_put(says, "parts \"");
        put_escaped(says, parts.prefix, parts.prefix_len);
        text_put(says, "\" \"");
        put_escaped(says, parts.suffix.data, parts.suffix.len);
        text_put(says, "\"\n");
        return SWO_OK;
    }
    if (IS("end")) return swo_send_end(conn, fields, d->field_count, out, cap, written);
    if (IS("skip")) return swo_skip_content(conn);
    if (IS("close")) return swo_close_after_response(conn);
    if (IS("abandon")) return swo_abandon(conn);
    if (IS("resume")) return swo_resume_http(conn);
    p->fault = "an unknown verb";
    return SWO_OK;
}

/* Makes a call with no space. If it needs some, makes it with one byte too little, then with enough: the first two must
 * return an error and the size needed, and change nothing. After another error, the call must fail again. */
static swo_result decide_in_earnest(player *p, decision *d, text *says, uint8_t **out, size_t *written) {
    swo_state_info before, after;
    size_t needed = 0, again = 0;
    swo_state(p->conn, &before);
    swo_result result = decide(p, d, NULL, 0, &needed, says);
    if (!result) return result;
    says->len = 0;
    if (result == SWO_ERROR_OUTPUT_TOO_SMALL) {
        *out = (uint8_t *)malloc(needed);
        memset(*out, 0xaa, needed);
        result = decide(p, d, *out, needed - 1, &again, says);
        for (size_t at = 0; at < needed; at++) {
            if ((*out)[at] != 0xaa) p->fault = "something is written into too little space";
        }
        swo_state(p->conn, &after);
        if (result != SWO_ERROR_OUTPUT_TOO_SMALL || again != needed || memcmp(&before, &after, sizeof before)) {
            p->fault = "too little space changes something";
        }
        says->len = 0;
        return decide(p, d, *out, needed, written, says);
    }
    result = decide(p, d, NULL, 0, &again, says);
    swo_state(p->conn, &after);
    if (!result || memcmp(&before, &after, sizeof before)) p->fault = "a refusal changes something";
    return result;
}

/* Makes a call and logs its result, the bytes written and its error. */
static void perform(player *p, const char *line) {
    static decision d;
    text says = {NULL, 0, 0};
    uint8_t *out = NULL;
    size_t written = 0;
    take_apart(&d, line);
    text_add(&says, "", 0);
    swo_result result = SWO_OK;
    /* The verb `request` without a method is the getter of the current request. */
    int is_question = !d.field_count && (!d.word_count || (!strcmp(d.verb, "request") && !strcmp(d.words[0], "-")));
    if (!ask_of_profile(p, &d, &says) && (!is_question || !ask(p, d.verb, &says))) {
        result = decide_in_earnest(p, &d, &says, &out, &written);
    }
    text_add(&p->log, says.at, says.len);
    if (!result && written) {
        text_put(&p->log, "> ");
        put_hex(&p->log, out, written);
        text_put(&p->log, "\n");
    }
    if (result) text_put(&p->log, "? %s\n", swo_error_name(result));
    free(out);
    text_free(&says);
    put_back(&d);
}
