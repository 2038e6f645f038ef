/* tests/fuzz: runs a fuzzer without libFuzzer, as an ordinary test.
 * First every file of the folders in argv (the corpus, with every input that
 * ever broke something), then N seeded mutations of those files. Same seed,
 * same inputs. When the fuzzer dies, the input is left in ./crash-input.
 * Never includes the code under test: it only calls LLVMFuzzerTestOneInput.
 *
 *     fuzz_X [-n ITERATIONS] [-s SEED] [FILE or FOLDER]... */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    INPUTS_MAX = 4096,
    INPUT_BYTES_MAX = 1 << 17,
    PATH_BYTES_MAX = 4096,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
/* Present when linked with AddressSanitizer, whose report ends in _exit. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

struct input {
    uint8_t *bytes;
    size_t len;
};

static struct input inputs[INPUTS_MAX];
static size_t inputs_len;
static uint8_t scratch[INPUT_BYTES_MAX];
static struct input current;

/* Leaves the input that was running; only async-signal-safe calls. */
static void current_save(void)
{
    int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) {
        return;
    }
    static const char said[] = "standalone: input saved in ./crash-input\n";
    if (write(fd, current.bytes, current.len) >= 0 &&
        write(STDERR_FILENO, said, sizeof(said) - 1) < 0) {
        close(fd);
        return;
    }
    close(fd);
}

static void signal_caught(int number)
{
    current_save();
    signal(number, SIG_DFL);
    raise(number);
}

/* Each input runs in its own heap block, so that reading one byte too far is
 * an error that ASan sees. */
static void input_run(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    if (copy == NULL) {
        fprintf(stderr, "standalone: no memory for %zu bytes\n", len);
        exit(1);
    }
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    current = (struct input){copy, len};
    LLVMFuzzerTestOneInput(copy, len);
    current = (struct input){0};
    free(copy);
}

static void file_load(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "standalone: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t len = fread(scratch, 1, sizeof(scratch), file);
    fclose(file);
    if (inputs_len == INPUTS_MAX) {
        fprintf(stderr, "standalone: more than %d inputs\n", INPUTS_MAX);
        exit(1);
    }
    uint8_t *bytes = malloc(len == 0 ? 1 : len);
    if (bytes == NULL) {
        fprintf(stderr, "standalone: no memory for %s\n", path);
        exit(1);
    }
    memcpy(bytes, scratch, len);
    inputs[inputs_len++] = (struct input){bytes, len};
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In order of name: readdir's order differs between machines. */
static void path_load(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        fprintf(stderr, "standalone: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (!S_ISDIR(status.st_mode)) {
        file_load(path);
        return;
    }
    struct dirent **entries = NULL;
    int len = scandir(path, &entries, visible, alphasort);
    if (len < 0) {
        fprintf(stderr, "standalone: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    for (int i = 0; i < len; i++) {
        char child[PATH_BYTES_MAX];
        snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
        file_load(child);
        free(entries[i]);
    }
    free(entries);
}

/* xorshift64*: small, seeded, the same on every machine. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t random_below(uint64_t *state, size_t bound)
{
    return bound == 0 ? 0 : (size_t)((random_next(state) >> 11) % bound);
}

/* One change of scratch[0..len): flip, set, insert, delete, cut, splice. */
static size_t mutate(size_t len, uint64_t *state)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    size_t at = random_below(state, len);
    size_t span = 1 + random_below(state, 16);
    switch (random_below(state, 6)) {
    case 0:
        if (len > 0) {
            scratch[at] ^= (uint8_t)(1U << random_below(state, 8));
        }
        return len;
    case 1:
        if (len > 0) {
            scratch[at] = edges[random_below(state, sizeof(edges))];
        }
        return len;
    case 2:
        if (len + span > sizeof(scratch)) {
            return len;
        }
        memmove(scratch + at + span, scratch + at, len - at);
        for (size_t i = 0; i < span; i++) {
            scratch[at + i] = (uint8_t)random_next(state);
        }
        return len + span;
    case 3:
        if (span > len - at) {
            span = len - at;
        }
        memmove(scratch + at, scratch + at + span, len - at - span);
        return len - span;
    case 4:
        return at;
    default:
        break;
    }
    if (inputs_len == 0) {
        return len;
    }
    const struct input *other = &inputs[random_below(state, inputs_len)];
    size_t from = random_below(state, other->len);
    size_t part = other->len - from;
    if (part > sizeof(scratch) - at) {
        part = sizeof(scratch) - at;
    }
    memcpy(scratch + at, other->bytes + from, part);
    return at + part;
}

static void mutations_run(unsigned long iterations, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (unsigned long i = 0; i < iterations; i++) {
        size_t len = 0;
        if (inputs_len > 0) {
            const struct input *base =
                &inputs[random_below(&state, inputs_len)];
            memcpy(scratch, base->bytes, base->len);
            len = base->len;
        }
        size_t changes = 1 + random_below(&state, 4);
        for (size_t j = 0; j < changes; j++) {
            len = mutate(len, &state);
        }
        input_run(scratch, len);
    }
}

static unsigned long number_parse(const char *text)
{
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') {
        fprintf(stderr, "standalone: \"%s\" is no number\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    unsigned long iterations = 0;
    unsigned long seed = 1;
    int option;
    while ((option = getopt(argc, argv, "n:s:")) != -1) {
        if (option == 'n') {
            iterations = number_parse(optarg);
        } else if (option == 's') {
            seed = number_parse(optarg);
        } else {
            fprintf(stderr, "usage: %s [-n N] [-s SEED] [PATH]...\n", argv[0]);
            return 2;
        }
    }
    signal(SIGABRT, signal_caught);
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(current_save);
    } else {
        signal(SIGSEGV, signal_caught);
    }
    for (int i = optind; i < argc; i++) {
        path_load(argv[i]);
    }
    input_run(scratch, 0);
    for (size_t i = 0; i < inputs_len; i++) {
        input_run(inputs[i].bytes, inputs[i].len);
    }
    mutations_run(iterations, seed);
    printf("%zu inputs and %lu mutations (seed %lu)\n", inputs_len, iterations,
           seed);
    for (size_t i = 0; i < inputs_len; i++) {
        free(inputs[i].bytes);
    }
    return 0;
}
