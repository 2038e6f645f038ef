/* tests/sim: evidence. Reads the files that the nodes keep beside their stores
 * and proves each as `qcdc verify` does, by the realm's root key alone. Owns
 * nothing. Next: protocol/log/evidence.h. */
#include "tests/sim/judge_evidence.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/evidence_chain.h"
#include "protocol/log/evidence.h"
#include "tests/sim/world.h"

static void file_proved(const struct machine *machine, const char *path)
{
    static char text[EVIDENCE_TEXT_MAX];
    static struct evidence evidence;
    FILE *file = fopen(path, "re");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof(text), file);
    struct evidence_facts facts;
    struct sign_public root;
    struct vkey key;
    struct error err = {0};
    int rc;

    if (file != NULL) {
        (void)fclose(file);
    }
    arena_reset(&world.arena);
    rc = hex_decode(span_str(machine->config.root_key), root.bytes,
                    sizeof(root.bytes), &err);
    rc = rc != 0 ? rc : evidence_parse(span_make(text, len), &evidence, &err);
    rc = rc != 0 ? rc
                 : evidence_chain_verify(&evidence, &root, &world.arena, &key,
                                         &err);
    rc = rc != 0 ? rc : evidence_verify(&evidence, &key, &facts, &err);
    if (rc != 0) {
        world_fail("%u keeps evidence that proves nothing: %s", machine->node,
                   err.text);
    } else {
        world.proved++;
        world_trace("%u proves two histories of %.*s", machine->node,
                    (int)facts.checkpoints[0].origin.len,
                    (const char *)facts.checkpoints[0].origin.ptr);
    }
}

static void machine_proves(const struct machine *machine)
{
    static const char suffix[] = ".qcdc-evidence";
    char path[400];
    DIR *folder;
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "%s/evidence", machine->dir);
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);

        if (len > sizeof(suffix) - 1 &&
            strcmp(entry->d_name + len - (sizeof(suffix) - 1), suffix) == 0) {
            (void)snprintf(path, sizeof(path), "%s/evidence/%s", machine->dir,
                           entry->d_name);
            file_proved(machine, path);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

void judge_evidence(void)
{
    for (size_t i = 0; i < MACHINES && !world.failed; i++) {
        if (world.machines[i].enrolled) {
            machine_proves(&world.machines[i]);
        }
    }
}
