/* What the node and the tools say to a Vietnamese reader.
 *
 * An error has one text, in English (protocol/base/error.h): it is what is
 * stored, logged and sent to another node. People read it through here, at the
 * last moment before a screen or an answer of the API: the sentence is
 * recognised by the format it was made with, and said again in Vietnamese with
 * the same names and numbers. So an error costs nothing until somebody reads
 * it, and a reason that a neighbour sent or that was stored last year is read
 * in Vietnamese too. A sentence that no row knows stays as it came.
 *
 * A row: {"the format as in the source", "câu tiếng Việt, {1}, {2}"} (%u for
 * any number: how wide it is says nothing to a reader),
 * where {n} is what the n-th conversion printed. A value that is itself a
 * sentence or a phrase (it holds a blank, and does not stand in quotes) is
 * looked up in its turn; names that are typed stay as they are.
 * tests/node/test_words.c tells which sentence of the source has no row.
 */
#ifndef QCDC_NODE_WORDS_WORDS_H
#define QCDC_NODE_WORDS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/base/error.h"

struct word {
    const char *en; /* a printf format */
    const char *vi; /* UTF-8 in normal form C */
};

/* The rows of one room. */
struct words_part {
    const struct word *rows;
    size_t len;
};

extern const struct words_part words_event, words_import, words_link, words_log,
    words_network, words_office, words_phrases, words_record, words_setup,
    words_store, words_store_check, words_tools, words_web;

/* All parts, ended by one without rows. */
extern const struct words_part *const words_parts[];

/* Room for any error in Vietnamese. */
#define WORDS_SIZE 1024u

/* The sentence in Vietnamese, cut on a character when too long for `size`
 * (>= 1). Returns room. Never fails: what is not known is copied. */
const char *words_vi(const char *text, char *room, size_t size);

/* One language chosen for a reader. */
enum words_lang {
    WORDS_VI,
    WORDS_EN
};

/* words_vi, or a copy of the English. Returns room. */
const char *words_say(enum words_lang lang, const char *text, char *room,
                      size_t size);

/* Of an Accept-Language header (RFC 9110, 12.5.4): English when it is wanted
 * more than Vietnamese; NULL or anything else is Vietnamese. */
enum words_lang words_accepted(const char *header);

/* Of QCDC_LANG as the tools read it: "en..." is English; NULL Vietnamese. */
enum words_lang words_named(const char *name);

/* The row that a text was made with, or NULL (what words_vi used). */
const struct word *words_find(const char *text);

#endif
