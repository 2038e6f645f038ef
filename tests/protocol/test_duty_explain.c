/* The words of an explanation, whole, in both languages. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

static char told[16384];

static void explain(struct world *w, const struct duty_item *it, enum lang lang)
{
    struct buf out = buf_over(told, sizeof(told) - 1);

    memset(told, 0, sizeof(told));
    assert_ok(duty_explain(&w->input, it, lang, &w->arena, &out, &w->err),
              w->err);
    assert_false(out.overflow);
}

#define assert_tells(part)                                                     \
    do {                                                                       \
        if (strstr(told, (part)) == NULL) {                                    \
            fail_msg("\"%s\" is not told in:\n%s", (part), told);              \
        }                                                                      \
    } while (0)

/* The bridge of 30-4-2024, day by day. */
static void person_told_is_explained_day_by_day(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, "2024-04-22");

    p->notified = act(w, "2024-05-08");
    p->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    explain(w, item(w, "P1", 0), LANG_VI);
    assert_tells("P1 Thông báo cho người gửi đơn — UBND xã Đắk Trăm, "
                 "tháng 5/2024\n"
                 "Căn cứ: Luật 42/2013/QH13 Điều 28; Quy định 11-QĐi/TW ngày "
                 "18-2-2019\n"
                 "Nhận đơn ngày 22/4/2024 = ngày 0; hạn 10 ngày làm việc\n"
                 "22/4/2024 (thứ Hai): ngày 0\n"
                 "23/4/2024 (thứ Ba): ngày 1\n");
    assert_tells("29/4/2024 đến 1/5/2024: nghỉ lễ hoặc nghỉ hoán đổi, không "
                 "tính\n"
                 "2/5/2024 (thứ Năm): ngày 5\n"
                 "3/5/2024 (thứ Sáu): ngày 6\n"
                 "4/5/2024 (thứ Bảy): làm bù, ngày 7\n");
    assert_tells("Hạn: 8/5/2024 (thứ Tư)\n"
                 "Thêm 5 ngày làm việc để nhập hồ sơ:\n");
    assert_tells("15/5/2024 (thứ Tư): ngày 5\n"
                 "Đạt: làm ngày 8/5/2024, không sau hạn\n"
                 "Mức tin cậy: có chứng thực\n"
                 "Minh chứng: ");
    explain(w, item(w, "P1", 0), LANG_EN);
    assert_tells("Handed in on 2024-04-22 = day 0; term 10 working days\n");
    assert_tells("2024-05-04 (Saturday): worked in exchange, day 7\n");
    assert_tells("met: done on 2024-05-08, not after it\nGrade: proved\n");
}

static void pause_and_open_pause_are_told(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, "2024-03-12");
    Qcdc__V1__Pause pause = QCDC__V1__PAUSE__INIT;
    Qcdc__V1__Pause *pauses[] = {&pause};

    pause.from_day = day("2024-03-15");
    p->pauses = pauses;
    p->n_pauses = 1;
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-03-20", NULL);
    explain(w, item(w, "P1", 0), LANG_VI);
    assert_tells("Đang chờ bổ sung từ ngày 15/3/2024: tính như thể chấm dứt "
                 "ngày 20/3/2024\n");
    assert_tells("15/3/2024 đến 20/3/2024: tạm dừng chờ bổ sung, không tính");
    assert_tells("Chưa đến hạn: chưa có; tính đến ngày 20/3/2024, còn chờ đến "
                 "hết ngày 8/4/2024\n");
}

static void contradiction_is_told_as_what_it_is(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, "2024-03-12");

    p->notified = act_between(w, "2024-03-26", "2024-04-03", "2024-04-10");
    p->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    explain(w, item(w, "P1", 0), LANG_VI);
    assert_tells("Trễ hạn: ghi là ngày 26/3/2024, nhưng chữ ký xác nhận của "
                 "cấp trên cho thấy chỉ được nhập sau ngày 2/4/2024\n"
                 "Mức tin cậy: trái với chứng thực\n");
}

