/* tools: waiting for a job of the node, with how far it is on a terminal.
 * Owns nothing; asks until the job has ended, and as often as a person can
 * read. Must never end a job: it goes on without us. Next: node/reader.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/command.h"

#define POLL_NS 100000000L /* between questions about a job */

int job_progress(void *data, uint64_t done, uint64_t total)
{
    (void)data;
    if (isatty(STDERR_FILENO) && total > 0) {
        fprintf(stderr, "\r\x1b[K%llu / %llu ", (unsigned long long)done,
                (unsigned long long)total);
    }
    return 0;
}

void job_progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\x1b[K");
    }
}

int job_await(struct cli *cli, struct client_reply *reply, struct error *err)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    int rc = 0;

    while (rc == 0 && strcmp(answer_text(answer_get(reply->root, "state")),
                             "running") == 0) {
        char path[64];

        snprintf(path, sizeof(path), "/v1/jobs/%lld",
                 (long long)answer_number(answer_get(reply->root, "job")));
        (void)job_progress(
            NULL, (uint64_t)answer_number(answer_get(reply->root, "done")),
            (uint64_t)answer_number(answer_get(reply->root, "total")));
        (void)nanosleep(&pause, NULL);
        client_reply_release(reply);
        rc = cli_get(cli, path, reply, err);
    }
    job_progress_end();
    return rc;
}
