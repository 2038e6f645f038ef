/* tools: the way to the node, and who acts.
 * Owns the session file (<dir>/session, 0600) and the asking of passwords.
 * Must never print a password or keep one after the call. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "protocol/crypto.h"
#include "tools/command.h"

int cli_path(const struct cli *cli, const char *name, char *room, size_t size,
             struct error *err)
{
    int len = snprintf(room, size, "%s/%s", cli->dir, name);

    if (len < 0 || (size_t)len >= size) {
        return error_set(err, ERR_USAGE, "%.60s...: the path is too long",
                         cli->dir);
    }
    return 0;
}

static int open_client(struct cli *cli, struct error *err)
{
    char path[512];
    int rc;

    if (cli->client != NULL) {
        return 0;
    }
    rc = cli_path(cli, "api.sock", path, sizeof(path), err);
    rc = rc < 0 ? rc : client_open(path, &cli->client, err);
    if (rc == 0) {
        client_speak(cli->client, say(cli, "vi", "en"));
    }
    return rc;
}

int cli_node_runs(struct cli *cli, bool *runs, struct error *err)
{
    int rc = open_client(cli, err);

    if (rc == 0) {
        *runs = client_is_there(cli->client);
    }
    return rc;
}

static int call_node(struct cli *cli, const struct client_request *request,
                     struct client_reply *reply, struct error *err)
{
    int rc = open_client(cli, err);

    *reply = (struct client_reply){0};
    rc = rc < 0 ? rc : client_call(cli->client, request, reply, err);
    if (rc == ERR_BUSY && reply->len == 0) {
        (void)error_set(err, ERR_BUSY,
                        "no node runs in %s: start it with `qcdc-node --dir "
                        "%s`",
                        cli->dir, cli->dir);
    }
    return rc;
}

int cli_get(struct cli *cli, const char *path, struct client_reply *reply,
            struct error *err)
{
    struct client_request request = {
        .path = path,
        .session = cli->session[0] == '\0' ? NULL : cli->session,
    };

    return call_node(cli, &request, reply, err);
}

int cli_post_text(struct cli *cli, const char *path, struct span body,
                  struct client_reply *reply, struct error *err)
{
    struct client_request request = {
        .path = path,
        .write = true,
        .body = body,
        .session = cli->session[0] == '\0' ? NULL : cli->session,
        .timeout_s = 900,
    };

    return call_node(cli, &request, reply, err);
}

int cli_post(struct cli *cli, const char *path, struct request_body *body,
             struct client_reply *reply, struct error *err)
{
    char *text = request_end(body);

    *reply = (struct client_reply){0};
    if (text == NULL) {
        return error_set(err, ERR_MALFORMED, "an argument is no UTF-8 text");
    }
    int rc = cli_post_text(cli, path, span_str(text), reply, err);

    crypto_wipe(text, strlen(text));
    free(text);
    return rc;
}

/* ---- who acts ---------------------------------------------------------------
 */

int cli_session_save(const struct cli *cli, const char *session,
                     struct error *err)
{
    char path[512];
    int rc = cli_path(cli, "session", path, sizeof(path), err);

    if (rc < 0) {
        return rc;
    }
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(session);
    ssize_t put = fd < 0 ? -1 : write(fd, session, len);

    if (fd < 0 || close(fd) < 0 || put != (ssize_t)len) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    return 0;
}

void cli_session_forget(const struct cli *cli)
{
    char path[512];
    struct error ignored = {0};

    if (cli_path(cli, "session", path, sizeof(path), &ignored) == 0) {
        (void)unlink(path);
    }
}

static bool take_session(struct cli *cli, const char *text)
{
    size_t len = text == NULL ? 0 : strcspn(text, "\r\n");

    if (len == 0 || len >= sizeof(cli->session)) {
        return false;
    }
    memcpy(cli->session, text, len);
    cli->session[len] = '\0';
    return true;
}

int cli_login(struct cli *cli, const char *name, struct client_reply *reply,
              struct error *err)
{
    char password[PASSWORD_MAX];
    char prompt[160];

    *reply = (struct client_reply){0};
    snprintf(prompt, sizeof(prompt),
             "%s %.80s: ", say(cli, "Mật khẩu của", "Password of"), name);
    int rc = password_ask(cli, prompt, password, err);
    if (rc < 0) {
        return rc;
    }
    struct request_body *body = request_new();

