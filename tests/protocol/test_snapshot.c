/* Golden bytes of the snapshot (formats.md section 7): frozen. The hash was
 * computed by an independent program from the row layout. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "protocol/duty/snapshot.h"

static struct duty_cell cell_of(uint32_t territory, uint32_t unit,
                                const char *duty, uint16_t year, uint8_t month,
                                uint8_t verdict, uint32_t n, uint32_t d)
{
    struct duty_cell cell = {.year = year,
                             .month = month,
                             .verdict = verdict,
                             .territory = territory,
                             .unit = unit,
                             .n = n,
                             .d = d};

    memcpy(cell.duty, duty, strlen(duty));
    return cell;
}

static void three_rows(uint8_t rows[3 * SNAPSHOT_ROW_SIZE])
{
    const struct duty_cell cells[] = {
        cell_of(1052, 2052, "P1", 2024, 5, DUTY_MISSING, 1, 2),
        cell_of(1052, 2052, "D0", 2024, 0, DUTY_MET, 1, 1),
        cell_of(1004, 2004, "Y1", 2024, 0, DUTY_NOT_ENROLLED, 0, 0),
    };

    for (size_t i = 0; i < 3; i++) {
        snapshot_row(&cells[i], rows + i * SNAPSHOT_ROW_SIZE);
    }
}

static void rows_and_hash_are_frozen(void **state)
{
    static const char *const golden =
        "000003ec000007d45931000007e800090000000000000000"
        "0000041c000008044430000007e800010000000100000001"
        "0000041c000008045031000007e805040000000100000002";
    uint8_t rows[3 * SNAPSHOT_ROW_SIZE];
    char text[2 * sizeof(rows) + 1];
    struct hash hash;
    struct error err = {0};

    (void)state;
    three_rows(rows);
    snapshot_sort(rows, 3);
    hex_encode(SPAN_OF(rows), text);
    assert_string_equal(text, golden);
    assert_ok(snapshot_hash(rows, 3, &hash, &err), err);
    hex_encode(SPAN_OF(hash.bytes), text);
    assert_string_equal(text, "d135611113ba71e8d79552432504fce8"
                              "91b6687c7560039e88d78ca011a3649e");
    assert_ok(snapshot_hash(NULL, 0, &hash, &err), err);
    hex_encode(SPAN_OF(hash.bytes), text);
    assert_string_equal(text, "0f8e28ae09e9f80b73006ac8c283c8fd"
                              "339131708e5ca74c641ddea363b189c5");
}

static void row_reads_back(void **state)
{
    struct duty_cell cell = cell_of(1, 2, "D8", 2024, 12, DUTY_LATE, 3, 4);
    struct duty_cell read;
    uint8_t row[SNAPSHOT_ROW_SIZE];

    (void)state;
    snapshot_row(&cell, row);
    snapshot_read(row, &read);
    assert_memory_equal(&read, &cell, sizeof(cell));
}

static void unsorted_or_doubled_rows_are_refused(void **state)
{
    uint8_t rows[3 * SNAPSHOT_ROW_SIZE];
    struct hash hash;
    struct error err = {0};

    (void)state;
    three_rows(rows);
    assert_err(snapshot_hash(rows, 3, &hash, &err), ERR_CONFLICT, err);
    snapshot_sort(rows, 3);
    memcpy(rows + SNAPSHOT_ROW_SIZE, rows, SNAPSHOT_ROW_SIZE);
    rows[SNAPSHOT_ROW_SIZE + 23] ^= 1; /* same cell, another figure */
    assert_err(snapshot_hash(rows, 3, &hash, &err), ERR_CONFLICT, err);
    assert_err_says(err, "row 1");
}

struct differences {
    char text[16];
    size_t len;
};

static int note(void *ctx, const uint8_t *ours, const uint8_t *theirs)
{
    struct differences *d = ctx;

    d->text[d->len++] = ours == NULL ? '+' : theirs == NULL ? '-' : '!';
    return 0;
}

static void compare_names_what_differs(void **state)
{
    uint8_t ours[3 * SNAPSHOT_ROW_SIZE];
    uint8_t theirs[3 * SNAPSHOT_ROW_SIZE];
    struct differences d = {{0}, 0};

    (void)state;
    three_rows(ours);
    snapshot_sort(ours, 3);
    memcpy(theirs, ours, sizeof(ours));
    assert_int_equal(snapshot_compare(ours, 3, theirs, 3, note, &d), 0);
    assert_string_equal(d.text, "");
    theirs[15] = DUTY_MET;                  /* first: other verdict */
    theirs[2 * SNAPSHOT_ROW_SIZE + 14] = 6; /* last: another month */
    assert_int_equal(snapshot_compare(ours, 3, theirs, 3, note, &d), 0);
    assert_string_equal(d.text, "!-+");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_hash_are_frozen),
        cmocka_unit_test(row_reads_back),
        cmocka_unit_test(unsorted_or_doubled_rows_are_refused),
        cmocka_unit_test(compare_names_what_differs),
    };

    return TEST_RUN(tests);
}
