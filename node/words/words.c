/* Room: node. Finds the format that an English sentence was printed with, and
 * prints the Vietnamese one with the same values.
 *
 * Owns no memory and no state: the rows are constants (words_*.c). Must never
 * hand a text to printf as a format, and never fail. Of all rows that fit, the
 * one with most letters of its own is the one meant; the test prints every row
 * and reads it back. Read next: words.h, then any words_*.c. */
#include "node/words/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 12u
#define DEPTH_MAX 6u
/* A text this long was cut by struct error: its end need not match. */
#define CUT_LEN (ERROR_TEXT_SIZE - 5u)

const struct words_part *const words_parts[] = {
    &words_tools,   &words_web,     &words_import, &words_office,
    &words_setup,   &words_network, &words_event,  &words_record,
    &words_log,     &words_link,    &words_store,  &words_store_check,
    &words_phrases, NULL,
};

/* ---- recognising -----------------------------------------------------------
 */

struct value {
    const char *ptr;
    size_t len;
    bool quoted; /* stands in quotes: typed by somebody, not ours to turn */
};

struct matching {
    bool cut;       /* the text may end before the format does */
    size_t letters; /* of the format that the text has too */
    size_t values_len;
    struct value values[VALUES_MAX];
};

struct conversion {
    char kind;    /* the conversion letter */
    size_t least; /* digits of a number: %02x prints two */
    size_t most;  /* bytes of a %s; SIZE_MAX = any */
    size_t width; /* of the conversion itself in the format */
};

/* The conversion at `fmt`, which points at its '%'. */
static struct conversion read_conversion(const char *fmt)
{
    struct conversion c = {.most = SIZE_MAX};
    const char *p = fmt + 1;

    p += strspn(p, "-+ #0");
    if (*p >= '1' && *p <= '9') {
        c.least = strtoul(p, NULL, 10);
    }
    p += strspn(p, "0123456789*");
    if (*p == '.') {
        p++;
        if (*p >= '0' && *p <= '9') {
            c.most = strtoul(p, NULL, 10);
        }
        p += strspn(p, "0123456789*");
    }
    p += strspn(p, "hlzjt");
    c.kind = *p;
    c.width = (size_t)(p - fmt) + (*p != '\0');
    return c;
}

/* Bytes of the number at `text`, 0 if there is none. Hex has the digits that
 * its format says: several may follow each other without a gap. */
