/* The texts in the sources: which string literals there are, and which of them
 * are the sentences of errors. For test_words.c. */
#ifndef QCDC_TESTS_NODE_SOURCE_H
#define QCDC_TESTS_NODE_SOURCE_H

#include <stddef.h>

enum source_kind {
    SOURCE_TEXT,   /* a literal somewhere */
    SOURCE_FORMAT, /* of error_set and its like: a person reads it */
    SOURCE_WRAP,   /* of error_wrap: stands before ": " and a sentence */
    SOURCE_PHRASE, /* a value of one of them that is more than one word */
};

struct source_text {
    enum source_kind kind;
    char file[120]; /* from the root of the checkout */
    unsigned line;
    char text[512]; /* escapes undone, length modifiers of conversions out */
};

/* Every literal of protocol/, store/, node/ and tools/, without the folders of
 * programs for developers and without the words themselves. Heap. */
struct source_text *source_texts(const char *root, size_t *len);

/* "%llu" and "%" PRIu64 become "%u": two ways to print one number. */
void source_plain_format(char *text);

#endif
