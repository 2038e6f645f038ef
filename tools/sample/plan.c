/* tools/sample: what an office owes the calendar: plans, reports, and saying
 * that there was nothing. Owns no dialogue. Next: petition.c. */
#include "tools/sample/office.h"

#include <stdio.h>

#include "tools/sample/days.h"

void plan_adopt(struct office *office, uint32_t unit, uint32_t year,
                const struct planned *lines, size_t len)
{
    const bool party = unit == office->place->party;
    uint32_t on = work_on(
        date(year, 1, dice_between(&office->dice, year == 2024 ? 8 : 6, 24)));
    struct row *row;
    char path[PATH_SIZE];

    if (office_slips(office, 0, 4, 20)) {
        return; /* no plan at all */
    }
    if (year == 2024 && office_slips(office, 2, 12, 35)) {
        on = work_on(date(2024, 2, dice_between(&office->dice, 15, 28)));
    }
    row = office_row(office, "PlanAdopted", unit, on);
    row_key(row, "u%u-kh%u", unit, year);
    row_text(row, "kind", "dialogue");
    row_number(row, "year", year);
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(path, sizeof(path), "lines[%zu].planned_day", i);
        row_day(row, path, lines[i].day);
        if (lines[i].month_only) {
            (void)snprintf(path, sizeof(path), "lines[%zu].month", i);
            row_flag(row, path, true);
        }
        (void)snprintf(path, sizeof(path), "lines[%zu].kind", i);
        row_text(row, path, "periodic");
    }
    office_signed(office, row, "document", "plan", party ? "KH-CU" : "KH-UBND");
    office_text(row, "Kế hoạch đối thoại trong năm", NULL);
    if (office_put(office, row) && year == 2024) {
        (void)snprintf(office->plan[party], KEY_SIZE, "%s", row->key);
    }
}

static void report(struct office *office, uint32_t unit, bool half)
{
    uint32_t on = half ? date(2024, 6, dice_between(&office->dice, 3, 14))
                       : date(2024, 12, dice_between(&office->dice, 2, 13));
    struct row *row;

    if (office_slips(office, 1, 4, 15)) {
        return;
    }
    if (office_slips(office, 2, 12, 30)) {
        on = half ? date(2024, 6, dice_between(&office->dice, 18, 28))
                  : date(2024, 12, dice_between(&office->dice, 17, 30));
    }
    row = office_row(office, "ReportSubmitted", unit, work_on(on));
    row_key(row, "u%u-bc2024-%s", unit, half ? "6t" : "nam");
    row_text(row, "period", "%s", half ? "half" : "year");
    row_number(row, "year", 2024);
    if (!office_slips(office, 1, 5, 15)) {
        /* The clerk writes what he remembers; figures come from elsewhere. */
        row_text(row, "section", "%s",
                 office->raised_len == 0 ? "none_held" : "present");
    }
    office_signed(office, row, "document", "report",
                  unit == office->place->party ? "BC-CU" : "BC-UBND");
    if (office->place->level == PLACE_DISTRICT) {
        row_flag(row, "consolidated", true);
    }
    office_text(row, "Báo cáo thực hiện quy chế dân chủ ở cơ sở",
                "Có mục công tác tổ chức tiếp xúc, đối thoại.");
    (void)office_put(office, row);
}

void plan_reports(struct office *office)
{
    if (office->place->level == PLACE_PROVINCE) {
        return; /* the top reports to nobody here */
    }
    report(office, office->place->pc, true);
    report(office, office->place->party, true);
    report(office, office->place->pc, false);
    report(office, office->place->party, false);
}

/* Months in which the party office says that nothing was handed in. It is
 * not asked to be right: a cell with items ignores it. */
void plan_nothing(struct office *office)
{
    if (office->manner == MANNER_POOR) {
        return;
    }
    for (uint32_t month = 1; month <= 12; month++) {
        struct row *row;
        uint32_t on = work_on(month_last(2024, month) + 1);

        if (!office_slips(office, 60, 30, 0)) {
            continue;
        }
        row = office_row(office, "NothingToReport", office->place->party, on);
        row_key(row, "u%u-ko%02u", office->place->party, month);
        row_text(row, "duty", "P1");
        row_number(row, "year", 2024);
        row_number(row, "month", month);
        (void)office_put(office, row);
    }
}
