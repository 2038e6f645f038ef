/* Help for the test of the sample: see sample_year.h. Rows go the way of an
 * import: node/web's reader, the facts codec, the type's rules, one leaf. */
#include "tests/tools/sample_year.h"

#include <dirent.h>
#include <unistd.h>

#include "protocol/event/facts.h"
#include "protocol/event/types.h"
#include "protocol/limits.h"

const char *source(void)
{
    const char *root = getenv("QCDC_SOURCE");

    return root == NULL ? "." : root;
}

char *text_of(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    long size;
    char *text;

    if (file == NULL) {
        fail_msg("cannot open %s", path);
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    *len = fread(text, 1, (size_t)size, file);
    assert_int_equal(*len, (size_t)size);
    fclose(file);
    return text;
}

void run(const char *fmt, ...)
{
    char command[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(command, sizeof(command), fmt, args);
    va_end(args);
    if (system(command) != 0) {
        fail_msg("failed: %s", command);
    }
}

/* ---- the directory out of deploy/data ----------------------------------- */

static uint32_t word_in(const char *const *words, const char *word)
{
    for (uint32_t i = 1; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return 0;
}

uint32_t day_in(struct year *y, const char *text)
{
    uint32_t day = 0;

    if (text[0] != '\0') {
        assert_ok(day_parse(span_str(text), &day, &y->err), y->err);
    }
    return day;
}

static void take_unit(struct year *y, char **f)
{
    static const char *const kinds[] = {
        "",  "territory", "peoples_committee", "party_committee",
        "",  "",          "mass_organisation", "department",
        NULL};
    static const char *const levels[] = {"", "province", "district", "commune",
                                         NULL};
    const size_t i = y->dir.units_len++;
    struct unit_facts *facts = &y->versions[i].facts;

    assert_true(i < UNITS_MAX);
    facts->number = (uint32_t)strtoul(f[0], NULL, 10);
    facts->kind = word_in(kinds, f[1]);
    facts->level = word_in(levels, f[2]);
    facts->territory = (uint32_t)strtoul(f[5], NULL, 10);
    facts->host = (uint32_t)strtoul(f[6], NULL, 10);
    facts->reports_to = (uint32_t)strtoul(f[7], NULL, 10);
    facts->from_day = day_in(y, f[8]);
    facts->duties_from_day = day_in(y, f[9]);
    facts->open = true;
    y->versions[i].from_day = facts->from_day;
    y->units[i] = (struct dir_unit){facts->number, 1, &y->versions[i], 1};
}

static void read_units(struct year *y)
{
    char path[512];
    char *fields[10];
    size_t len;
    char *rest = NULL;
    char *text;

    snprintf(path, sizeof(path), "%s/deploy/data/units-62-2019.csv", source());
    text = text_of(path, &len);
    (void)strtok_r(text, "\n", &rest);
    for (char *line = strtok_r(NULL, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        for (size_t i = 0; i < 10; i++) {
            assert_non_null(line);
            fields[i] = line;
            line = strchr(line, ',');
            if (line != NULL) {
                *line++ = '\0';
            }
        }
        take_unit(y, fields);
    }
    free(text);
    y->dir.units = y->units;
}

static void add_node(struct year *y, uint32_t number)
{
    const size_t i = y->dir.nodes_len++;

    assert_true(i < NODES_MAX);
    y->certs[i].node = number;
    y->cert_lists[i] = &y->certs[i];
    y->nodes[i] =
        (struct dir_node){number, number == 1 ? 0 : 1, &y->cert_lists[i], 1};
    y->dir.nodes = y->nodes;
}

static void read_nodes(struct year *y)
{
    char path[512];
    size_t len;
    char *text;
    char *at;

    snprintf(path, sizeof(path), "%s/manifest.json", y->folder);
    text = text_of(path, &len);
    at = strstr(text, "\"nodes\":[");
    assert_non_null(at);
    at += strlen("\"nodes\":[");
    while (*at != ']') {
        add_node(y, (uint32_t)strtoul(at, &at, 10));
        at += *at == ',';
    }
    free(text);
    y->dir.top = 1;
}

static void read_rules(struct year *y)
{
    char path[512];
    struct record_row row;
    struct buf facts;
    void *space = arena_alloc(&y->arena, LEAF_MAX);
    size_t len;
    char *text;
    char *object;

    snprintf(path, sizeof(path), "%s/deploy/data/rules.json", source());
    text = text_of(path, &len);
    object = calloc(1, len + 16);
    assert_non_null(object);
    snprintf(object, len + 16, "{\"facts\":%s}", text);
    assert_ok(rows_from_object(object, strlen(object), "RulesPublished",
                               &y->turn, &row, &y->err),
              y->err);
    facts = buf_over(space, LEAF_MAX);
    assert_ok(facts_encode(event_type_named("RulesPublished"), row.fields,
                           row.fields_len, NULL, &facts, &y->err),
              y->err);
    assert_ok(rule_set_decode(buf_span(&facts), &y->arena, &y->rules, &y->err),
              y->err);
    assert_ok(
        calendar_from_facts(buf_span(&facts), &y->arena, &y->calendar, &y->err),
        y->err);
    free(object);
    free(text);
    arena_reset(&y->turn);
}

/* ---- the events --------------------------------------------------------- */

/* "key" of this node, or "node/key". */
static int find_key(void *ctx, const char *text, struct event_id *out,
                    struct error *err)
{
    const struct year *y = ctx;
    char name[64];

    snprintf(name, sizeof(name), "%u/%.40s", y->node, text);
    for (size_t i = y->len; i > 0; i--) {
        const struct made *m = &y->made[i - 1];

        if (strcmp(m->name, strchr(text, '/') != NULL ? text : name) == 0) {
            *out = m->leaf.id;
            return 0;
        }
    }
    return error_set(err, ERR_NOTFOUND, "%s is not known yet", text);
}

struct draft {
    struct header header;
    struct event_id refs[REFS_MAX];
    size_t refs_len;
    struct field_pair facts[2048];
    size_t facts_len;
    const char *key;
    bool has_text;
    bool has_private;
    bool denounces; /* its private body stays with the unit */
};

/* True if the path was the header's. */
static bool take_header(struct year *y, struct draft *d, const char *path,
                        const char *value)
{
    if (strcmp(path, "key") == 0) {
        d->key = value;
    } else if (strcmp(path, "unit") == 0) {
        d->header.unit = (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(path, "on") == 0) {
        d->header.on_day = day_in(y, value);
    } else if (strcmp(path, "subject") == 0) {
        d->header.has_subject = true;
        assert_ok(find_key(y, value, &d->header.subject, &y->err), y->err);
    } else if (strcmp(path, "refs") == 0) {
        assert_null(strchr(value, ';'));
        assert_ok(find_key(y, value, &d->refs[d->refs_len++], &y->err), y->err);
    } else if (strcmp(path, "to") == 0) {
        d->header.addressees[d->header.addressees_len++] =
            (uint32_t)strtoul(value, NULL, 10);
    } else if (strcmp(path, "historical") == 0) {
        d->header.historical = strcmp(value, "true") == 0;
    } else {
        const bool text = strncmp(path, "text.", 5) == 0;
        const bool private = strncmp(path, "private.", 8) == 0;

        d->has_text = d->has_text || text;
        d->has_private = d->has_private || private;
        d->denounces = d->denounces || (strcmp(path, "kind") == 0 &&
                                        strcmp(value, "denunciation") == 0);
        return text || private;
    }
    return true;
}

/* Commitments that differ, as salts make them do. */
static void mark_body(struct draft *d, uint32_t audience, size_t number)
{
    struct body_mark *mark = &d->header.bodies[d->header.bodies_len++];

    mark->audience = audience;
    memset(&mark->commitment, 1, sizeof(mark->commitment));
    memcpy(&mark->commitment, &number, sizeof(number));
}

static void sign(struct year *y, struct draft *d, const struct record_row *row,
                 struct span facts)
{
    struct made *m = &y->made[y->len];
    uint8_t *space = arena_alloc(&y->turn, LEAF_MAX);
    struct buf out = buf_over(space, LEAF_MAX);
    struct span bytes;

    assert_true(y->len < EVENTS_MAX);
    d->header.refs = id_list_of(d->refs, d->refs_len);
    d->header.type = event_type_named(row->type)->number;
    d->header.version = 1;
    d->header.node = y->node;
    d->header.actor = key_id_of(SPAN_OF(y->key));
    d->header.recorded_ms = (uint64_t)y->step_s * 1000;
    if (d->has_text) {
        mark_body(d, AUDIENCE_OF_TEXT, y->len);
    }
    if (d->has_private) {
        mark_body(d, d->denounces ? AUDIENCE_OF_UNIT : AUDIENCE_OF_PRIVATE,
                  y->len);
    }
    if (event_check(&d->header, facts, &y->turn, &y->err) != 0) {
        fail_msg("%s of node %u: %s", d->key, y->node, y->err.text);
    }
    assert_ok(leaf_sign(&d->header, facts, &y->secret, &out, NULL, &y->err),
              y->err);
    bytes = arena_copy(&y->arena, buf_span(&out));
    assert_non_null(bytes.ptr);
    assert_ok(leaf_parse(bytes, &m->leaf, &y->err), y->err);
    snprintf(m->name, sizeof(m->name), "%u/%.40s", y->node, d->key);
    m->subject = leaf_subject(&m->leaf);
    m->type = d->header.type;
    m->event = (struct fold_event){
        .leaf = &m->leaf,
        .epoch = 1,
        .position = y->len,
        /* The top node has no guard: nothing brackets what it says. */
        .lower_s = y->node == 1 ? 0 : y->before[y->node],
        .upper_s = y->node == 1 ? 0 : y->step_s,
    };
    y->len++;
}

void take_row(struct year *y, const struct record_row *row)
{
    struct draft *d = arena_alloc(&y->turn, sizeof(*d));
    uint8_t *space = arena_alloc(&y->turn, LEAF_MAX);
    struct buf facts = buf_over(space, LEAF_MAX);
    struct facts_resolver resolver = {find_key, y};
    /* As node/record.c has it: said once, under `to`. */
    const bool to_is_fact = strcmp(row->type, "PetitionReferred") == 0 ||
                            strcmp(row->type, "PersonNotified") == 0;

    assert_non_null(d);
    for (size_t i = 0; i < row->fields_len; i++) {
        const char *path = row->fields[i].path;

        if (row->fields[i].value[0] == '\0') {
            continue; /* an empty cell */
        }
        if (!take_header(y, d, path, row->fields[i].value) ||
            (strcmp(path, "to") == 0 && to_is_fact)) {
            d->facts[d->facts_len++] = row->fields[i];
        }
    }
    if (facts_encode(event_type_named(row->type), d->facts, d->facts_len,
                     &resolver, &facts, &y->err) != 0) {
        fail_msg("%s of node %u: %s", d->key, y->node, y->err.text);
    }
    sign(y, d, row, buf_span(&facts));
}

/* "subject_key":{"node":5,"key":"k"} -> "subject":"5/k", in place. */
static void name_subjects(char *text)
{
    static const char from[] = "\"subject_key\":{\"node\":";

    for (char *at = text; (at = strstr(at, from)) != NULL;) {
        char *end = strchr(at, '}');
        char *rest = NULL;
        char to[128];
        unsigned long node = strtoul(at + strlen(from), &rest, 10);
        int len;

        assert_non_null(end);
        rest = strstr(rest, "\"key\":\"") + strlen("\"key\":\"");
        len = snprintf(to, sizeof(to), "\"subject\":\"%lu/%.*s\"", node,
                       (int)strcspn(rest, "\""), rest);
        memset(at, ' ', (size_t)(end - at) + 1);
        memcpy(at, to, (size_t)len);
    }
}

void bad_row(void *ctx, uint32_t line, const char *path, const char *text)
{
    fail_msg("%s: line %u %s: %s", (const char *)ctx, line, path, text);
}

static void read_file(struct year *y, const char *path)
{
    const struct rows_reader reader = {.error = bad_row,
                                       .ctx = (void *)(uintptr_t)path};
    struct rows rows = {0};
    struct arena arena;
    size_t len;
    char *text = text_of(path, &len);

    name_subjects(text);
    assert_ok(arena_new(&arena, rows_arena_size(len), &y->err), y->err);
    assert_ok(
        rows_from_json(&reader, span_make(text, len), &arena, &rows, &y->err),
        y->err);
    assert_non_null(rows.generated);
    for (size_t i = 0; i < rows.len; i++) {
        take_row(y, &rows.rows[i]);
        arena_reset(&y->turn);
    }
    arena_release(&arena);
    free(text);
}

static int is_step(const struct dirent *entry)
{
    return entry->d_name[0] == '2';
}

static int is_file(const struct dirent *entry)
{
    return strstr(entry->d_name, ".jsonl") != NULL;
}

/* As the demo: files without `late` in order of number, then the late ones. */
static void read_step(struct year *y, const char *name)
{
    struct dirent **files = NULL;
    char path[768];
    int64_t seen[NODES_MAX * 2] = {0};
    int len;

    snprintf(path, sizeof(path), "%s/%s", y->folder, name);
    y->step_s = day_end_s(day_in(y, name)) - 7 * 3600 + 1;
    len = scandir(path, &files, is_file, alphasort);
    assert_true(len > 0);
    for (int late = 0; late < 2; late++) {
        for (int i = 0; i < len; i++) {
            if ((strstr(files[i]->d_name, ".late.") != NULL) == (late == 1)) {
                y->node = (uint32_t)strtoul(files[i]->d_name, NULL, 10);
                assert_true(y->node < NODES_MAX * 2);
                seen[y->node] = y->step_s;
                snprintf(path, sizeof(path), "%s/%s/%s", y->folder, name,
                         files[i]->d_name);
                read_file(y, path);
            }
        }
    }
    for (size_t i = 0; i < NODES_MAX * 2; i++) {
        y->before[i] = seen[i] != 0 ? seen[i] : y->before[i];
    }
    for (int i = 0; i < len; i++) {
        free(files[i]);
    }
    free(files);
}

static void read_year(struct year *y)
{
    struct dirent **steps = NULL;
    int len = scandir(y->folder, &steps, is_step, alphasort);

    assert_true(len > 40);
    for (int i = 0; i < len; i++) {
        read_step(y, steps[i]->d_name);
        free(steps[i]);
    }
    free(steps);
}

/* ---- the year -------------------------------------------------------------
 */

void year_open(struct year *y, const char *seed_text)
{
    const char *tmp = getenv("TMPDIR");
    const char *build = getenv("QCDC_BUILD");
    const struct sign_seed seed = {{7}};

    snprintf(y->folder, sizeof(y->folder), "%.90s/qcdc-year-XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(y->folder));
    assert_ok(arena_new(&y->arena, 64u << 20, &y->err), y->err);
    assert_ok(arena_new(&y->turn, 32u << 20, &y->err), y->err);
    y->made = calloc(EVENTS_MAX, sizeof(*y->made));
    y->records = calloc(EVENTS_MAX, sizeof(*y->records));
    assert_non_null(y->made);
    assert_non_null(y->records);
    sign_keys(&seed, &y->key, &y->secret);
    run("%s/qcdc-sample --seed %s --data %s/deploy/data --out %s >/dev/null",
        build == NULL ? "." : build, seed_text, source(), y->folder);
    read_units(y);
    read_nodes(y);
    read_rules(y);
    read_year(y);
}

void year_close(struct year *y)
{
    run("rm -r %s", y->folder);
    arena_release(&y->arena);
    arena_release(&y->turn);
    free(y->made);
    free(y->records);
    free(y);
}
