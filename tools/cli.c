/* tools: options, help and language of `qcdc`.
 * Owns the reading of argv against the command table. Must never guess: an
 * option that the command does not have stops the call. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

const char *say(const struct cli *cli, const char *vi, const char *en)
{
    return cli->english ? en : vi;
}

const char *say_words(const struct cli *cli, const char *text, char *room,
                      size_t size)
{
    return words_say(cli->english ? WORDS_EN : WORDS_VI, text, room, size);
}

const char *cli_option(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < COMMAND_OPTIONS_MAX; i++) {
        const char *known = cli->command->options[i].name;

        if (known != NULL && strcmp(known, name) == 0) {
            return cli->values[i];
        }
    }
    return NULL;
}

/* ---- reading ---------------------------------------------------------------
 */

struct reading {
    struct cli *cli;
    int argc;
    char **argv;
    int at;
};

/* The value of --name=value or the next word. */
static int take_value(struct reading *in, const char *word, const char **out,
                      struct error *err)
{
    const char *equals = strchr(word, '=');

    *out = "";
    if (equals != NULL) {
        *out = equals + 1;
        return 0;
    }
    if (in->at + 1 >= in->argc) {
        return error_set(err, ERR_USAGE, "%s: a value must follow", word);
    }
    *out = in->argv[++in->at];
    return 0;
}

static bool word_is(const char *word, const char *name)
{
    size_t len = strlen(name);

    return strncmp(word + 2, name, len) == 0 &&
           (word[2 + len] == '\0' || word[2 + len] == '=');
}

static int take_lang(struct cli *cli, const char *lang, struct error *err)
{
    if (strcmp(lang, "en") != 0 && strcmp(lang, "vi") != 0) {
        return error_set(err, ERR_USAGE, "--lang: \"%.20s\": vi or en", lang);
    }
    cli->english = strcmp(lang, "en") == 0;
    return 0;
}

/* An option of the command itself; 1 = there is none of that name. */
static int take_own(struct reading *in, const char *word, struct error *err)
{
    struct cli *cli = in->cli;

    for (size_t i = 0; cli->command != NULL && i < COMMAND_OPTIONS_MAX; i++) {
        const struct command_option *option = &cli->command->options[i];

        if (option->name == NULL) {
            break;
        }
        if (!word_is(word, option->name)) {
            continue;
        }
        if (option->value == NULL) {
            cli->values[i] = "";
            return strchr(word, '=') == NULL
                       ? 0
                       : error_set(err, ERR_USAGE, "--%s takes no value",
                                   option->name);
        }
        return take_value(in, word, &cli->values[i], err);
    }
    return 1;
}

static int take_option(struct reading *in, const char *word, struct error *err)
{
    struct cli *cli = in->cli;
    const char *lang = NULL;
    int rc = take_own(in, word, err);

    if (rc <= 0) {
        return rc;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        cli->help = true;
        return 0;
    }
    if (word_is(word, "dir")) {
        return take_value(in, word, &cli->dir, err);
    }
    if (word_is(word, "lang")) {
        rc = take_value(in, word, &lang, err);
        return rc < 0 ? rc : take_lang(cli, lang, err);
    }
    if (strcmp(word, "--json") == 0 && cli->command != NULL &&
        cli->command->reads) {
        cli->json = true;
        return 0;
    }
    if (word_is(word, "user") && cli->command != NULL && cli->command->signs) {
        return take_value(in, word, &cli->user, err);
    }
    if (cli->command == NULL) {
        return error_set(err, ERR_USAGE,
                         "%.60s: qcdc has no such option; `qcdc --help` lists "
                         "them",
                         word);
    }
    return error_set(err, ERR_USAGE,
                     "%.60s: qcdc %s has no such option; `qcdc %s --help` "
                     "lists them",
                     word, cli->command->name, cli->command->name);
}

static int take_word(struct cli *cli, const struct command *const *commands,
                     size_t commands_len, const char *word, struct error *err)
{
    if (cli->command == NULL) {
        for (size_t i = 0; i < commands_len; i++) {
            if (strcmp(commands[i]->name, word) == 0) {
                cli->command = commands[i];
                return 0;
            }
        }
        return error_set(err, ERR_USAGE,
                         "%.40s: there is no such command; `qcdc --help` lists "
                         "them",
                         word);
    }
    if (cli->args_len == COMMAND_ARGS_MAX) {
        return error_set(err, ERR_USAGE, "over %u arguments", COMMAND_ARGS_MAX);
    }
    cli->args[cli->args_len++] = word;
    return 0;
}

