/* tests/protocol: the tree of 1-7-2025. Next: reform_tree.h. */
#include "tests/protocol/reform_tree.h"

#include "tests/protocol/golden.h"
#include "tests/protocol/realm.h"

size_t reform_index(char list[][8], size_t *len, const char *code)
{
    size_t i = 0;

    while (i < *len && strcmp(list[i], code) != 0) {
        i++;
    }
    if (i == *len) {
        snprintf(list[(*len)++], 8, "%s", code);
    }
    return i;
}

static void cell_at(const char *line, unsigned column, char out[8])
{
    size_t len = 0;

    for (; column > 0; line++) {
        column -= *line == ',';
    }
    while (*line != ',' && len < 7) {
        out[len++] = *line++;
    }
    out[len] = '\0';
}

void reform_read(struct reform *f)
{
    size_t size;
    char *text = golden_text("deploy/data/merge-2025.csv", &size);

    for (const char *line = strchr(text, '\n') + 1;
         line < text + size && *line != '\0'; line = strchr(line, '\n') + 1) {
        struct row *row = &f->rows[f->rows_len++];
        size_t i, k;

        cell_at(line, 0, row->old);
        cell_at(line, 2, row->district);
        cell_at(line, 3, row->province);
        cell_at(line, 4, row->new);
        i = reform_index(f->olds, &f->olds_len, row->old);
        k = reform_index(f->news, &f->news_len, row->new);
        memcpy(f->old_district[i], row->district, 8);
        memcpy(f->old_province[i], row->province, 8);
        (void)reform_index(f->districts, &f->districts_len, row->district);
        f->heirs_of[k]++;
    }
    free(text);
    assert_int_equal(f->rows_len, 274);
    assert_int_equal(f->olds_len, OLDS);
    assert_int_equal(f->news_len, NEWS);
    for (size_t r = 0; r < f->rows_len; r++) {
        const struct row *row = &f->rows[r];
        size_t k = reform_index(f->news, &f->news_len, row->new);

        if (f->heirs_of[k] == 1 && strcmp(row->old, row->new) == 0) {
            f->stays[reform_index(f->olds, &f->olds_len, row->old)] = true;
        }
    }
}

/* ---- the directory ---- */

static void unit(struct realm *r, struct unit_row u, bool land, uint32_t level,
                 const char *code, const char *from)
{
    SAY(r, .type = EVENT_UNIT_REGISTERED, .issuer = TOP, .signer = ADMIN(TOP),
        .facts = SAYS(
            UnitRegistered, unit_registered, .number = u.number,
            .kind = land ? QCDC__V1__UNIT_KIND__UNIT_KIND_TERRITORY
                         : QCDC__V1__UNIT_KIND__UNIT_KIND_PEOPLES_COMMITTEE,
            .level = (Qcdc__V1__Level)level, .name = text_of("đơn vị"),
            .code = text_of(code), .territory = u.territory, .host = u.host,
            .reports_to = u.reports_to, .from_day = on(from)));
}

void reform_old_tree(struct realm *r, const struct reform *f)
{
    realm_top(r, TOP, ROOT);
    unit(r, (struct unit_row){PROVINCE_LAND, 0, 0, 0}, true, 1, "51",
         "2019-09-20");
    unit(r, (struct unit_row){KONTUM_LAND, 0, 0, 0}, true, 1, "62",
         "2019-09-20");
    unit(r, (struct unit_row){PROVINCE_PC, TOP, 0, PROVINCE_LAND}, false, 1,
         "51", "2019-09-20");
    unit(r, (struct unit_row){KONTUM_PC, TOP, 0, KONTUM_LAND}, false, 1, "62",
         "2019-09-20");
    for (size_t d = 0; d < f->districts_len; d++) {
        bool kontum = f->districts[d][0] == '6';

        unit(r,
             (struct unit_row){DISTRICT(d), TOP,
                               kontum ? KONTUM_PC : PROVINCE_PC,
                               kontum ? KONTUM_LAND : PROVINCE_LAND},
             false, 2, f->districts[d], "2019-09-20");
    }
    for (size_t i = 0; i < f->olds_len; i++) {
        size_t districts = f->districts_len;
        size_t d = reform_index((char(*)[8])(uintptr_t)f->districts, &districts,
                                f->old_district[i]);
        bool kontum = f->old_province[i][0] == '6';

        unit(r,
             (struct unit_row){LAND(i), 0, 0,
                               kontum ? KONTUM_LAND : PROVINCE_LAND},
             true, 3, f->olds[i], "2019-09-20");
        unit(r, (struct unit_row){OLD(i), NODE(i), DISTRICT(d), LAND(i)}, false,
             3, f->olds[i], "2019-09-20");
        realm_certify(r, TOP, NODE(i), OLD(i), "2024-01-02");
    }
}

