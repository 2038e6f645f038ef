/* Room: node. Owns the judgement of the own clock before it is signed under
 * (DESIGN section 5, tlog.md section 3.6). Never reads a clock. Next:
 * cosign.c. */
#include "node/cosign_clock.h"

enum cosign_doubt cosign_clock_doubt(const struct cosign_clock *clock,
                                     uint64_t now_s)
{
    uint64_t sure_s =
        clock->signed_s > clock->word_s ? clock->signed_s : clock->word_s;

    if (clock->skew_ms > COSIGN_SKEW_MAX_MS ||
        clock->skew_ms < -COSIGN_SKEW_MAX_MS) {
        return COSIGN_SKEW;
    }
    if (clock->signed_s > now_s + COSIGN_BEHIND_MAX_S) {
        return COSIGN_BEHIND;
    }
    if (clock->signed_s != 0 && now_s > sure_s &&
        now_s - sure_s > COSIGN_REST_MAX_S) {
        return COSIGN_REST;
    }
    return COSIGN_SURE;
}

const char *cosign_doubt_name(enum cosign_doubt doubt)
{
    switch (doubt) {
    case COSIGN_SURE:
        return "";
    case COSIGN_SKEW:
        return "skew";
    case COSIGN_BEHIND:
        return "behind";
    case COSIGN_REST:
        return "rest";
    }
    return "";
}

const char *cosign_doubt_vi(enum cosign_doubt doubt)
{
    switch (doubt) {
    case COSIGN_SURE:
        return "";
    case COSIGN_SKEW:
        return "Đồng hồ máy này lệch quá một giờ so với cấp trên nên chưa xác "
               "nhận sổ nào: chỉnh lại giờ, hoặc nếu giờ ở đây đúng thì chạy "
               "qcdc clock --confirm";
    case COSIGN_BEHIND:
        return "Đồng hồ máy này chậm hơn một giờ so với chữ ký gần nhất của "
               "chính nó nên chưa xác nhận sổ nào: chỉnh lại giờ; nếu chính "
               "chữ ký đó bị ghi giờ sai thì báo cấp trên";
    case COSIGN_REST:
        return "Máy này đã hơn 30 ngày không ký xác nhận: xem giờ hiện trên "
               "máy có đúng không, rồi chạy qcdc clock --confirm";
    }
    return "";
}

const char *cosign_doubt_en(enum cosign_doubt doubt)
{
    switch (doubt) {
    case COSIGN_SURE:
        return "";
    case COSIGN_SKEW:
        return "our clock is more than an hour from the superior's, nothing "
               "is cosigned here until then: set it or, if it is right, run "
               "qcdc clock --confirm";
    case COSIGN_BEHIND:
        return "our clock is more than an hour behind our own last signature, "
               "nothing is cosigned here until then: set it; if it was that "
               "signature that had a wrong time, tell the level above";
    case COSIGN_REST:
        return "nothing was cosigned here for more than 30 days: see whether "
               "this machine shows the right time, then run qcdc clock "
               "--confirm";
    }
    return "";
}

int cosign_clock_check(const struct cosign_clock *clock, uint64_t now_s,
                       struct error *err)
{
    enum cosign_doubt doubt = cosign_clock_doubt(clock, now_s);

    if (doubt == COSIGN_SURE) {
        return 0;
    }
    return error_set(err, ERR_BUSY, "%s", cosign_doubt_en(doubt));
}