    request_put_text(body, "name", name);
    request_put_text(body, "password", password);
    crypto_wipe(password, sizeof(password));
    return cli_post(cli, "/v1/login", body, reply, err);
}

int cli_session(struct cli *cli, struct error *err)
{
    struct client_reply reply = {0};
    struct error ignored = {0};
    char path[512];
    char *text = NULL;
    size_t len = 0;
    int rc = 0;

    if (cli->user != NULL) {
        rc = cli_login(cli, cli->user, &reply, err);
        cli->session_ours =
            rc == 0 &&
            take_session(cli, answer_text(answer_get(reply.root, "session")));
        client_reply_release(&reply);
        return rc;
    }
    if (take_session(cli, getenv("QCDC_SESSION"))) {
        return 0;
    }
    rc = cli_path(cli, "session", path, sizeof(path), err);
    if (rc == 0 && file_read(path, 256, &text, &len, &ignored) == 0) {
        (void)take_session(cli, text);
        free(text);
    }
    return rc;
}

void cli_close(struct cli *cli)
{
    struct client_reply reply = {0};
    struct error ignored = {0};

    if (cli->session_ours) {
        (void)!cli_post(cli, "/v1/logout", request_new(), &reply, &ignored);
        client_reply_release(&reply);
    }
    client_close(cli->client);
    cli->client = NULL;
    crypto_wipe(cli->session, sizeof(cli->session));
}

/* ---- passwords and files
 * ----------------------------------------------------- */

static int read_line(FILE *in, char password[PASSWORD_MAX], struct error *err)
{
    if (fgets(password, (int)PASSWORD_MAX, in) == NULL) {
        password[0] = '\0';
    }
    size_t len = strcspn(password, "\r\n");

    if (len == PASSWORD_MAX - 1) {
        return error_set(err, ERR_USAGE, "the password is over %u bytes",
                         PASSWORD_MAX - 2);
    }
    password[len] = '\0';
    if (len == 0) {
        return error_set(err, ERR_USAGE,
                         "no password was given: type it, pipe it in, or name "
                         "its file in QCDC_PASSWORD_FILE");
    }
    return 0;
}

int password_ask(const struct cli *cli, const char *prompt,
                 char password[PASSWORD_MAX], struct error *err)
{
    const char *path = getenv("QCDC_PASSWORD_FILE");
    FILE *file;
    int rc;

    (void)cli;
    if (path == NULL || *path == '\0') {
        return secret_ask(prompt, password, err);
    }
    file = fopen(path, "re");
    if (file == NULL) {
        return error_set(err, ERR_NOTFOUND, "QCDC_PASSWORD_FILE %.120s: %s",
                         path, strerror(errno));
    }
    rc = read_line(file, password, err);
    (void)fclose(file);
    return rc;
}

int secret_ask(const char *prompt, char secret[PASSWORD_MAX], struct error *err)
{
    struct termios before;
    int rc;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0) {
        return read_line(stdin, secret, err);
    }
    struct termios silent = before;

    silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "%s", prompt);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    rc = read_line(stdin, secret, err);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fprintf(stderr, "\n");
    return rc;
}

int file_read(const char *path, size_t max, char **text, size_t *len,
              struct error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *data = NULL;
    size_t size = 0;
    size_t used = 0;
    int rc = 0;

    if (file == NULL) {
        return error_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
                         "%.160s: %s", path, strerror(errno));
    }
    for (;;) {
        if (used + 1 >= size) {
            size = size == 0 ? 65536 : size * 2;
            char *grown = realloc(data, size);

            if (grown == NULL) {
                rc = error_set(err, ERR_NOMEM, "%.160s: no memory", path);
                break;
            }
            data = grown;
        }
        size_t got = fread(data + used, 1, size - used - 1, file);

        used += got;
        if (used > max) {
            rc = error_set(err, ERR_LIMIT, "%.160s: over %zu KiB", path,
                           max / 1024);
            break;
        }
        if (got == 0) {
            break;
        }
    }
    if (rc == 0 && ferror(file)) {
        rc = error_set(err, ERR_IO, "%.160s: %s", path, strerror(errno));
    }
    if (file != stdin) {
        (void)fclose(file);
    }
    if (rc < 0 || data == NULL) {
        free(data);
        return rc;
    }
    data[used] = '\0';
    *text = data;
    *len = used;
    return 0;
}
