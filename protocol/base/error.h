/* The one error value of the project.
 *
 * Every fallible function returns 0 or a negative `enum err` and fills the
 * caller's `struct error` with one printable sentence. Codes are named by what
 * the caller does next; there are ten and no more. Nothing here logs or exits.
 */
#ifndef QCDC_PROTOCOL_BASE_ERROR_H
#define QCDC_PROTOCOL_BASE_ERROR_H

#define MUST_USE __attribute__((warn_unused_result))

/* name, negative value, exit status of a program, what the caller does next */
#define ERR_TABLE(X)                                                           \
    X(NOMEM, -1, 71, "fail this operation")                                    \
    X(LIMIT, -2, 65, "drop and count")                                         \
    X(MALFORMED, -3, 65, "drop, strike the peer")                              \
    X(UNTRUSTED, -4, 77, "refuse, end the session")                            \
    X(CONFLICT, -5, 76, "keep both as evidence, stop with that peer")          \
    X(NOTFOUND, -6, 66, "answer so")                                           \
    X(BUSY, -7, 75, "retry with backoff")                                      \
    X(IO, -8, 74, "fail, exit if it persists")                                 \
    X(CORRUPT, -9, 70, "our own data contradicts itself: stop at once")        \
    X(USAGE, -10, 2, "tell the operator")

enum err {
#define ERR_MEMBER(name, value, status, reaction) ERR_##name = value,
    ERR_TABLE(ERR_MEMBER)
#undef ERR_MEMBER
};

#define ERROR_TEXT_SIZE 256

/* Caller's storage, usually on the stack; zero-initialised is "no error". */
struct error {
    int code;                   /* 0 or an enum err */
    char text[ERROR_TEXT_SIZE]; /* one line, NUL-terminated, always UTF-8 */
};

/* Records code and text (truncated on a character boundary), returns code. */
int error_set(struct error *err, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<fmt>: " before the text already there; returns the code kept. */
int error_wrap(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "LIMIT" for ERR_LIMIT; "OK" for 0; "UNKNOWN" for anything else. */
const char *err_name(int code);

/* Exit status a program ends with after this code; 0 for 0, 70 if unknown. */
int err_exit_status(int code);

#endif
