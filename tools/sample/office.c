/* tools/sample: an office's habits: how soon it types, how it numbers papers.
 * Owns its stream of chance. Must never depend on which other nodes are in the
 * sample. Next: plan.c, petition.c, dialogue.c. */
#include "tools/sample/office.h"

#include <stdio.h>
#include <string.h>

#include "tools/sample/days.h"

struct office office_of(struct book *book, const struct places *all,
                        const struct place *place, uint64_t seed)
{
    struct office office = {.book = book, .all = all, .place = place};
    uint32_t drawn;

    office.dice = dice_of(seed, place->node, 1);
    drawn = dice_below(&office.dice, 100);
    if (drawn < 45 || place->level == PLACE_PROVINCE) {
        office.manner = MANNER_GOOD;
    } else {
        office.manner = drawn < 78 ? MANNER_FAIR : MANNER_POOR;
    }
    return office;
}

bool office_slips(struct office *office, uint32_t good, uint32_t fair,
                  uint32_t poor)
{
    const uint32_t percent[] = {good, fair, poor};

    return dice_chance(&office->dice, percent[office->manner]);
}

struct row *office_row_at(struct office *office, const struct place *place,
                          const char *type, uint32_t unit, uint32_t on_day)
{
    const uint32_t lag = dice_below(&office->dice, 3 + office->manner);
    uint32_t typed = work_after(on_day, lag);
    struct row *row;
    bool late = office_slips(office, 1, 3, 7);
    bool old = dice_chance(&office->dice, 35);

    if (late) {
        typed = on_day + dice_between(&office->dice, 18, 75);
    }
    row = row_new(office->book, type, place->node, unit, on_day, typed);
    /* Before the system came: from the old files. */
    row->historical = (late && old) || on_day < date(2024, 1, 1);
    return row;
}

struct row *office_row(struct office *office, const char *type, uint32_t unit,
                       uint32_t on_day)
{
    return office_row_at(office, office->place, type, unit, on_day);
}

bool office_put(struct office *office, struct row *row)
{
    return row_done(office->book, row);
}

static void paper(struct office *office, struct row *row, const char *path,
                  const char *kind, const char *symbol)
{
    char at[PATH_SIZE];

    (void)snprintf(at, sizeof(at), "%s.kind", path);
    row_text(row, at, "%s", kind);
    (void)snprintf(at, sizeof(at), "%s.number", path);
    row_text(row, at, "%u/%s", ++office->papers, symbol);
    (void)snprintf(at, sizeof(at), "%s.dated_day", path);
    row_day(row, at, row->on_day);
}

void office_paper(struct office *office, struct row *row, const char *path,
                  const char *kind, const char *symbol)
{
    paper(office, row, path, kind, symbol);
}

void office_signed(struct office *office, struct row *row, const char *path,
                   const char *kind, const char *symbol)
{
    const bool deputy = dice_chance(&office->dice, 30);
    char at[PATH_SIZE];

    paper(office, row, path, kind, symbol);
    (void)snprintf(at, sizeof(at), "%s.signing", path);
    row_text(row, at, "%s", deputy ? "kt" : "tm");
    (void)snprintf(at, sizeof(at), "%s.signer", path);
    row_text(row, at, "%s", deputy ? "Phó Chủ tịch" : "Chủ tịch");
}

void office_shelved(struct office *office, struct row *row, const char *kind,
                    const char *symbol)
{
    paper(office, row, "document", kind, symbol);
    row_text(row, "document.shelf", "Kho lưu trữ, hộp %u",
             dice_between(&office->dice, 1, 40));
}

void office_text(struct row *row, const char *title, const char *content)
{
    if (title != NULL) {
        row_body(row, SECTION_TEXT, "title", "%s", title);
    }
    if (content != NULL) {
        row_body(row, SECTION_TEXT, "content", "%s", content);
    }
    row_body(row, SECTION_TEXT, "note", "dữ liệu tạo mẫu");
}