static size_t number_len(const struct conversion *c, const char *text)
{
    if (c->kind == 'x') {
        size_t len = strspn(text, "0123456789abcdef");

        return len < c->least ? 0 : c->least > 0 ? c->least : len;
    }
    size_t sign = *text == '-' ? 1 : 0;
    size_t len = strspn(text + sign, "0123456789");

    return len == 0 || len < c->least ? 0 : sign + len;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool match_rest(struct matching *m, const char *fmt, const char *text);

/* The next `len` bytes as a value, then the rest; undone if that fails. */
static bool take(struct matching *m, const char *after, const char *text,
                 size_t len, bool quoted)
{
    size_t letters = m->letters;
    size_t at = m->values_len;

    m->values[at] = (struct value){text, len, quoted};
    m->values_len++;
    if (match_rest(m, after, text + len)) {
        return true;
    }
    m->letters = letters;
    m->values_len = at;
    return false;
}

/* A %s: as few bytes as let the rest fit. */
static bool match_text(struct matching *m, const struct conversion *c,
                       const char *after, const char *text, bool quoted)
{
    size_t len = strlen(text);

    if (*after == '\0') {
        return (len <= c->most || m->cut) && take(m, after, text, len, quoted);
    }
    for (size_t n = 0; n <= len && n <= c->most; n++) {
        if ((*after == '%' || *after == text[n] || text[n] == '\0') &&
            take(m, after, text, n, quoted)) {
            return true;
        }
    }
    return false;
}

static bool match_conversion(struct matching *m, const char *fmt,
                             const char *text, bool quoted)
{
    struct conversion c = read_conversion(fmt);
    const char *after = fmt + c.width;
    size_t len;

    if (m->values_len == VALUES_MAX) {
        return false;
    }
    if (c.kind == 's') {
        return match_text(m, &c, after, text, quoted);
    }
    len = c.kind == 'c' ? 1 : number_len(&c, text);
    return len > 0 && take(m, after, text, len, quoted);
}

/* Goes as deep as the format has conversions. */
static bool match_rest(struct matching *m, const char *fmt, const char *text)
{
    const char *start = fmt;

    for (;;) {
        if (*text == '\0' && (m->cut || *fmt == '\0')) {
            return true;
        }
        if (*fmt == '%' && fmt[1] != '%') {
            bool quoted = fmt > start && is_quote(fmt[-1]);

            return match_conversion(m, fmt, text, quoted);
        }
        if (*fmt == '\0' || *fmt != *text) {
            return false;
        }
        fmt += *fmt == '%' ? 2 : 1;
        text++;
        m->letters++;
    }
}

/* Fills *best with the values of the row returned. */
static const struct word *find_row(const char *text, struct matching *best)
{
    const struct word *found = NULL;
    bool cut = strlen(text) >= CUT_LEN;

    best->letters = 0;
    for (size_t p = 0; words_parts[p] != NULL; p++) {
        const struct words_part *part = words_parts[p];

        for (size_t i = 0; i < part->len; i++) {
            const char *fmt = part->rows[i].en;
            struct matching m = {.cut = cut};

            if (*fmt != '%' && *fmt != *text) {
                continue;
            }
            if (match_rest(&m, fmt, text) && m.letters > best->letters) {
                *best = m;
                found = &part->rows[i];
            }
        }
    }
    return found;
}

const struct word *words_find(const char *text)
{
    struct matching m;

    return find_row(text, &m);
}

/* ---- saying ----------------------------------------------------------------
 */

struct saying {
    char *room;
    size_t size;
    size_t len;
};

static void put(struct saying *out, const char *text, size_t len)
{
    size_t left = out->size - 1 - out->len;

    if (len > left) {
        len = left;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
        out->size = out->len + len + 1; /* nothing follows a cut */
    }
    memcpy(out->room + out->len, text, len);
    out->len += len;
}

static void say_text(struct saying *out, const char *text, size_t len,
                     unsigned depth);

/* Another sentence inside, or "row 5": a blank tells it from a code word. */
static void say_value(struct saying *out, const struct value *value,
                      unsigned depth)
{
    if (value->quoted || memchr(value->ptr, ' ', value->len) == NULL) {
        put(out, value->ptr, value->len);
    } else {
        say_text(out, value->ptr, value->len, depth + 1);
    }
}

static void say_row(struct saying *out, const char *vi,
                    const struct matching *m, unsigned depth)
{
    while (*vi != '\0') {
        size_t plain = strcspn(vi, "{");
        char *end;

        put(out, vi, plain);
        vi += plain;
        if (*vi == '\0') {
            return;
        }
        unsigned long n = strtoul(vi + 1, &end, 10);

        if (*end != '}') {
            put(out, vi++, 1);
            continue;
        }
        if (n >= 1 && n <= m->values_len) {
            say_value(out, &m->values[n - 1], depth);
        } else {
            put(out, "…", strlen("…"));
        }
        vi = end + 1;
    }
}

static void say_text(struct saying *out, const char *text, size_t len,
                     unsigned depth)
{
    char whole[WORDS_SIZE];
    struct matching m;
    const struct word *row = NULL;

    if (depth < DEPTH_MAX && len < sizeof(whole)) {
        memcpy(whole, text, len);
        whole[len] = '\0';
        row = find_row(whole, &m);
    }
    if (row == NULL) {
        put(out, text, len);
    } else {
        say_row(out, row->vi, &m, depth);
    }
}

const char *words_vi(const char *text, char *room, size_t size)
{
    struct saying out = {.room = room, .size = size};

    say_text(&out, text, strlen(text), 0);
    room[out.len] = '\0';
    return room;
}

const char *words_say(enum words_lang lang, const char *text, char *room,
                      size_t size)
{
    struct saying out = {.room = room, .size = size};

    if (lang == WORDS_VI) {
        return words_vi(text, room, size);
    }
    put(&out, text, strlen(text));
    room[out.len] = '\0';
    return room;
}
