/* protocol: SHA-256 by the instructions of x86 processors (SHA extensions).
 *
 * Every leaf is hashed at every hop, and every body committed to: at intake
 * nothing costs more. Owns no choice: crypto.c decides whether this runs. Must
 * never run where sha256_has_instructions says no. Next: crypto.c.
 */
#include "protocol/sha256.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define LEAF_FEATURES 7u
#define HAS_SHA (1u << 29)   /* EBX of leaf 7 */
#define HAS_SSE41 (1u << 19) /* ECX of leaf 1 */
#define BLOCK 64u

/* FIPS 180-4 section 4.2.2. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

bool sha256_has_instructions(void)
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    bool has = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & HAS_SSE41) != 0;

    return has && __get_cpuid_count(LEAF_FEATURES, 0, &a, &b, &c, &d) != 0 &&
           (b & HAS_SHA) != 0;
}

/* The working variables as the instructions want them. */
struct lanes {
    __m128i abef;
    __m128i cdgh;
};

/* Rounds t to t+3 with the message words of t to t+3. */
__attribute__((target("sha,sse4.1"))) static inline void
four_rounds(struct lanes *v, __m128i words, unsigned t)
{
    const __m128i *k = (const __m128i *)(const void *)&constants[t];
    __m128i sum = _mm_add_epi32(words, _mm_loadu_si128(k));

    v->cdgh = _mm_sha256rnds2_epu32(v->cdgh, v->abef, sum);
    v->abef =
        _mm_sha256rnds2_epu32(v->abef, v->cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/* Words t to t+3 from the sixteen before them, four to a lane. */
__attribute__((target("sha,sse4.1"))) static inline __m128i
next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    __m128i sum =
        _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));

    return _mm_sha256msg2_epu32(sum, w3);
}

__attribute__((target("sha,sse4.1"))) static inline __m128i
load_words(const uint8_t *data)
{
    const __m128i big_endian =
        _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    return _mm_shuffle_epi8(
        _mm_loadu_si128((const __m128i *)(const void *)data), big_endian);
}

__attribute__((target("sha,sse4.1"))) static void one_block(struct lanes *v,
                                                            const uint8_t *data)
{
    const struct lanes before = *v;
    __m128i w0 = load_words(data);
    __m128i w1 = load_words(data + 16);
    __m128i w2 = load_words(data + 32);
    __m128i w3 = load_words(data + 48);

    for (unsigned t = 0; t < 48; t += 16) {
        four_rounds(v, w0, t);
        four_rounds(v, w1, t + 4);
        four_rounds(v, w2, t + 8);
        four_rounds(v, w3, t + 12);
        w0 = next_words(w0, w1, w2, w3);
        w1 = next_words(w1, w2, w3, w0);
        w2 = next_words(w2, w3, w0, w1);
        w3 = next_words(w3, w0, w1, w2);
    }
    four_rounds(v, w0, 48);
    four_rounds(v, w1, 52);
    four_rounds(v, w2, 56);
    four_rounds(v, w3, 60);
    v->abef = _mm_add_epi32(v->abef, before.abef);
    v->cdgh = _mm_add_epi32(v->cdgh, before.cdgh);
}

__attribute__((target("sha,sse4.1"))) static void
take_blocks(uint32_t h[8], const uint8_t *data, size_t blocks)
{
    __m128i *low = (__m128i *)(void *)h;
    __m128i *high = (__m128i *)(void *)(h + 4);
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(low), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(high), 0x1b);
    struct lanes v = {.abef = _mm_alignr_epi8(cdab, efgh, 8),
                      .cdgh = _mm_blend_epi16(efgh, cdab, 0xf0)};

    for (; blocks > 0; blocks--, data += BLOCK) {
        one_block(&v, data);
    }

    __m128i feba = _mm_shuffle_epi32(v.abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(v.cdgh, 0xb1);

    _mm_storeu_si128(low, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(high, _mm_alignr_epi8(dchg, feba, 8));
}

void sha256_init(struct sha256 *s)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                      0xa54ff53a, 0x510e527f, 0x9b05688c,
                                      0x1f83d9ab, 0x5be0cd19};

    memcpy(s->h, start, sizeof(start));
    s->bytes = 0;
}

void sha256_add(struct sha256 *s, const uint8_t *data, size_t len)
{
    size_t held = (size_t)(s->bytes % BLOCK);

    if (len == 0) {
        return;
    }
    s->bytes += len;
    if (held > 0) {
        size_t part = BLOCK - held < len ? BLOCK - held : len;

        memcpy(s->rest + held, data, part);
        data += part;
        len -= part;
        if (held + part < BLOCK) {
            return;
        }
        take_blocks(s->h, s->rest, 1);
    }
    take_blocks(s->h, data, len / BLOCK);
    if (len % BLOCK > 0) {
        memcpy(s->rest, data + (len - len % BLOCK), len % BLOCK);
    }
}

static void put_big_endian(uint8_t *out, uint64_t value, size_t len)
{
    for (size_t i = len; i > 0; i--, value >>= 8) {
        out[i - 1] = (uint8_t)value;
    }
}

void sha256_end(struct sha256 *s, uint8_t out[32])
{
    size_t held = (size_t)(s->bytes % BLOCK);
    uint8_t last[2 * BLOCK] = {0};
    size_t blocks = held < BLOCK - 8 ? 1 : 2;

    memcpy(last, s->rest, held);
    last[held] = 0x80;
    put_big_endian(last + blocks * BLOCK - 8, s->bytes * 8, 8);
    take_blocks(s->h, last, blocks);
    for (size_t i = 0; i < 8; i++) {
        put_big_endian(out + 4 * i, s->h[i], 4);
    }
}

#else /* crypto.c uses libsodium's */

bool sha256_has_instructions(void)
{
    return false;
}

void sha256_init(struct sha256 *s)
{
    s->bytes = 0;
}

void sha256_add(struct sha256 *s, const uint8_t *data, size_t len)
{
    (void)data;
    s->bytes += len;
}

void sha256_end(struct sha256 *s, uint8_t out[32])
{
    memset(out, 0, 32);
    s->bytes = 0;
}

#endif