static int check_count(const struct cli *cli, struct error *err)
{
    const struct command *command = cli->command;

    if (cli->help || command == NULL ||
        (cli->args_len >= command->args_min &&
         cli->args_len <= command->args_max)) {
        return 0;
    }
    if (command->args_max == 0) {
        return error_set(
            err, ERR_USAGE,
            "qcdc %s takes no argument: leave \"%.40s\" out; `qcdc "
            "%s --help` explains it",
            command->name, cli->args[0], command->name);
    }
    return error_set(err, ERR_USAGE, "usage: qcdc %s %s", command->name,
                     command->args);
}

int cli_parse(struct cli *cli, const struct command *const *commands,
              size_t commands_len, int argc, char **argv, struct error *err)
{
    struct reading in = {.cli = cli, .argc = argc, .argv = argv};
    const char *lang = getenv("QCDC_LANG");
    bool words_only = false;

    cli->dir = getenv("QCDC_DIR");
    cli->english = words_named(lang) == WORDS_EN;
    for (in.at = 1; in.at < argc; in.at++) {
        const char *word = argv[in.at];
        int rc;

        if (!words_only && strcmp(word, "--") == 0) {
            words_only = true;
            continue;
        }
        if (!words_only && word[0] == '-' && word[1] != '\0') {
            rc = take_option(&in, word, err);
        } else {
            rc = take_word(cli, commands, commands_len, word, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    if (cli->dir == NULL) {
        cli->dir = "/var/lib/qcdc";
    }
    return check_count(cli, err);
}

/* ---- help
 * --------------------------------------------------------------------- */

static void help_option(const struct cli *cli, const char *name,
                        const char *value, const char *vi, const char *en)
{
    char left[64];

    snprintf(left, sizeof(left), "  --%s%s%s", name, value == NULL ? "" : " ",
             value == NULL ? "" : value);
    print_cell(left, 26, false);
    printf(" %s\n", say(cli, vi, en));
}

static void help_common(const struct cli *cli)
{
    help_option(cli, "dir", "DIR",
                "thư mục dữ liệu của nút (hoặc biến QCDC_DIR)",
                "the node's data directory (or QCDC_DIR)");
    help_option(cli, "lang", "vi|en", "ngôn ngữ (hoặc biến QCDC_LANG)",
                "language (or QCDC_LANG)");
    help_option(cli, "help", NULL, "trang này", "this page");
}

static void help_command(const struct cli *cli)
{
    const struct command *command = cli->command;

    printf("qcdc %s %s\n  %s\n\n", command->name, command->args,
           say(cli, command->vi, command->en));
    for (size_t i = 0; i < COMMAND_OPTIONS_MAX; i++) {
        const struct command_option *option = &command->options[i];

        if (option->name == NULL) {
            break;
        }
        help_option(cli, option->name, option->value, option->vi, option->en);
    }
    if (command->reads) {
        help_option(cli, "json", NULL, "trả lời bằng JSON", "answer as JSON");
    }
    if (command->signs) {
        help_option(cli, "user", "NAME",
                    "ký bằng khóa của cán bộ này; mật khẩu hỏi trên màn hình, "
                    "đọc từ stdin hoặc tệp QCDC_PASSWORD_FILE",
                    "sign with this official's key; the password is asked "
                    "for, read from stdin or from QCDC_PASSWORD_FILE");
    }
    help_common(cli);
    if (command->more != NULL) {
        command->more(cli);
    }
}

void cli_help(const struct cli *cli, const struct command *const *commands,
              size_t commands_len)
{
    if (cli->command != NULL) {
        help_command(cli);
        return;
    }
    printf("%s\n\n", say(cli,
                         "qcdc: quy chế dân chủ ở cơ sở, từ xã đến tỉnh\n"
                         "cách dùng: qcdc [--dir DIR] LỆNH ...",
                         "qcdc: grassroots democracy, from commune to "
                         "province\n"
                         "usage: qcdc [--dir DIR] COMMAND ..."));
    for (size_t i = 0; i < commands_len; i++) {
        printf("  ");
        print_cell(commands[i]->name, 10, false);
        printf(" %s\n", say(cli, commands[i]->vi, commands[i]->en));
    }
    printf("\n");
    help_common(cli);
    printf("%s\n", say(cli, "\nqcdc LỆNH --help: chi tiết từng lệnh.",
                       "\nqcdc COMMAND --help says more."));
}
