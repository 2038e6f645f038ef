/* What the bench prints: limits of the machine, then rows with ratios. */
#ifndef QCDC_TOOLS_BENCH_REPORT_H
#define QCDC_TOOLS_BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

enum limit {
    LIMIT_VERIFY,         /* Ed25519 verifications a second, all cores */
    LIMIT_COMMIT,         /* durable commits of one row a second */
    LIMIT_INSERT,         /* rows a second, 100 a durable commit */
    LIMIT_MESSAGE,        /* 256-byte messages a second, CURVE */
    LIMIT_MESSAGE_64K,    /* 64 KiB messages a second, CURVE */
    LIMIT_CHAIN,          /* bare chain: hash, store, send; events a second */
    LIMIT_CHAIN_VERIFIED, /* the same, verifying at both hops */
    LIMIT_COUNT,
};

struct report {
    FILE *out; /* keeps */
    bool json;
    double limits[LIMIT_COUNT];
    double cpu_us[LIMIT_COUNT]; /* processor time an event, 0 = not known */
};

/* Remembers a limit and prints its line. */
void report_limit(struct report *report, enum limit limit, double per_s);

struct row {
    const char *name;
    double value;
    const char *unit;
    double target; /* 0 = none */
    bool less;     /* the target is an upper bound */
    int against;   /* enum limit whose share is printed, -1 = none */
};

/* Prints one measured row, its target and its share of a limit. */
void report_row(struct report *report, const struct row *row);

/* Prints that a row was not measured, and why. */
void report_skipped(struct report *report, const char *name, const char *why);

#endif
