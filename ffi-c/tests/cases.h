/* Parsing of test cases: each is a block of lines, ended by a line with a full stop. Part of runner.c. */

static int read_line(FILE *file, text *line) {
    int c;
    line->len = 0;
    text_add(line, "", 0);
    while ((c = getc(file)) != EOF && c != '\n') {
        char byte = (char)c;
        text_add(line, &byte, 1);
    }
    return c != EOF;
}

/* Sets the member of a configuration that has the name; returns 0 if there is none. */
static int set_option(swo_config *config, const char *name, unsigned long long value) {
#define OPTION(member, type) \
    if (!strcmp(name, #member)) { \
        config->member = (type)value; \
        return 1; \
    }
#include "options.h"
    return 0;
}

static void read_head(vector *v, char *line) {
    memset(v, 0, sizeof *v);
    swo_config_init(&v->config, sizeof v->config);
    char *word = strtok(line, " ");
    for (int at = 0; word; word = strtok(NULL, " "), at++) {
        char *value = strchr(word, '=');
        if (at == 1) snprintf(v->name, sizeof v->name, "%s", word);
        if (at == 2) v->role = strcmp(word, "client") ? SWO_ROLE_SERVER : SWO_ROLE_CLIENT;
        if (at == 3) v->shows_fields = !strcmp(word, "fields");
        if (at < 4) continue;
        if (value) *value++ = 0;
        if (!value || !set_option(&v->config, word, strtoull(value, NULL, 10))) {
            fprintf(stderr, "%s: unknown option %s\n", v->name, word);
            exit(2);
        }
    }
}

static void read_item(vector *v, const text *line) {
    item *new_item = (item *)realloc(v->items, (v->count + 1) * sizeof *v->items);
    const char *end = line->at + line->len;
    if (!new_item) abort();
    v->items = new_item;
    new_item += v->count++;
    memset(new_item, 0, sizeof *new_item);
    if (begins(line, "feed ")) {
        new_item->kind = FEED;
        add_unhexed(&new_item->bytes, line->at + 5, end);
        v->fed += new_item->bytes.len;
    } else if (begins(line, "end ")) {
        new_item->kind = END;
        new_item->number = begins(line, "end clean") ? SWO_END_CLEAN : SWO_END_TRUNCATED;
    } else if (begins(line, "expect data ")) {
        new_item->kind = EXPECT_DATA;
        new_item->number = strtoul(line->at + 12, NULL, 10);
    } else if (begins(line, "expect ")) {
        new_item->kind = begins(line, "expect leftover") ? EXPECT_LEFTOVER : EXPECT_LINE;
    } else if (begins(line, "do ")) {
        new_item->kind = DO;
        text_add(&new_item->bytes, line->at + 3, line->len - 3);
    } else {
        fprintf(stderr, "%s: what is %s\n", v->name, line->at);
        exit(2);
    }
}

static int read_case(FILE *file, vector *v) {
    text line = {NULL, 0, 0};
    int is_there = read_line(file, &line);
    if (is_there) read_head(v, line.at);
    while (is_there && read_line(file, &line) && strcmp(line.at, ".")) read_item(v, &line);
    text_free(&line);
    return is_there;
}

static void free_case(vector *v) {
    for (size_t at = 0; at < v->count; at++) text_free(&v->items[at].bytes);
    free(v->items);
}
