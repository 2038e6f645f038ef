/* Room: node. Which of the two languages a reader asks for.
 * Owns nothing. Must never refuse: a wish that is not understood is Vietnamese,
 * the language of the offices. Read next: words.c. */
#include <string.h>
#include <strings.h>

#include "node/words/words.h"

/* A weight as thousandths: ";q=0.8" is 800, none is 1000. */
static unsigned weight_of(const char *range, size_t len)
{
    const char *q = memchr(range, ';', len);
    unsigned weight = 0, unit = 1000;

    if (q == NULL) {
        return 1000;
    }
    for (q++; q < range + len && strchr(" \tqQ=", *q) != NULL; q++) {
    }
    for (; q < range + len && unit > 0; q++) {
        if (*q >= '0' && *q <= '9') {
            weight += (unsigned)(*q - '0') * unit;
            unit /= 10;
        } else if (*q != '.') {
            break;
        }
    }
    return weight > 1000 ? 1000 : weight;
}

static bool range_is(const char *range, size_t len, const char *lang)
{
    return len >= 2 && strncasecmp(range, lang, 2) == 0 &&
           (len == 2 || strchr("-; \t", range[2]) != NULL);
}

enum words_lang words_accepted(const char *header)
{
    unsigned vi = 0, en = 0;

    while (header != NULL && *header != '\0') {
        header += strspn(header, ", \t");
        size_t len = strcspn(header, ",");
        unsigned weight = weight_of(header, len);

        if (range_is(header, len, "vi") && weight > vi) {
            vi = weight;
        } else if (range_is(header, len, "en") && weight > en) {
            en = weight;
        }
        header += len;
    }
    return en > vi ? WORDS_EN : WORDS_VI;
}

enum words_lang words_named(const char *name)
{
    return name != NULL && strncmp(name, "en", 2) == 0 ? WORDS_EN : WORDS_VI;
}
