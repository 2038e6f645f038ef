/* Files that events name: what is one, how a private one is sealed. */
#include "tests/support/test.h"

#include "protocol/event/attachment.h"

#define TYPE(text) attachment_type_of(span_make(text, sizeof(text) - 1))

static void the_content_decides_and_never_a_name(void **state)
{
    char zip[64] = "PK\x03\x04";

    (void)state;
    assert_int_equal(TYPE("%PDF-1.7\n..."), ATTACHMENT_PDF);
    assert_int_equal(TYPE("\xff\xd8\xff\xe0 JFIF"), ATTACHMENT_JPEG);
    assert_int_equal(TYPE("\x89PNG\r\n\x1a\n...."), ATTACHMENT_PNG);
    assert_int_equal(TYPE("II*\0...."), ATTACHMENT_TIFF);
    assert_int_equal(TYPE("Biên bản đối thoại\r\nngày 5 tháng 3\n"),
                     ATTACHMENT_TEXT);
    assert_int_equal(TYPE("\x7f"
                          "ELF\x02\x01\x01"),
                     ATTACHMENT_NONE);
    assert_int_equal(TYPE("MZ\x90\0\x03"), ATTACHMENT_NONE);
    assert_int_equal(TYPE("#!/bin/sh\nrm\n"), ATTACHMENT_NONE);
    assert_int_equal(TYPE("not UTF-8: \xff"), ATTACHMENT_NONE);
    assert_int_equal(TYPE("a bell \a"), ATTACHMENT_NONE);
    assert_int_equal(attachment_type_of(span_make(NULL, 0)), ATTACHMENT_NONE);
    memmove(zip + 30, "setup.exe", sizeof("setup.exe"));
    assert_int_equal(attachment_type_of(span_make(zip, sizeof(zip))),
                     ATTACHMENT_NONE);
    memmove(zip + 30, "[Content_Types].xml", sizeof("[Content_Types].xml"));
    assert_int_equal(attachment_type_of(span_make(zip, sizeof(zip))),
                     ATTACHMENT_OFFICE);
}

static void a_sealed_file_opens_with_its_own_key_alone(void **state)
{
    static const char plain[] = "%PDF-1.7 đơn của bà Kín";
    uint8_t bytes[256], back[256];
    struct buf out = buf_over(bytes, sizeof(bytes));
    struct body_key key = {{1}}, other = {{2}};
    struct nonce nonce = {{3}};
    struct error err = {0};
    size_t len = 0;

    (void)state;
    assert_ok(attachment_seal(span_str(plain), &key, &nonce, &out, &err), err);
    assert_int_equal(out.len, strlen(plain) + ATTACHMENT_SEAL_OVERHEAD);
    assert_int_equal(attachment_type_of(buf_span(&out)), ATTACHMENT_SEALED);
    assert_ok(attachment_open(buf_span(&out), &key, back, &len, &err), err);
    assert_int_equal(len, strlen(plain));
    assert_memory_equal(back, plain, len);
    assert_err(attachment_open(buf_span(&out), &other, back, &len, &err),
               ERR_UNTRUSTED, err);
    for (size_t i = 0; i < out.len; i++) {
        bytes[i] ^= 0x40;
        assert_true(attachment_open(buf_span(&out), &key, back, &len, &err) !=
                    0);
        bytes[i] ^= 0x40;
    }
    assert_err(attachment_open(span_make(bytes, 40), &key, back, &len, &err),
               ERR_MALFORMED, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_content_decides_and_never_a_name),
        cmocka_unit_test(a_sealed_file_opens_with_its_own_key_alone),
    };

    return TEST_RUN(tests);
}
