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
/* Attempts at one row; a text made to have many ends in plain English. */
#define TRIES_MAX 1024u
/* Pieces of one text that are looked up. */
#define PIECES_MAX 96u
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
    const char *end; /* of the text */
    bool cut;        /* the text may end before the format does */
    size_t letters;  /* of the format that the text has too */
    size_t tries;
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
    m->tries++;
    if (m->tries <= TRIES_MAX && match_rest(m, after, text + len)) {
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
    size_t len = (size_t)(m->end - text);

    if (*after == '\0') {
        return (len <= c->most || m->cut) && take(m, after, text, len, quoted);
    }
    for (size_t n = 0; n <= len && n <= c->most; n++) {
        if ((*after == '%' || n == len || *after == text[n]) &&
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
    return len > 0 && len <= (size_t)(m->end - text) &&
           take(m, after, text, len, quoted);
}

/* Goes as deep as the format has conversions. */
static bool match_rest(struct matching *m, const char *fmt, const char *text)
{
    const char *start = fmt;

    for (;;) {
        if (text == m->end && (m->cut || *fmt == '\0')) {
            return true;
        }
        if (*fmt == '%' && fmt[1] != '%') {
            bool quoted = fmt > start && is_quote(fmt[-1]);

            return match_conversion(m, fmt, text, quoted);
        }
        if (*fmt == '\0' || text == m->end || *fmt != *text) {
            return false;
        }
        fmt += *fmt == '%' ? 2 : 1;
        text++;
        m->letters++;
    }
}

/* Can the text have come from the format, by its first and last byte? A last
 * letter that may belong to a conversion says nothing. */
static bool may_match(const char *fmt, const char *text, size_t len, bool cut)
{
    size_t fmt_len = strlen(fmt);

    if (len == 0 || (*fmt != '%' && *fmt != *text)) {
        return false;
    }
    return cut || strchr("cdiusx", fmt[fmt_len - 1]) != NULL ||
           fmt[fmt_len - 1] == text[len - 1];
}

static bool match_row(const struct word *row, const char *text, size_t len,
                      bool cut, struct matching *m)
{
    *m = (struct matching){.end = text + len, .cut = cut};
    return may_match(row->en, text, len, cut) && match_rest(m, row->en, text);
}

/* ---- which row is meant ----------------------------------------------------
 */

/* One piece of the text and what it was found to be. */
struct piece {
    const char *ptr;
    size_t len;
    const struct word *row; /* or NULL */
    size_t score;           /* letters known, in it and in its values */
};

struct reading {
    const char *end; /* of the whole text */
    bool cut;        /* the whole was */
    size_t len;
    struct piece pieces[PIECES_MAX];
};

/* A sentence or a phrase may stand here: a blank tells it from a code word. */
static bool may_be_ours(const struct value *value)
{
    return !value->quoted && memchr(value->ptr, ' ', value->len) != NULL;
}

static struct piece read_piece(struct reading *r, const char *text, size_t len,
                               unsigned depth);

static size_t score_of(struct reading *r, const struct matching *m,
                       unsigned depth)
{
    size_t score = m->letters;

    for (size_t i = 0; i < m->values_len; i++) {
        if (may_be_ours(&m->values[i])) {
            score +=
                read_piece(r, m->values[i].ptr, m->values[i].len, depth + 1)
                    .score;
        }
    }
    return score;
}

/* Of rows that explain as many letters the one with fewest of its own: what
 * stands before a colon is said before the colon. */
static struct piece find_row(struct reading *r, const char *text, size_t len,
                             unsigned depth)
{
    struct piece best = {.ptr = text, .len = len};
    bool cut = r->cut && text + len == r->end;
    size_t own = 0;
    struct matching m;

    for (size_t p = 0; words_parts[p] != NULL; p++) {
        const struct words_part *part = words_parts[p];

        for (size_t i = 0; i < part->len; i++) {
            if (!match_row(&part->rows[i], text, len, cut, &m) ||
                m.letters == 0) {
                continue;
            }
            size_t score = score_of(r, &m, depth);

            if (score > best.score ||
                (score == best.score && m.letters < own)) {
                best.row = &part->rows[i];
                best.score = score;
                own = m.letters;
            }
        }
    }
    return best;
}

static struct piece read_piece(struct reading *r, const char *text, size_t len,
                               unsigned depth)
{
    struct piece piece = {.ptr = text, .len = len};

    for (size_t i = 0; i < r->len; i++) {
        if (r->pieces[i].ptr == text && r->pieces[i].len == len) {
            return r->pieces[i];
        }
    }
    if (depth < DEPTH_MAX && r->len < PIECES_MAX) {
        size_t at = r->len++;

        r->pieces[at] = piece; /* found again inside itself: nothing */
        piece = find_row(r, text, len, depth);
        r->pieces[at] = piece;
    }
    return piece;
}

static void reading_begin(struct reading *r, const char *text)
{
    size_t len = strlen(text);

    r->end = text + len;
    r->cut = len >= CUT_LEN;
    r->len = 0;
}

const struct word *words_find(const char *text)
{
    struct reading r;

    reading_begin(&r, text);
    return read_piece(&r, text, strlen(text), 0).row;
}

/* ---- saying ----------------------------------------------------------------
 */

struct saying {
    struct reading reading;
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

static void say_value(struct saying *out, const struct value *value,
                      unsigned depth)
{
    if (may_be_ours(value)) {
        say_text(out, value->ptr, value->len, depth + 1);
    } else {
        put(out, value->ptr, value->len);
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
    struct reading *r = &out->reading;
    struct piece piece = read_piece(r, text, len, depth);
    bool cut = r->cut && text + len == r->end;
    struct matching m;

    if (depth < DEPTH_MAX && piece.row != NULL &&
        match_row(piece.row, text, len, cut, &m)) {
        say_row(out, piece.row->vi, &m, depth);
    } else {
        put(out, text, len);
    }
}

const char *words_vi(const char *text, char *room, size_t size)
{
    struct saying out = {.room = room, .size = size};

    reading_begin(&out.reading, text);
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
