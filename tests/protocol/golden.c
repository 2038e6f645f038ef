/* tests/protocol: compares with frozen bytes. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "tests/protocol/golden.h"

char *golden_text(const char *path, size_t *len)
{
    const char *root = getenv("QCDC_SOURCE");
    char full[1024];

    snprintf(full, sizeof(full), "%s/%s", root == NULL ? "." : root, path);

    FILE *file = fopen(full, "rb");

    if (file == NULL) {
        fail_msg("%s: cannot be read", full);
    }
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);

    char *text = malloc(*len + 1);

    assert_non_null(text);
    assert_int_equal(fread(text, 1, *len, file), *len);
    text[*len] = '\0';
    fclose(file);
    return text;
}

/* The rest of the line that starts with "name ", or NULL. */
static char *line_find(char *text, const char *name)
{
    size_t name_len = strlen(name);

    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        if (strncmp(line, name, name_len) == 0 && line[name_len] == ' ') {
            return line + name_len + 1;
        }
    }
    return NULL;
}

void golden_bytes(const char *file, const char *name, struct span bytes)
{
    const char *mode = getenv("QCDC_GOLDEN");
    char *hex = malloc(2 * bytes.len + 1);
    char path[256];
    size_t len;

    assert_non_null(hex);
    hex_encode(bytes, hex);
    if (mode != NULL && strcmp(mode, "print") == 0) {
        printf("%s %s\n", name, hex);
        free(hex);
        return;
    }
    snprintf(path, sizeof(path), "tests/protocol/golden/%s", file);

    char *text = golden_text(path, &len);
    const char *frozen = line_find(text, name);

    if (frozen == NULL || strcmp(frozen, hex) != 0) {
        fail_msg("%s: %s changed:\n  frozen %s\n  now    %s", path, name,
                 frozen == NULL ? "(nothing)" : frozen, hex);
    }
    free(text);
    free(hex);
}
