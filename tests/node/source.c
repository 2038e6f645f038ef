/* Reads C as far as it is needed to know a literal from a comment, and the
 * arguments of a call from each other. Never understands the preprocessor. */
#include "tests/node/source.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Functions whose argument number `at` a person reads in the end. */
static const struct speaker {
    const char *name;
    unsigned at;
    enum source_kind kind;
} speakers[] = {
    {"error_set", 2, SOURCE_FORMAT},    {"error_wrap", 1, SOURCE_WRAP},
    {"found", 2, SOURCE_FORMAT},        {"step_text", 1, SOURCE_FORMAT},
    {"refuse", 2, SOURCE_FORMAT},       {"field_refuse", 2, SOURCE_FORMAT},
    {"rules_refuse", 2, SOURCE_FORMAT},
};

/* Programs for developers, and the words themselves. */
static const char *const left_out[] = {"tools/bench", "tools/sample",
                                       "tools/build", "node/words"};

static struct source_text *texts;
static size_t texts_len, texts_size;
static size_t root_len;

struct scan {
    const char *at;
    const char *file;
    unsigned line;
};

static struct source_text *text_new(const struct scan *s)
{
    if (texts_len == texts_size) {
        texts_size = texts_size == 0 ? 4096 : texts_size * 2;
        texts = realloc(texts, texts_size * sizeof(*texts));
        if (texts == NULL) {
            abort();
        }
    }
    struct source_text *text = &texts[texts_len++];

    *text = (struct source_text){.line = s->line};
    (void)snprintf(text->file, sizeof(text->file), "%s", s->file);
    return text;
}

/* Blanks and comments. */
static void skip(struct scan *s)
{
    for (;;) {
        if (strncmp(s->at, "/*", 2) == 0) {
            const char *end = strstr(s->at, "*/");

            for (; s->at < end; s->at++) {
                s->line += *s->at == '\n';
            }
            s->at += 2;
        } else if (strncmp(s->at, "//", 2) == 0) {
            s->at += strcspn(s->at, "\n");
        } else if (*s->at != '\0' && isspace((unsigned char)*s->at)) {
            s->line += *s->at++ == '\n';
        } else {
            return;
        }
    }
}

/* One literal, at its quote; as much as fits is appended. */
static void take_literal(struct scan *s, char *out, size_t size)
{
    size_t len = strlen(out);

    for (s->at++; *s->at != '"' && *s->at != '\0'; s->at++) {
        char c = *s->at;

        if (c == '\\') {
            c = *++s->at;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        if (len + 1 < size) {
            out[len++] = c;
        }
    }
    out[len] = '\0';
    s->at += *s->at != '\0';
}

static size_t word_len(const char *at)
{
    size_t len = 0;

    while (isalnum((unsigned char)at[len]) || at[len] == '_') {
        len++;
    }
    return len;
}

/* Literals and PRI macros that stand side by side. True if there was one. */
static bool take_run(struct scan *s, enum source_kind kind)
{
    if (*s->at != '"') {
        return false;
    }
    struct source_text *text = text_new(s);

    text->kind = kind;
    for (;;) {
        size_t word = word_len(s->at);

        if (*s->at == '"') {
            take_literal(s, text->text, sizeof(text->text));
        } else if (word >= 5 && strncmp(s->at, "PRI", 3) == 0) {
            size_t len = strlen(text->text);

            text->text[len] = s->at[3];
            s->at += word;
        } else {
            break;
        }
        skip(s);
    }
    source_plain_format(text->text);
    return true;
}

static const struct speaker *speaker_at(const char *at, size_t len)
{
    for (size_t i = 0; i < sizeof(speakers) / sizeof(*speakers); i++) {
        if (strlen(speakers[i].name) == len &&
            strncmp(speakers[i].name, at, len) == 0) {
            return &speakers[i];
        }
    }
    return NULL;
}

static void scan_all(struct scan *s, const struct speaker *in);

/* One token that is no literal. */
static void step(struct scan *s)
{
    size_t len = word_len(s->at);

    if (len == 0) {
        if (*s->at == '\'') {
            s->at += s->at[1] == '\\' ? 2 : 1;
            s->at += strcspn(s->at + 1, "'") + 1;
        }
        s->at++;
        return;
    }
    const struct speaker *speaker = speaker_at(s->at, len);

    s->at += len;
    skip(s);
    if (speaker != NULL && *s->at == '(') {
        s->at++;
        scan_all(s, speaker);
    }
}

static enum source_kind kind_of(const struct speaker *in, unsigned arg)
{
    return in == NULL ? SOURCE_TEXT : arg == in->at ? in->kind : SOURCE_PHRASE;
}

/* To the end of the file, or of the call that was entered. */
static void scan_all(struct scan *s, const struct speaker *in)
{
    unsigned depth = 0, arg = 0;

    for (skip(s); *s->at != '\0'; skip(s)) {
        if (take_run(s, kind_of(in, arg))) {
            continue;
        }
        if (*s->at == '(' || *s->at == '{' || *s->at == '[') {
            depth++;
        } else if (*s->at == ')' || *s->at == '}' || *s->at == ']') {
            if (depth == 0 && in != NULL) {
                s->at++;
                return;
            }
            depth--;
        } else if (*s->at == ',' && depth == 0) {
            arg++;
        }
        step(s);
    }
}

static bool is_left_out(const char *name)
{
    for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++) {
        if (strncmp(name, left_out[i], strlen(left_out[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void scan_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "r");
    char *bytes = calloc(1, size + 1);

    if (file == NULL || bytes == NULL || fread(bytes, 1, size, file) != size) {
        abort();
    }
    struct scan s = {.at = bytes, .file = path + root_len + 1, .line = 1};

    scan_all(&s, NULL);
    (void)fclose(file);
    free(bytes);
}

static void scan_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    struct stat about;
    char inner[512];

    if (dir == NULL) {
        abort();
    }
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        const char *end = entry->d_name + len - (len < 2 ? len : 2);

        (void)snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || stat(inner, &about) != 0 ||
            is_left_out(inner + root_len + 1)) {
            continue;
        }
        if (S_ISDIR(about.st_mode)) {
            scan_folder(inner);
        } else if (strcmp(end, ".c") == 0 || strcmp(end, ".h") == 0) {
            scan_file(inner, (size_t)about.st_size);
        }
    }
    (void)closedir(dir);
}

struct source_text *source_texts(const char *root, size_t *len)
{
    static const char *const rooms[] = {"protocol", "store", "node", "tools"};
    char path[512];

    texts = NULL;
    texts_len = texts_size = 0;
    root_len = strlen(root);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", root, rooms[i]);
        scan_folder(path);
    }
    *len = texts_len;
    return texts;
}

void source_plain_format(char *text)
{
    char *out = text;

    for (const char *p = text; *p != '\0';) {
        *out++ = *p;
        if (*p++ != '%') {
            continue;
        }
        while (*p != '\0' && strchr("-+ #0123456789.*hlzjt", *p) != NULL) {
            if (strchr("hlzjt", *p) == NULL) {
                *out++ = *p;
            }
            p++;
        }
        if (*p != '\0') {
            *out++ = *p++;
        }
    }
    *out = '\0';
}