static void transfer(struct realm *r, uint32_t from, uint32_t to,
                     const struct event_id *named)
{
    ProtobufCBinaryData id = {0};

    if (named != NULL) {
        id = id_of(named);
    }
    SAY(r, .type = EVENT_CUSTODY_TRANSFERRED, .issuer = TOP, .on = "2025-06-25",
        .signer = ADMIN(TOP),
        .facts = SAYS(CustodyTransferred, custody_transferred, .from = from,
                      .to = to, .from_day = on(REFORM),
                      .n_subject_ids = named != NULL, .subject_ids = &id));
}

static void reorganise(struct realm *r, Qcdc__V1__Heir *rows, size_t len)
{
    Qcdc__V1__Heir *list[700];

    for (size_t i = 0; i < len; i++) {
        list[i] = &rows[i];
    }
    SAY(r, .type = EVENT_UNITS_REORGANISED, .issuer = TOP, .on = "2025-06-20",
        .signer = ADMIN(TOP),
        .facts = SAYS(UnitsReorganised, units_reorganised,
                      .kind = QCDC__V1__REORGANISATION__REORGANISATION_MERGE,
                      .from_day = on(REFORM), .n_heirs = len, .heirs = list));
}

static void heir_add(Qcdc__V1__Heir *rows, size_t *len, uint32_t from,
                     uint32_t to, bool rest)
{
    rows[*len] = (Qcdc__V1__Heir)QCDC__V1__HEIR__INIT;
    rows[*len].from = from;
    rows[*len].to = to;
    rows[(*len)++].rest = rest;
}

static void new_units(struct realm *r, const struct reform *f)
{
    for (size_t k = 0; k < f->news_len; k++) {
        size_t at = 0;

        /* The node of one that goes into it stays (of most, its code too). */
        while (strcmp(f->rows[at].new, f->news[k]) != 0) {
            at++;
        }
        size_t olds = f->olds_len;
        size_t i = reform_index((char(*)[8])(uintptr_t)f->olds, &olds,
                                f->rows[at].old);

        if (f->stays[i]) {
            SAY(r, .type = EVENT_UNIT_CHANGED, .issuer = TOP,
                .on = "2025-06-20", .signer = ADMIN(TOP),
                .facts =
                    SAYS(UnitChanged, unit_changed, .number = OLD(i),
                         .from_day = on(REFORM), .reports_to = PROVINCE_PC));
            SAY(r, .type = EVENT_UNIT_CHANGED, .issuer = TOP,
                .on = "2025-06-20", .signer = ADMIN(TOP),
                .facts =
                    SAYS(UnitChanged, unit_changed, .number = LAND(i),
                         .from_day = on(REFORM), .territory = PROVINCE_LAND));
            continue;
        }
        unit(r, (struct unit_row){NLAND(k), 0, 0, PROVINCE_LAND}, true, 3,
             f->news[k], REFORM);
        unit(r, (struct unit_row){NEW(k), NODE(i), PROVINCE_PC, NLAND(k)},
             false, 3, f->news[k], REFORM);
    }
}

void reform_say(struct realm *r, const struct reform *f,
                const struct event_id *named)
{
    static Qcdc__V1__Heir rows[700];
    size_t len = 0;

    new_units(r, f);
    for (size_t at = 0; at < f->rows_len; at++) {
        const struct row *row = &f->rows[at];
        size_t olds = f->olds_len, news = f->news_len;
        size_t i =
            reform_index((char(*)[8])(uintptr_t)f->olds, &olds, row->old);
        size_t k =
            reform_index((char(*)[8])(uintptr_t)f->news, &news, row->new);
        bool split = strcmp(row->old, SPLIT) == 0;
        bool by_name = split && strcmp(row->new, NAMED) == 0;

        if (f->stays[i]) {
            continue;
        }
        heir_add(rows, &len, OLD(i), NEW(k), split && !by_name);
        heir_add(rows, &len, LAND(i), NLAND(k), split && !by_name);
        if (strcmp(row->old, UNNAMED) != 0) {
            transfer(r, OLD(i), NEW(k), by_name ? named : NULL);
        }
    }
    for (size_t d = 0; d < f->districts_len; d++) {
        heir_add(rows, &len, DISTRICT(d), PROVINCE_PC, false);
    }
    heir_add(rows, &len, KONTUM_PC, PROVINCE_PC, false);
    heir_add(rows, &len, KONTUM_LAND, PROVINCE_LAND, false);
    reorganise(r, rows, len);
    for (size_t i = 0; i < f->olds_len; i++) {
        realm_certify(r, TOP, NODE(i), OLD(i), "2025-06-21");
    }
}
