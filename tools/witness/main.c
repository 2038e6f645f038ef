/* tools/witness: the program. Owns its arguments. Read next: witness.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/words/words.h"
#include "tools/witness/witness.h"

static const char usage[] =
    "qcdc-witness: nhân chứng độc lập của các sổ / an outside cosigner\n"
    "\n"
    "  qcdc-witness init DIR NAME            tạo khóa / makes the key\n"
    "      NAME as front-quangngai/witness; prints the key that a node's\n"
    "      qcdc.conf takes as `witness`. Put `qcdc policy` of the province\n"
    "      into DIR/logs.policy: the logs this witness knows.\n"
    "  qcdc-witness serve DIR SOCKET         nhận / answers POST "
    "/add-checkpoint\n"
    "  qcdc-witness carry NODE-DIR WITNESS   chuyển / one round from a node\n"
    "      WITNESS: https://..., http://... or unix:SOCKET\n";

static int init(const char *dir, const char *name, struct error *err)
{
    struct witness_book book;
    char room[VKEY_TEXT_MAX + 1];
    struct buf text = buf_over(room, sizeof(room) - 1);
    int rc = book_make(dir, name, &book, err);

    if (rc == 0) {
        vkey_format(&book.witness.key, &text);
        room[text.len] = '\0';
        printf("%s\n", room);
    }
    book_close(&book);
    return rc;
}

static int serve(const char *dir, const char *socket, struct error *err)
{
    struct witness_book book;
    int rc = book_open(dir, &book, err);

    if (rc == 0) {
        rc = serve_run(&book, socket, err);
    }
    book_close(&book);
    return rc;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    char text[WORDS_SIZE];
    int rc = crypto_start(&err);

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (rc == 0 && argc == 4 && strcmp(argv[1], "init") == 0) {
        rc = init(argv[2], argv[3], &err);
    } else if (rc == 0 && argc == 4 && strcmp(argv[1], "serve") == 0) {
        rc = serve(argv[2], argv[3], &err);
    } else if (rc == 0 && argc == 4 && strcmp(argv[1], "carry") == 0) {
        rc = carry_run(argv[2], argv[3], &err);
    } else if (rc == 0) {
        fputs(usage, stderr);
        return err_exit_status(ERR_USAGE);
    }
    if (rc != 0) {
        fprintf(stderr, "qcdc-witness: %s\n",
                words_say(words_named(getenv("QCDC_LANG")), err.text, text,
                          sizeof(text)));
        return err_exit_status(rc);
    }
    return 0;
}
