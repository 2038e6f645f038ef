/* protocol/event: TYPES.md, written from the table so that it cannot lie.
 *
 * Never looks at anything but the rows and their shapes.
 */
#include "protocol/event/facts.h"
#include "protocol/event/shape.h"
#include "protocol/event/types.h"
#include "qcdc/v1/event.pb-c.h"

static const char *signer_name(enum event_signer signer)
{
    switch (signer) {
    case EVENT_SIGNER_ACTOR:
        return "actor";
    case EVENT_SIGNER_REGISTRAR:
        return "registrar";
    case EVENT_SIGNER_NODE_ACTOR:
        return "node actor";
    case EVENT_SIGNER_ADMIN:
        return "administration";
    case EVENT_SIGNER_ROOT:
        return "root";
    }
    return "";
}

/* Names of the bits set, in order, by commas; "-" for none. */
static void bits_put(struct buf *out, uint32_t bits, const char *const *names,
                     size_t names_len)
{
    const char *comma = "";

    for (size_t i = 0; i < names_len; i++) {
        if ((bits & 1u << i) != 0) {
            buf_put_fmt(out, "%s%s", comma, names[i]);
            comma = ", ";
        }
    }
    if (bits == 0) {
        buf_put_str(out, "-");
    }
}

static const char *const record_names[] = {"petition", "dialogue", "plan",
                                           "report", "notice"};
static const char *const right_names[] = {"record", "lead", "report",
                                          "denunciation"};
static const char *const body_names[] = {"text", "private", "unit"};

static void row_put(struct buf *out, const struct event_type *type)
{
    buf_put_fmt(out, "| %u | %s | %s | %s | %s | ", type->number, type->name,
                type->title_vi, type->log == EVENT_LOG_DIR ? "dir" : "record",
                signer_name(type->signer));
    bits_put(out, type->right, right_names, 4);
    buf_put_str(out, " | ");
    bits_put(out, type->opens, record_names, 5);
    buf_put_str(out, " | ");
    if (type->acts_on == EVENT_RECORD_ANY) {
        buf_put_str(out, "any");
    } else {
        bits_put(out, type->acts_on, record_names, 5);
    }
    buf_put_str(out, " | ");
    bits_put(out, type->bodies, body_names, 3);
    buf_put_fmt(out, " | %s |\n", type->shape == NULL ? "no" : "yes");
}

static int field_line(void *ctx, const char *path, struct span value,
                      struct error *err)
{
    struct buf *out = ctx;

    (void)err;
    buf_put_fmt(out, "- `%s`: ", path);
    buf_put(out, value);
    buf_put_str(out, "\n");
    return 0;
}

static void fields_put(struct buf *out, const struct event_type *type)
{
    struct error err = {0};

    buf_put_fmt(out, "\n### %s (%u)\n\n", type->name, type->number);
    if (type->shape->n_fields == 0) {
        buf_put_str(out, "No facts.\n");
        return;
    }
    if (facts_describe(type, field_line, out, &err) != 0) {
        out->overflow = true; /* cannot be: field_line never fails */
    }
}

void event_types_markdown(struct buf *out)
{
    const struct event_type *type;

    buf_put_str(out,
                "# Event types\n\n"
                "Generated from the table in types.c; a test compares. Types "
                "that are not understood yet have\nonly their number: their "
                "events are stored, forwarded and counted. A right column "
                "with several\nnames needs one of them.\n\n"
                "| no. | type | Vietnamese | log | signed by | right | opens "
                "| acts on | bodies | understood |\n"
                "|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++) {
        row_put(out, type);
    }
    buf_put_str(out, "\n## Facts\n\nPaths and values as `qcdc record` and "
                     "`qcdc import` take them.\n");
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++) {
        if (type->shape != NULL) {
            fields_put(out, type);
        }
    }
}
