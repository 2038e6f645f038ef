/* node/web: what a request asks for, checked before anyone acts on it.
 * Owns the reading of arguments; must never take a wrong one for an absent
 * one. */
#include <stdlib.h>
#include <string.h>

#include "node/web/api.h"
#include "protocol/base/hex.h"
#include "protocol/event/code.h"
#include "protocol/event/text.h"
#include "protocol/limits.h"
#include "protocol/record/directory.h"
#include "store/book.h"
#include "store/query.h"

const char *api_arg(const struct api_call *call, const char *name)
{
    const char *text = http_argument(call->request, name);

    if (text == NULL) {
        text = json_string_value(json_object_get(call->body, name));
    }
    return text == NULL || *text == '\0' ? NULL : text;
}

int api_arg_text(const struct api_call *call, const char *name,
                 const char **out, struct error *err)
{
    const char *text = api_arg(call, name);

    if (text == NULL) {
        return error_set(err, ERR_USAGE, "%s: is missing", name);
    }
    *out = text;
    return 0;
}

static int parse_number(const char *name, const char *text, uint32_t max,
                        uint32_t *out, struct error *err)
{
    uint64_t value = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || p - text > 10) {
            return error_set(err, ERR_USAGE, "%s: \"%.40s\" is no number", name,
                             text);
        }
        value = value * 10 + (uint64_t)(*p - '0');
    }
    if (value > max) {
        return error_set(err, ERR_USAGE, "%s: %.20s is over %u", name, text,
                         max);
    }
    *out = (uint32_t)value;
    return 0;
}

int api_arg_number(const struct api_call *call, const char *name, uint32_t max,
                   uint32_t otherwise, uint32_t *out, struct error *err)
{
    const json_t *value = json_object_get(call->body, name);
    const char *text = api_arg(call, name);

    if (json_is_integer(value)) {
        json_int_t number = json_integer_value(value);

        if (number < 0 || number > (json_int_t)max) {
            return error_set(err, ERR_USAGE, "%s: must be 0 to %u", name, max);
        }
        *out = (uint32_t)number;
        return 0;
    }
    if (text == NULL) {
        *out = otherwise;
        return 0;
    }
    return parse_number(name, text, max, out, err);
}

bool api_arg_flag(const struct api_call *call, const char *name)
{
    const char *text = api_arg(call, name);

    return json_is_true(json_object_get(call->body, name)) ||
           (text != NULL &&
            (strcmp(text, "1") == 0 || strcmp(text, "true") == 0));
}

int api_arg_day(const struct api_call *call, const char *name,
                uint32_t otherwise, uint32_t *out, struct error *err)
{
    const char *text = api_arg(call, name);
    struct error why = {0};

    if (text == NULL) {
        *out = otherwise;
        return 0;
    }
    if (day_parse(span_str(text), out, &why) < 0) {
        return error_set(err, ERR_USAGE,
                         "%s: \"%.40s\" is no date; write it as 2024-03-01",
                         name, text);
    }
    return 0;
}

/* ---- units by name --------------------------------------------------------
 */

struct unit_match {
    uint32_t exact;
    uint32_t partial;
    size_t exacts;
    size_t partials;
};

/* Folded, NUL-terminated; false when it does not fit. */
static bool fold_name(struct span name, char *room, size_t size)
{
    struct buf out = buf_over(room, size - 1);
    struct error ignored = {0};

    if (text_fold(name, &out, &ignored) < 0 || out.overflow) {
        return false;
    }
    room[out.len] = '\0';
    return true;
}

static void match_unit(const char *wanted, const struct unit_facts *unit,
                       struct unit_match *match)
{
    char name[NAME_MAX_BYTES * 4];

    if (!fold_name(unit->name, name, sizeof(name))) {
        return;
    }
    if (strcmp(name, wanted) == 0) {
        match->exact = unit->number;
        match->exacts++;
    } else if (strstr(name, wanted) != NULL) {
        match->partial = unit->number;
        match->partials++;
    }
}

int api_arg_unit(const struct api_call *call, const char *name, uint32_t *out,
                 struct error *err)
{
    const struct directory *dir = engine_directory(call->engine);
    const char *text = api_arg(call, name);
    struct unit_match match = {0};
    char wanted[NAME_MAX_BYTES * 4];

    if (text == NULL || strspn(text, "0123456789") == strlen(text)) {
        int rc = api_arg_number(call, name, UINT32_MAX, 0, out, err);

        if (rc == 0 && *out != 0 && directory_unit(dir, *out) == NULL) {
            rc = error_set(err, ERR_NOTFOUND,
                           "%s: no unit has the number %u; `qcdc list units` "
                           "shows them",
                           name, *out);
        }
        return rc;
    }
    if (fold_name(span_str(text), wanted, sizeof(wanted))) {
        for (size_t i = 0; i < dir->units_len; i++) {
            struct unit_facts unit;

            if (directory_unit_at(dir, dir->units[i].number, call->today,
                                  &unit)) {
                match_unit(wanted, &unit, &match);
            }
        }
    }
    if (match.exacts == 1 || (match.exacts == 0 && match.partials == 1)) {
        *out = match.exacts == 1 ? match.exact : match.partial;
        return 0;
    }
    size_t found = match.exacts > 0 ? match.exacts : match.partials;

    if (found == 0) {
        return error_set(err, ERR_NOTFOUND,
                         "%s: no unit is called \"%.80s\"; `qcdc list "
                         "units` shows them",
                         name, text);
    }
    return error_set(err, ERR_USAGE,
                     "%s: %zu units are called \"%.80s\": give its number",
                     name, found, text);
}

int api_event_named(const struct api_call *call, const char *text,
                    struct event_id *out, struct error *err)
{
    struct error why = {0};
    struct code code;
    int rc = ERR_NOTFOUND;

    if (hex_decode(span_str(text), out->bytes, sizeof(out->bytes), &why) == 0) {
        return 0;
    }
    if (code_parse(span_str(text), &code, &why) == 0) {
        rc = store_event_by_code(call->store, text, out, &why);
    }
    if (rc == ERR_NOTFOUND) {
        rc = store_import_find(call->store, text, out, &why);
    }
    if (rc == ERR_NOTFOUND) {
        return error_set(err, ERR_NOTFOUND,
                         "\"%.60s\": no event here has this code, id or key: "
                         "read the slip again, or try `qcdc search`",
                         text);
    }
    if (rc < 0) {
        return error_set(err, (enum err)rc, "%s", why.text);
    }
    return 0;
}
