/* tools: recovery secrets on paper.
 * Owns their wording; printed once, to stdout, never to a log. */
#include "tools/setup_print.h"

#include <stdio.h>

void setup_print_secrets(const struct cli *cli,
                         const struct setup_result *result)
{
    if (result->secrets_len == 0) {
        return;
    }
    printf("\n%s\n",
           say(cli,
               "MÃ KHÔI PHỤC: chỉ hiện một lần này. Chép ra giấy, niêm phong, "
               "cất vào két của từng đơn vị.\nMất máy mà không có mã này thì "
               "nội dung riêng của người dân không đọc lại được.",
               "RECOVERY SECRETS: shown this once. Write them on paper, seal, "
               "put into each unit's safe.\nWithout them private contents "
               "cannot be read again after the loss of this machine."));
    for (size_t i = 0; i < result->secrets_len; i++) {
        const struct setup_secret *secret = &result->secrets[i];

        printf("  %s (%u)\n    ", secret->unit_name, secret->unit);
        for (size_t c = 0; secret->secret[c] != '\0'; c++) {
            printf("%s%c", c > 0 && c % 8 == 0 ? " " : "", secret->secret[c]);
        }
        printf("\n");
    }
    printf("\n");
}
