/* tools/bench: the table. Figures only, no judgement beyond the ratio. */
#include "tools/bench/report.h"

static const struct {
    const char *name;
    const char *unit;
} limit_rows[LIMIT_COUNT] = {
    [LIMIT_VERIFY] = {"limit: Ed25519 verify, all cores", "/s"},
    [LIMIT_COMMIT] = {"limit: SQLite, one row a durable commit", "/s"},
    [LIMIT_INSERT] = {"limit: SQLite, 100 rows a durable commit", "rows/s"},
    [LIMIT_MESSAGE] = {"limit: ZeroMQ+CURVE, 256 B", "msg/s"},
    [LIMIT_MESSAGE_64K] = {"limit: ZeroMQ+CURVE, 64 KiB", "msg/s"},
    [LIMIT_CHAIN] = {"limit: bare chain, 3 processes", "events/s"},
    [LIMIT_CHAIN_VERIFIED] = {"limit: bare chain, verifying twice", "events/s"},
};

void report_limit(struct report *report, enum limit limit, double per_s)
{
    report->limits[limit] = per_s;
    if (report->json) {
        fprintf(report->out,
                "{\"limit\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"}\n",
                limit_rows[limit].name + sizeof("limit: ") - 1, per_s,
                limit_rows[limit].unit);
    } else {
        fprintf(report->out, "%-46s %12.0f %-9s\n", limit_rows[limit].name,
                per_s, limit_rows[limit].unit);
    }
    fflush(report->out);
}

void report_row(struct report *report, const struct row *row)
{
    double share = row->against >= 0 && report->limits[row->against] > 0
                       ? row->value / report->limits[row->against]
                       : 0;
    bool met =
        row->less ? row->value <= row->target : row->value >= row->target;

    if (report->json) {
        fprintf(report->out, "{\"row\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"",
                row->name, row->value, row->unit);
        if (share > 0) {
            fprintf(report->out, ",\"of_limit\":%.3f", share);
        }
        if (row->target > 0) {
            fprintf(report->out, ",\"target\":%.3f,\"met\":%s", row->target,
                    met ? "true" : "false");
        }
        fputs("}\n", report->out);
    } else {
        fprintf(report->out, "%-46s %12.1f %-9s", row->name, row->value,
                row->unit);
        if (share > 0) {
            fprintf(report->out, " %5.1f %% of limit", 100 * share);
        }
        if (row->target > 0) {
            fprintf(report->out, "  target %s %g%s",
                    row->less ? "<=" : ">=", row->target,
                    met ? "" : "  MISSED");
        }
        fputc('\n', report->out);
    }
    fflush(report->out);
}

void report_skipped(struct report *report, const char *name, const char *why)
{
    if (report->json) {
        fprintf(report->out, "{\"row\":\"%s\",\"not_run\":\"%s\"}\n", name,
                why);
    } else {
        fprintf(report->out, "%-46s %12s %s\n", name, "not run:", why);
    }
    fflush(report->out);
}
