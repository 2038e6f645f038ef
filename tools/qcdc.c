/* qcdc: the command line. The tour of the tools starts here: this table, then
 * command.h (what a command is), then any cmd_NAME.c. Owns argv and the exit
 * status; asks the node through node/client and never opens its database while
 * it runs. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "protocol/crypto.h"
#include "tools/command.h"

extern const struct command cmd_init, cmd_invite, cmd_join, cmd_promote,
    cmd_user, cmd_login, cmd_logout, cmd_clock, cmd_record, cmd_import,
    cmd_status, cmd_duty, cmd_list, cmd_show, cmd_search, cmd_sync, cmd_receipt,
    cmd_verify, cmd_policy, cmd_snapshot, cmd_recompute, cmd_check, cmd_rebuild,
    cmd_backup, cmd_restore, cmd_bundle, cmd_tail;

static const struct command *const commands[] = {
    &cmd_init,    &cmd_invite,  &cmd_join,   &cmd_promote,  &cmd_user,
    &cmd_login,   &cmd_logout,  &cmd_record, &cmd_import,   &cmd_status,
    &cmd_duty,    &cmd_list,    &cmd_show,   &cmd_search,   &cmd_sync,
    &cmd_receipt, &cmd_verify,  &cmd_policy, &cmd_snapshot, &cmd_recompute,
    &cmd_check,   &cmd_rebuild, &cmd_backup, &cmd_restore,  &cmd_bundle,
    &cmd_clock,   &cmd_tail,    NULL,
};

int main(int argc, char **argv)
{
    struct cli cli = {0};
    struct error err = {0};
    char text[WORDS_SIZE];
    size_t len = 0;

    while (commands[len] != NULL) {
        len++;
    }
    (void)setlocale(LC_ALL, "C.UTF-8");
    (void)signal(SIGPIPE, SIG_IGN);
    int rc = crypto_start(&err);

    rc = rc < 0 ? rc : cli_parse(&cli, commands, len, argc, argv, &err);
    if (rc == 0 && (cli.help || cli.command == NULL)) {
        cli_help(&cli, commands, len);
        return cli.help ? 0 : err_exit_status(ERR_USAGE);
    }
    rc = rc < 0 ? rc : cli.command->run(&cli, &err);
    cli_close(&cli);
    if (fflush(stdout) != 0 && rc == 0 && errno != EPIPE) {
        rc = error_set(&err, ERR_IO, "the answer could not be written");
    }
    if (rc < 0) {
        fprintf(stderr, "qcdc: %s: %s\n", say(&cli, "LỖI", "ERROR"),
                say_words(&cli, err.text, text, sizeof(text)));
    }
    return err_exit_status(rc);
}
