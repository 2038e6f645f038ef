/* protocol/event: codes a citizen reads out over the phone.
 *
 * Derived from the event's id, so two nodes never argue about a counter and
 * nobody learns from a code how many petitions there were. Never looks
 * anything up. Read the check's definition in code.h.
 */
#include "protocol/event/code.h"

#include <string.h>

#define CHARACTERS 10u
#define GROUP_FIRST 4u
#define GROUP_SECOND 8u

const char code_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Times x in GF(32) with x^5 = x^2 + 1. */
static unsigned times_x(unsigned v)
{
    v <<= 1;
    return (v & 32) != 0 ? (v ^ 37) & 31 : v;
}

/* Sum of x^i * v[i]. */
static unsigned check_sum(const unsigned *v, size_t len)
{
    unsigned sum = 0;

    for (size_t i = len; i > 0; i--) {
        sum = times_x(sum) ^ v[i - 1]; /* Horner, from the right */
    }
    return sum;
}

static uint64_t bits_of(const struct event_id *id)
{
    return read_u64(id->bytes) >> 14;
}

void code_format(const struct event_id *id, char *text)
{
    uint64_t bits = bits_of(id);
    unsigned v[CHARACTERS + 1];

    for (size_t i = 0; i < CHARACTERS; i++) {
        v[i] = (unsigned)(bits >> (45 - 5 * i)) & 31;
    }
    for (v[CHARACTERS] = 0; check_sum(v, CHARACTERS + 1) != 0;) {
        v[CHARACTERS]++;
    }
    for (size_t i = 0; i <= CHARACTERS; i++) {
        if (i == GROUP_FIRST || i == GROUP_SECOND) {
            *text++ = '-';
        }
        *text++ = code_alphabet[v[i]];
    }
    *text = '\0';
}

unsigned code_digit(uint8_t c)
{
    if (c >= 'a' && c <= 'z') {
        c = (uint8_t)(c - 'a' + 'A');
    }
    if (c == 'O') {
        return 0;
    }
    if (c == 'I' || c == 'L') {
        return 1;
    }

    const char *at = c == '\0' ? NULL : strchr(code_alphabet, c);

    return at == NULL ? 32 : (unsigned)(at - code_alphabet);
}

int code_parse(struct span text, struct code *out, struct error *err)
{
    unsigned v[CHARACTERS + 1] = {0};
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '-' || text.ptr[i] == ' ') {
            continue;
        }

        unsigned value = code_digit(text.ptr[i]);

        if (value == 32) {
            return error_set(err, ERR_MALFORMED,
                             "character %zu does not occur in codes", i + 1);
        }
        if (len > CHARACTERS) {
            return error_set(err, ERR_MALFORMED,
                             "longer than a code of 11 characters");
        }
        v[len++] = value;
    }
    if (len != CHARACTERS + 1) {
        return error_set(err, ERR_MALFORMED,
                         "%zu characters where a code has 11", len);
    }
    if (check_sum(v, CHARACTERS + 1) != 0) {
        return error_set(err, ERR_MALFORMED,
                         "the code is mistyped: its check does not hold");
    }

    uint64_t bits = 0;

    for (size_t i = 0; i < CHARACTERS; i++) {
        bits = bits << 5 | v[i];
    }
    out->bits = bits;
    return 0;
}

void code_range(struct code code, struct event_id *first, struct event_id *last)
{
    struct buf low = buf_over(first->bytes, sizeof(first->bytes));
    struct buf high = buf_over(last->bytes, sizeof(last->bytes));

    buf_put_u64(&low, code.bits << 14);
    buf_put_u64(&low, 0);
    buf_put_u64(&high, code.bits << 14 | 0x3fff);
    buf_put_u64(&high, UINT64_MAX);
}

bool code_matches(struct code code, const struct event_id *id)
{
    return bits_of(id) == code.bits;
}