static void dossier_names_the_items_that_are_absent(void **state)
{
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-08-02");

    dossier_add(w, d, 2, "2024-08-01", false);
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    explain(w, item(w, "D6", 0), LANG_VI);
    assert_tells("Ngày cuối: 1/9/2024 (Chủ nhật), là ngày nghỉ: chuyển sang "
                 "ngày làm việc kế tiếp 4/9/2024 (thứ Tư), Bộ luật Dân sự "
                 "2015 Điều 148\n");
    assert_tells("Quá hạn, chưa có hồ sơ: chưa có; đã nhận tin từ nơi ghi "
                 "ngày 31/12/2024, sau ngày 11/9/2024\n"
                 "Hồ sơ còn thiếu mục: 1 3 5 7 8\n");
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    explain(w, item(w, "D6", 0), LANG_EN);
    assert_tells("unknown: not there; its office was never heard from\n");
}

static void promise_and_its_extension_are_told(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id p_id = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    Qcdc__V1__PetitionRecord *p = raised(w, WORLD_COMMUNE, id, "2024-03-12");
    Qcdc__V1__Extension more = QCDC__V1__EXTENSION__INIT;
    Qcdc__V1__Extension *list[] = {&more};

    more.act = act(w, "2024-04-20");
    more.due_day = day("2024-06-14");
    p->extensions = list;
    p->n_extensions = 1;
    conclude(w, d, p_id, QCDC__V1__CONCLUSION__CONCLUSION_TAKEN, WORLD_COMMUNE,
             "2024-04-30", "2024-03-15");
    put_dialogue(w, id, d);
    put_petition(w, p_id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", NULL);
    explain(w, item(w, "D8", 0), LANG_VI);
    assert_tells("Ngày hứa trong kết luận: 30/4/2024 (thứ Ba), là ngày nghỉ: "
                 "chuyển sang ngày làm việc kế tiếp 2/5/2024 (thứ Năm)");
    assert_tells("Gia hạn ngày 20/4/2024, đến ngày 14/6/2024\n");
    assert_tells("Hạn: 14/6/2024 (thứ Sáu)\n");
    assert_tells("Có gia hạn, đếm riêng\n");
}

static void line_of_the_plan_is_told(void **state)
{
    static const char *const lines[] = {"2024-03-31"};
    struct world *w = *state;

    put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 1);
    world_evaluate(w, WORLD_PARTY, "2024-02-01", NULL);
    explain(w, item(w, "D1", 0), LANG_EN);
    assert_tells("Date in the plan: 2024-03-31 (Sunday), a rest day: moves to "
                 "the next working day 2024-04-01 (Monday), Civil Code 2015 "
                 "Article 148\n");
}

/* Beyond the calendar the explanation says where it ended, and no date. */
static void end_of_the_calendar_is_told(void **state)
{
    struct world *w = *state;

    put_petition(w, id_new(w), petition(w, WORLD_COMMUNE, "2026-01-26"));
    world_evaluate(w, WORLD_COMMUNE, "2026-01-31", NULL);
    explain(w, item(w, "P1", 0), LANG_VI);
    assert_tells("Không tính được: ");
    assert_null(strstr(told, "Hạn: "));
}

static void item_of_another_rule_set_is_a_usage_error(void **state)
{
    struct world *w = *state;
    struct duty_item it = {.duty = "Z9", .rule_version = 1};
    struct buf out = buf_over(told, sizeof(told) - 1);

    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", NULL);
    assert_err(duty_explain(&w->input, &it, LANG_VI, &w->arena, &out, &w->err),
               ERR_USAGE, w->err);
    assert_err_says(w->err, "Z9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(person_told_is_explained_day_by_day),
        TEST(pause_and_open_pause_are_told),
        TEST(contradiction_is_told_as_what_it_is),
        TEST(dossier_names_the_items_that_are_absent),
        TEST(promise_and_its_extension_are_told),
        TEST(line_of_the_plan_is_told),
        TEST(end_of_the_calendar_is_told),
        TEST(item_of_another_rule_set_is_a_usage_error),
    };

    return TEST_RUN(tests);
}
