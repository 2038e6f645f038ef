/* Long reading as jobs (a check, a copy): one thread with a read-only
 * connection of its own, an actor over an inproc PAIR socket. The loop thread
 * asks, goes on, and takes notes of progress; the API tells them under the
 * job's number. One job at a time; the newest few that ended are remembered. */
#ifndef QCDC_NODE_READER_H
#define QCDC_NODE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "store/check.h"
#include "store/restore.h"

struct reader;

#define READER_KEPT 8u       /* jobs whose outcome can be asked for */
#define READER_FINDINGS 200u /* shown; all are counted */
#define READER_FILES 1000u   /* of one job; the next one finds the rest */

enum reader_task {
    READER_CHECK,
    READER_BACKUP
};

enum reader_state {
    READER_RUNS,
    READER_DONE,
    READER_FAILED
};

struct reader_job {
    uint64_t number; /* from 1 */
    enum reader_task task;
    enum reader_state state;
    uint64_t done; /* of total, of the part being read; total 0 = unknown */
    uint64_t total;
    uint64_t found;   /* findings, when done */
    uint64_t erased;  /* bodies that are gone with a ground, when done */
    uint64_t files;   /* attached files that are sound, when done */
    uint64_t orphans; /* files that no event names, when done */
    struct store_copied_files copied; /* by a backup, when done */
    struct hash *bad_files;           /* for the writer to look at, when done */
    size_t bad_files_len;
    struct store_finding *findings;
    size_t findings_len;
    struct error err; /* when failed */
};

/* Starts the thread; it opens nothing before it is asked. context: keeps (a
 * zmq context); store_path: copied. ERR_NOMEM, ERR_IO. */
int reader_open(void *context, const char *store_path, struct reader **out,
                struct error *err) MUST_USE;
/* Interrupts the job under way and ends the thread. Accepts NULL. */
void reader_close(struct reader *reader);

/* store_check of what is committed now, as a job; the one under way when there
 * is one. ERR_IO. */
int reader_check(struct reader *reader, struct store_now now, uint64_t *number,
                 struct error *err) MUST_USE;
/* store_backup into `path` (copied) of what is committed now, and
 * store_backup_files, as a job.
 * ERR_BUSY: another one is under way; ERR_LIMIT, ERR_IO. */
int reader_backup(struct reader *reader, const char *path, uint64_t *number,
                  struct error *err) MUST_USE;
/* The job; NULL when it is not, or no longer, known. Borrowed until the next
 * reader_take, reader_check or reader_backup. */
const struct reader_job *reader_find(const struct reader *reader,
                                     uint64_t number);

/* Takes the notes that came. */
void reader_take(struct reader *reader);
/* Files that a job found wrong, once each: the array (heap, the caller's) or
 * NULL. */
struct hash *reader_bad_files(struct reader *reader, size_t *len);
/* For zmq_poll. */
void *reader_socket(struct reader *reader);

#endif
