/* tools: `qcdc tail FILE`: gives a node back what a mirror cut off its log
 * where a superior ended it too early. Owns reading the file, one segment at a
 * time; what is taken the node decides. Next: node/tail.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "tools/command.h"

#define TAIL_LINE_MAX 200u
#define BLOCK_MAX (4u << 20) /* beyond what one segment can be */

struct giving {
    struct cli *cli;
    FILE *file;
    const char *path;
    char where[TAIL_LINE_MAX + 32];
    unsigned char *block;
    uint64_t added, held, refused;
};

static int damaged(const struct giving *giving, struct error *err)
{
    return ferror(giving->file)
               ? error_set(err, ERR_IO, "%.160s: %s", giving->path,
                           strerror(errno))
               : error_set(err, ERR_MALFORMED,
                           "%.160s is no tail, or it is cut: fetch it again "
                           "from the machine that kept it",
                           giving->path);
}

/* "qcdc/tail/v1", then "origin LOG". */
static int head_read(struct giving *giving, struct error *err)
{
    char line[TAIL_LINE_MAX];
    static const char word[] = "origin ";

    if (fgets(line, sizeof(line), giving->file) == NULL ||
        strcmp(line, "qcdc/tail/v1\n") != 0 ||
        fgets(line, sizeof(line), giving->file) == NULL ||
        strncmp(line, word, sizeof(word) - 1) != 0 ||
        strspn(line + sizeof(word) - 1,
               "abcdefghijklmnopqrstuvwxyz0123456789-/") +
                sizeof(word) !=
            strlen(line)) {
        return damaged(giving, err);
    }
    line[strcspn(line, "\n")] = '\0';
    snprintf(giving->where, sizeof(giving->where), "/v1/tail?origin=%s",
             line + sizeof(word) - 1);
    return 0;
}

/* The bytes that follow a segment's line; -1: it is none. */
static long parts_len(const char *line)
{
    static const char word[] = "segment ";
    const char *at = line + sizeof(word) - 1;
    unsigned long long sum = 0;

    if (strncmp(line, word, sizeof(word) - 1) != 0) {
        return -1;
    }
    for (size_t i = 0; i < 7; i++) {
        char *end = NULL;
        unsigned long long n = strtoull(at, &end, 10);

        if (end == at || *end != (i < 6 ? ' ' : '\n') ||
            (i >= 2 && n > BLOCK_MAX)) {
            return -1;
        }
        sum += i < 2 ? 0 : n;
        at = end + 1;
    }
    return sum > BLOCK_MAX - TAIL_LINE_MAX ? -1 : (long)sum;
}

static int block_give(struct giving *giving, size_t len, struct error *err)
{
    struct client_reply reply;
    int rc = cli_post_text(giving->cli, giving->where,
                           span_make(giving->block, len), &reply, err);

    if (rc == 0) {
        giving->added +=
            (uint64_t)answer_number(answer_get(reply.root, "added"));
        giving->held += (uint64_t)answer_number(answer_get(reply.root, "held"));
        giving->refused +=
            (uint64_t)answer_number(answer_get(reply.root, "refused"));
    }
    client_reply_release(&reply);
    return rc;
}

static int give(struct giving *giving, struct error *err)
{
    char *line = (char *)giving->block;
    int rc = head_read(giving, err);

    while (rc == 0 && fgets(line, TAIL_LINE_MAX, giving->file) != NULL) {
        size_t head = strlen(line);
        long len = parts_len(line);

        if (len < 0 || line[head - 1] != '\n' ||
            fread(giving->block + head, 1, (size_t)len, giving->file) !=
                (size_t)len) {
            return damaged(giving, err);
        }
        rc = block_give(giving, head + (size_t)len, err);
    }
    return rc == 0 && ferror(giving->file) ? damaged(giving, err) : rc;
}

static int run(struct cli *cli, struct error *err)
{
    struct giving giving = {.cli = cli, .path = cli->args[0]};
    int rc;

    giving.file = fopen(giving.path, "rbe");
    if (giving.file == NULL) {
        return error_set(err, ERR_USAGE, "%.160s: %s", giving.path,
                         strerror(errno));
    }
    giving.block = malloc(BLOCK_MAX);
    rc = giving.block == NULL
             ? error_set(err, ERR_NOMEM, "no memory for a tail")
             : give(&giving, err);
    free(giving.block);
    (void)fclose(giving.file);
    if (rc == 0) {
        printf(
            "%s: %llu; %s: %llu; %s: %llu\n",
            say(cli, "Ghi lại vào hàng chờ", "Recorded again"),
            (unsigned long long)giving.added, say(cli, "đã có", "held already"),
            (unsigned long long)giving.held, say(cli, "không nhận", "refused"),
            (unsigned long long)giving.refused);
    }
    return rc;
}

extern const struct command cmd_tail;
const struct command cmd_tail = {
    .name = "tail",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .vi = "trả lại cho nút phần đuôi sổ mà một bản sao đã cắt (tệp .qcdc-tail)",
    .en =
        "give the node back what a mirror cut off its log (a .qcdc-tail file)",
    .run = run,
};
