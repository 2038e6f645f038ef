/* tools/bench: one run, the machine's limits first, then qcdc beside them.
 *
 * Reads nothing, writes only below its scratch folder, and prints a table (or
 * JSON lines with --json) whose ratios are what DESIGN section 11 asks for.
 * Never a test: machines are shared and noisy. Read raw.h next.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/crypto.h"
#include "tools/bench/raw.h"
#include "tools/bench/report.h"

static const char usage[] =
    "usage: qcdc-bench [--json] [--dir FOLDER] [--events N]\n"
    "  --dir FOLDER  scratch folder on the disk to measure (default: a new\n"
    "                one below the current folder)\n"
    "  --events N    events of the chain rows (default 100000)\n";

static int limits_measure(struct report *report, const char *dir,
                          unsigned events, struct error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double v = 0;
    int rc = raw_verify(cores > 0 ? (unsigned)cores : 1, 2.0, &v, err);

    if (rc == 0) {
        report_limit(report, LIMIT_VERIFY, v);
        rc = raw_sqlite(dir, 1, 300, 2.0, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_COMMIT, v);
        rc = raw_sqlite(dir, 100, 300, 2.0, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_INSERT, v);
        rc = raw_zmq(256, 300000, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_MESSAGE, v);
        rc = raw_zmq(65536, 10000, &v, err);
    }

    struct chain_load load = {.dir = dir,
                              .events = events / 256 * 256,
                              .event_bytes = 520,
                              .batch = 256};

    if (rc == 0) {
        report_limit(report, LIMIT_MESSAGE_64K, v);
        rc = raw_chain(&load, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_CHAIN, v);
        load.verify = true;
        rc = raw_chain(&load, &v, err);
    }
    if (rc == 0) {
        report_limit(report, LIMIT_CHAIN_VERIFIED, v);
    }
    return rc;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"dir", required_argument, NULL, 'd'},
        {"events", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct report report = {.out = stdout};
    struct error err = {0};
    char scratch[] = "bench-XXXXXX";
    const char *dir = NULL;
    unsigned long events = 100000;
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case 'j':
            report.json = true;
            break;
        case 'd':
            dir = optarg;
            break;
        case 'n':
            events = strtoul(optarg, NULL, 10);
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return err_exit_status(ERR_USAGE);
        }
    }
    if (events < 1024 || events > 100000000) {
        fputs("qcdc-bench: --events takes 1024 to 100000000\n", stderr);
        return err_exit_status(ERR_USAGE);
    }
    if (dir == NULL) {
        dir = mkdtemp(scratch);
    }
    if (dir == NULL) {
        fputs("qcdc-bench: no scratch folder can be made here; give --dir\n",
              stderr);
        return err_exit_status(ERR_IO);
    }

    int rc = crypto_start(&err);

    if (rc == 0) {
        rc = limits_measure(&report, dir, (unsigned)events, &err);
    }
    if (rc != 0) {
        fprintf(stderr, "qcdc-bench: %s\n", err.text);
        return err_exit_status(rc);
    }
    return 0;
}
