/* A command of `qcdc`: one row of a table, one file cmd_NAME.c.
 *
 * To add one: write tools/cmd_NAME.c with `const struct command cmd_NAME`, and
 * a line in the table of tools/qcdc.c. Help and the checking of options come
 * from the row. Answers go to stdout, talk to stderr; the exit status is that
 * of the error (protocol/base/error.h).
 */
#ifndef QCDC_TOOLS_COMMAND_H
#define QCDC_TOOLS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/client/client.h"
#include "node/words/words.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

#define COMMAND_OPTIONS_MAX 16u
#define COMMAND_ARGS_MAX 512u

struct cli;

struct command_option {
    const char *name;  /* without -- */
    const char *value; /* what it is called in help; NULL = a flag */
    const char *vi;
    const char *en;
};

struct command {
    const char *name;
    const char *args; /* as in help: "TYPE FILE" */
    size_t args_min;
    size_t args_max;
    const char *vi; /* one line */
    const char *en;
    bool reads;                                         /* takes --json */
    bool signs;                                         /* takes --user */
    struct command_option options[COMMAND_OPTIONS_MAX]; /* ends at NULL name */
    int (*run)(struct cli *cli, struct error *err);
    void (*more)(const struct cli *cli); /* more help, or NULL */
};

/* One call of the program. */
struct cli {
    const struct command *command;
    const char *dir;
    bool english;
    bool json;
    bool help;
    const char *user;
    const char *values[COMMAND_OPTIONS_MAX]; /* by option; NULL = not given */
    const char *args[COMMAND_ARGS_MAX];
    size_t args_len;
    struct client *client; /* opened when first used */
    char session[80];      /* of the official who acts; "" = not yet */
    bool session_ours;     /* by --user: ends with the command */
};

/* ---- cli.c ------------------------------------------------------------- */

/* Reads argv against the table. ERR_USAGE with what is wrong. */
int cli_parse(struct cli *cli, const struct command *const *commands,
              size_t commands_len, int argc, char **argv,
              struct error *err) MUST_USE;
void cli_help(const struct cli *cli, const struct command *const *commands,
              size_t commands_len);
/* Ends the session that --user began, closes the client. */
void cli_close(struct cli *cli);

/* Value of an option, "" for a flag that was given, NULL if it was not. */
const char *cli_option(const struct cli *cli, const char *name);
/* The text in the language of this call. */
const char *say(const struct cli *cli, const char *vi, const char *en);
/* The English of an error in the language of this call. Returns room. */
const char *say_words(const struct cli *cli, const char *text, char *room,
                      size_t size);

/* ---- ask.c: the node -------------------------------------------------------
 */

/* <dir>/<name> into `room`. ERR_USAGE when it is too long. */
int cli_path(const struct cli *cli, const char *name, char *room, size_t size,
             struct error *err) MUST_USE;
/* True if a node runs in the directory. */
int cli_node_runs(struct cli *cli, bool *runs, struct error *err) MUST_USE;
/* GET; release the reply in every case. */
int cli_get(struct cli *cli, const char *path, struct client_reply *reply,
            struct error *err) MUST_USE;
/* POST of a body made with request_new (taken). The session goes along. */
int cli_post(struct cli *cli, const char *path, struct request_body *body,
             struct client_reply *reply, struct error *err) MUST_USE;
int cli_post_text(struct cli *cli, const char *path, struct span body,
                  struct client_reply *reply, struct error *err) MUST_USE;
/* job.c: asks until the job has ended; *reply, first the answer that named it,
 * is then the last. The error is the job's. */
int job_await(struct cli *cli, struct client_reply *reply,
              struct error *err) MUST_USE;
/* How far, on a terminal; data is not looked at, 0 = go on. */
int job_progress(void *data, uint64_t done, uint64_t total);
void job_progress_end(void);
/* The session for an act: of --user (asks the password), of QCDC_SESSION, or
 * of `qcdc login`. Without any the node decides. */
int cli_session(struct cli *cli, struct error *err) MUST_USE;
int cli_session_save(const struct cli *cli, const char *session,
                     struct error *err) MUST_USE;
void cli_session_forget(const struct cli *cli);
/* A POST /v1/login with a password that was asked for. */
int cli_login(struct cli *cli, const char *name, struct client_reply *reply,
              struct error *err) MUST_USE;

#define PASSWORD_MAX 256u
/* From QCDC_PASSWORD_FILE, else the terminal without echo, else a line of
 * stdin. Wipe it. ERR_USAGE when empty or too long. */
int password_ask(const struct cli *cli, const char *prompt,
                 char password[PASSWORD_MAX], struct error *err) MUST_USE;

/* The same without QCDC_PASSWORD_FILE. */
int secret_ask(const char *prompt, char secret[PASSWORD_MAX],
               struct error *err) MUST_USE;

/* A whole file ("-" = stdin), heap, NUL-terminated. ERR_NOTFOUND, ERR_LIMIT,
 * ERR_IO, naming it. */
int file_read(const char *path, size_t max, char **text, size_t *len,
              struct error *err) MUST_USE;

/* ---- print.c: what people read
 * ------------------------------------------------ */

/* With --json the reply as it came; true if so. */
bool print_json(const struct cli *cli, const struct client_reply *reply);
/* "2024-03-01..." as read here: 01/03/2024, with the time when there is one;
 * "—" for null. Returns room. */
#define WHEN_SIZE 40u
const char *print_when(const struct cli *cli, const struct answer *value,
                       char room[WHEN_SIZE]);
/* The node that answered and, on a clock that was set, a line that says so. */
void print_head(const struct cli *cli, const struct client_reply *reply);
/* Columns that a text takes on a terminal: no marks, wide letters twice. */
size_t print_width(const char *text);
/* Pads to that many columns. */
void print_cell(const char *text, size_t width, bool right);

/* A table: cells in reading order, printed at the end. */
struct table;
/* ERR_NOMEM at the end, not here; `right` = bits of columns set right. */
struct table *table_new(size_t columns, uint64_t right);
void table_add(struct table *table, const char *text);
void table_add_number(struct table *table, int64_t number);
/* Prints under a line of dashes after the first row, and frees. */
int table_end(struct table *table, struct error *err) MUST_USE;

#endif
