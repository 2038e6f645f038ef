/* tools: what `qcdc sync` says of contents: erased, sealed, damaged.
 * Owns the plain words and what a person must do about each; asks nothing of
 * the node itself. Read next: cmd_sync.c. */
#include "tools/sync_print.h"

#include <stdio.h>

static int64_t count(const struct answer *of, const char *name)
{
    return answer_number(answer_get(of, name));
}

void sync_print_erasures(const struct cli *cli, const struct answer *root)
{
    if (count(root, "erased") > 0) {
        printf("%s: %lld%s\n", say(cli, "Nội dung đã xóa", "Bodies erased"),
               (long long)count(root, "erased"),
               answer_bool(answer_get(root, "scrubbing"))
                   ? say(cli, " (đang dọn dấu vết trong tệp)",
                         " (traces in the files are being removed)")
                   : "");
    }
    if (count(root, "files_erased") > 0) {
        printf("%s: %lld\n", say(cli, "Tệp đã xóa", "Files erased"),
               (long long)count(root, "files_erased"));
    }
    if (count(root, "bodies_wanted") > 0) {
        printf("%s: %lld\n",
               say(cli, "Nội dung riêng đang chờ nhận",
                   "Private bodies on their way"),
               (long long)count(root, "bodies_wanted"));
    }
    if (count(root, "files_to_erase") > 0) {
        printf("%s: %lld %s\n", say(cli, "CẦN LÀM", "TO DO"),
               (long long)count(root, "files_to_erase"),
               say(cli,
                   "tệp có lệnh xóa còn giữ ở đây; lãnh đạo xem và duyệt "
                   "(Approved)",
                   "files erased below are still held here; a leader looks "
                   "and approves (Approved)"));
    }
    if (count(root, "to_erase") > 0) {
        printf("%s: %lld %s\n", say(cli, "CẦN LÀM", "TO DO"),
               (long long)count(root, "to_erase"),
               say(cli,
                   "nội dung có lệnh xóa còn giữ ở đây; lãnh đạo xem và duyệt "
                   "(Approved)",
                   "bodies erased below are still held here; a leader looks "
                   "and approves (Approved)"));
    }
}

void sync_print_sealed(const struct cli *cli, const struct answer *root)
{
    if (count(root, "to_recover") > 0) {
        printf("%s: %s\n", say(cli, "CẦN LÀM", "TO DO"),
               say(cli,
                   "nội dung riêng từ trước khi mất máy còn niêm phong; đăng "
                   "nhập, lấy mã khôi phục cũ trong két: qcdc user recovery",
                   "private contents from before the disk was lost are still "
                   "sealed; log in and take the old recovery secret from the "
                   "safe: qcdc user recovery"));
    }
}

/* What bit rot did, and what became of it. */
void sync_print_damage(const struct cli *cli, const struct answer *one)
{
    const char *kind = answer_text(answer_get(one, "kind"));
    const char *source = answer_text(answer_get(one, "source_name"));
    const char *text = answer_text(answer_get(one, "text"));
    char when[WHEN_SIZE];

    if (!answer_bool(answer_get(one, "waiting"))) {
        print_when(cli, answer_get(one, "mended"), when);
        printf("%s %s, %s %s: %s\n",
               say(cli, "Dữ liệu hỏng, đã tự sửa lúc", "Damage, mended at"),
               when, say(cli, "từ", "from"),
               source[0] != '\0' ? source
               : kind[0] == 'd'
                   ? say(cli, "việc tính lại", "what it is derived from")
                   : say(cli, "phần còn nguyên ở đây", "what is sound here"),
               text);
        return;
    }
    print_when(cli, answer_get(one, "found"), when);
    printf("%s %s: %s\n  %s\n",
           say(cli, "DỮ LIỆU HỎNG, phát hiện lúc", "DAMAGE found at"), when,
           text,
           kind[0] == 'h'
               ? say(cli,
                     "CẦN LÀM: tính lại vẫn sai; chạy qcdc check và báo cho "
                     "người quản trị",
                     "TO DO: derived again and still wrong; run qcdc check and "
                     "tell the administrator")
               : say(cli,
                     "đang hỏi bản sao ở các nút khác; nếu mãi không sửa được: "
                     "khôi phục từ bản sao lưu",
                     "other nodes are being asked for their copy; if that "
                     "never comes, restore a backup"));
}
