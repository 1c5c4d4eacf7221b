/* Unit tests of digests, secrets, passwords, tokens and keys. */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "crypto/signature.h"
#include "lib/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- digests ---- */

/* RFC 1321, A.5; FIPS 180-4 examples. */
static const struct {
    enum crypto_alg alg;
    const char *text;
    const char *hex;
} digests[] = {
    { CRYPTO_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
    { CRYPTO_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
    { CRYPTO_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { CRYPTO_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { CRYPTO_SHA224, "abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
    { CRYPTO_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { CRYPTO_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { CRYPTO_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { CRYPTO_SHA384, "abc",
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c8"
      "25a7" },
    { CRYPTO_SHA512, "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
      "ebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static void digests_are_those_of_the_standards(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        uint8_t digest[CRYPTO_DIGEST_MAX];
        char hex[2 * CRYPTO_DIGEST_MAX + 1];
        size_t len = 0;
        assert_int_equal(
            crypto_digest(digests[i].alg, digests[i].text, strlen(digests[i].text), digest, &len),
            0);
        assert_int_equal(len, crypto_digest_len(digests[i].alg));
        hex_encode(digest, len, hex);
        assert_string_equal(hex, digests[i].hex);
        if (digests[i].alg != CRYPTO_SHA256) continue;
        crypto_sha256_hex(digests[i].text, strlen(digests[i].text), hex);
        assert_string_equal(hex, digests[i].hex);
    }
    uint8_t digest[CRYPTO_DIGEST_MAX];
    assert_int_equal(crypto_digest(CRYPTO_MD5, NULL, 0, digest, NULL), 0);
}

static void sha256_comes_in_pieces_and_forks(void **state)
{
    char text[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)i;
    uint8_t whole[32], pieces[32];
    for (size_t step = 1; step < 200; step += 13) {
        struct crypto_sha256_state s;
        crypto_sha256_init(&s);
        for (size_t at = 0; at < sizeof text; at += step) {
            size_t len = sizeof text - at < step ? sizeof text - at : step;
            crypto_sha256_update(&s, text + at, len);
            crypto_sha256_update(&s, NULL, 0);
        }
        struct crypto_sha256_state fork = s;
        crypto_sha256_final(&s, pieces);
        crypto_sha256(text, sizeof text, whole);
        assert_memory_equal(whole, pieces, 32);
        crypto_sha256_update(&fork, "x", 1);
        crypto_sha256_final(&fork, pieces);
        assert_memory_not_equal(whole, pieces, 32);
    }
}

/* RFC 4231; the second key is longer than a block. */
static void hmac_is_that_of_rfc_4231(void **state)
{
    uint8_t key[131], mac[32];
    char hex[65];
    memset(key, 0x0b, 20);
    crypto_hmac_sha256(key, 20, "Hi There", 8, mac);
    hex_encode(mac, 32, hex);
    assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
    hex_encode(mac, 32, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    crypto_hmac_sha256(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
                       54, mac);
    hex_encode(mac, 32, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    crypto_hmac_sha256(NULL, 0, NULL, 0, mac);
    hex_encode(mac, 32, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void equality_looks_at_every_byte(void **state)
{
    assert_true(crypto_equal("abc", "abc", 3));
    assert_false(crypto_equal("abc", "abd", 3));
    assert_false(crypto_equal("xbc", "abc", 3));
    assert_true(crypto_equal(NULL, NULL, 0));
}

/* ---- secrets ---- */

static const uint8_t test_key[SECRET_KEY_LEN] = { 1, 2, 3 };

static void secrets_open_under_their_key_and_label(void **state)
{
    struct secret_box *box = secret_box_create(test_key);
    static const struct slice texts[] = { { "", 0 }, { "s3cret", 6 }, { "with\0zero", 9 } };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct buf sealed = { 0 }, text = { 0 };
        struct diag diag = DIAG_INIT;
        buf_puts(&text, "before:");
        assert_int_equal(secret_seal(box, SLICE_LIT("row/1"), texts[i], &sealed), 0);
        assert_int_equal(sealed.len, texts[i].len + SECRET_OVERHEAD);
        assert_int_equal(secret_open(box, SLICE_LIT("row/1"), buf_slice(&sealed), &text, &diag), 0);
        assert_int_equal(text.len, 7 + texts[i].len);
        assert_memory_equal(text.data + 7, texts[i].ptr, texts[i].len);
        assert_int_equal(text.data[text.len], 0);
        assert_int_equal(secret_open(box, SLICE_LIT("row/2"), buf_slice(&sealed), &text, &diag),
                         ERR_CRYPTO);
        assert_int_equal(text.len, 7 + texts[i].len);
        secret_wipe(&text);
        buf_deinit(&sealed);
    }
    secret_box_close(box);
    secret_box_close(NULL);
}

static void no_altered_secret_opens(void **state)
{
    struct secret_box *box = secret_box_create(test_key);
    struct buf sealed = { 0 }, again = { 0 }, text = { 0 };
    assert_int_equal(secret_seal(box, SLICE_LIT(""), SLICE_LIT("s3cret"), &sealed), 0);
    assert_int_equal(secret_seal(box, SLICE_LIT(""), SLICE_LIT("s3cret"), &again), 0);
    assert_false(slice_eq(buf_slice(&sealed), buf_slice(&again)));
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 1;
        int rc = secret_open(box, SLICE_LIT(""), buf_slice(&sealed), &text, NULL);
        assert_int_equal(rc, i == 0 ? ERR_NEWER : ERR_CRYPTO);
        assert_int_equal(text.len, 0);
        sealed.data[i] ^= 1;
        rc = secret_open(box, SLICE_LIT(""), slice_of(sealed.data, i), &text, NULL);
        assert_int_equal(rc, ERR_CRYPTO);
    }
    uint8_t other[SECRET_KEY_LEN] = { 9 };
    struct secret_box *wrong = secret_box_create(other);
    assert_int_equal(secret_open(wrong, SLICE_LIT(""), buf_slice(&sealed), &text, NULL),
                     ERR_CRYPTO);
    secret_box_close(wrong);

    char *big = xcalloc(1, SECRET_TEXT_MAX + 1);
    assert_int_equal(secret_seal(box, SLICE_LIT(""), slice_of(big, SECRET_TEXT_MAX + 1), &again),
                     ERR_TOO_LARGE);
    assert_int_equal(secret_seal(box, slice_of(big, SECRET_LABEL_MAX + 1), SLICE_LIT(""), &again),
                     ERR_TOO_LARGE);
    free(big);
    buf_deinit(&sealed);
    buf_deinit(&again);
    buf_deinit(&text);
    secret_box_close(box);
}

struct folder {
    char path[64];
    char key[96];
};

static void folder_make(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/thingd-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->key, sizeof f->key, "%s/master.key", f->path);
}

static void folder_remove(struct folder *f)
{
    unlink(f->key);
    assert_int_equal(rmdir(f->path), 0); /* nothing else was left in it */
}

static void file_put(const char *path, const void *data, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static void master_key_is_made_once_and_kept(void **state)
{
    struct folder f;
    struct diag diag = DIAG_INIT;
    struct secret_box *a = NULL, *b = NULL;
    struct buf sealed = { 0 }, text = { 0 };
    folder_make(&f);
    assert_int_equal(secret_box_open(f.key, false, &a, &diag), -ENOENT);
    assert_non_null(strstr(diag.text, "master.key"));
    assert_int_equal(secret_box_open(f.key, true, &a, &diag), 0);
    struct stat st;
    assert_int_equal(stat(f.key, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(secret_box_open(f.key, true, &b, &diag), 0);
    secret_seal(a, SLICE_LIT("x"), SLICE_LIT("text"), &sealed);
    assert_int_equal(secret_open(b, SLICE_LIT("x"), buf_slice(&sealed), &text, &diag), 0);
    buf_deinit(&sealed);
    secret_wipe(&text);
    secret_box_close(a);
    secret_box_close(b);
    folder_remove(&f);
}

static void master_keys_of_a_wrong_shape_are_refused(void **state)
{
    static const char digits[] = "00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100";
    static const struct {
        struct slice text;
        mode_t mode;
        bool create;
        int rc;
    } cases[] = {
        { { digits, 64 }, 0600, true, 0 },
        { SLICE_LIT("00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100\r\n"), 0400,
          true, 0 },
        { { digits, 32 }, 0600, true, 0 }, /* 32 raw bytes */
        { { digits, 64 }, 0440, false, 0 },
        { { digits, 64 }, 0640, true, ERR_DENIED },
        { { digits, 64 }, 0604, true, ERR_DENIED },
        { { digits, 64 }, 0604, false, ERR_DENIED },
        { { digits, 0 }, 0600, true, ERR_INVALID },
        { { digits, 63 }, 0600, true, ERR_INVALID },
        { { digits, 31 }, 0600, true, ERR_INVALID },
        { SLICE_LIT("00112233445566778899aabbccddeeffFFEEDDCCBBAA998877665544332211zz"), 0600, true,
          ERR_INVALID },
        { SLICE_LIT("00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100\n\n\nmore"),
          0600, true, ERR_INVALID },
    };
    struct folder f;
    folder_make(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct secret_box *box = NULL;
        struct diag diag = DIAG_INIT;
        file_put(f.key, cases[i].text.ptr, cases[i].text.len, cases[i].mode);
        assert_int_equal(secret_box_open(f.key, cases[i].create, &box, &diag), cases[i].rc);
        assert_int_equal(box != NULL, cases[i].rc == 0);
        secret_box_close(box);
        unlink(f.key);
    }
    struct secret_box *box = NULL;
    assert_int_equal(secret_box_open(f.path, true, &box, NULL), ERR_INVALID); /* a folder */
    assert_int_equal(secret_box_open("/nowhere/at/all", true, &box, NULL), -ENOENT);
    folder_remove(&f);
}

/* ---- passwords, tokens, access keys ---- */

static void passwords_verify(void **state)
{
    char hash[PASSWORD_HASH_LEN], again[PASSWORD_HASH_LEN];
    assert_int_equal(password_hash(SLICE_LIT("correct horse"), hash), 0);
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_int_equal(password_hash(SLICE_LIT("correct horse"), again), 0);
    assert_string_not_equal(hash, again);
    assert_int_equal(password_verify(SLICE_LIT("correct horse"), hash), 0);
    assert_int_equal(password_verify(SLICE_LIT("Correct horse"), hash), ERR_AUTH);
    assert_int_equal(password_verify(SLICE_LIT(""), hash), ERR_AUTH);
    assert_false(password_needs_rehash(hash));

    char long_one[PASSWORD_MAX + 1] = { 0 };
    assert_int_equal(password_hash(SLICE_LIT(""), again), ERR_INVALID);
    assert_int_equal(password_hash(slice_of(long_one, sizeof long_one), again), ERR_TOO_LARGE);
    assert_int_equal(password_verify(slice_of(long_one, sizeof long_one), hash), ERR_AUTH);
}

#define SALT12 "VjGlKJvhAmnu/dnP"
#define SALT22 "AAAAAAAAAAAAAAAAAAAAAA"
#define HASH64                                     \
    "Nu6u3nEDCpzRKPkW7DLEue6tbzmMYzClUEYyGUab8mqN" \
    "ME88sWZvbYEUp1oDW4yM/4deZ4a5KgBA2HVBG8p6pA=="

static void hostile_hashes_are_refused_at_no_cost(void **state)
{
    static const struct {
        const char *hash;
        int rc;
    } cases[] = {
        { "", ERR_INVALID },
        { "plain", ERR_INVALID },
        { "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$abc", ERR_INVALID },
        { "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D", ERR_INVALID },
        { "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$abcd", ERR_INVALID },
        { "$argon2id$v=19$m=99999999999999999999,t=2,p=1$c29tZXNhbHQ$abcd", ERR_INVALID },
        { "$argon2id$v=19$m=19456,t=4000000000,p=1$c29tZXNhbHRzb21lc2FsdA$abcd", ERR_INVALID },
        { "$argon2id$v=19$m=-1,t=2,p=1$c29tZXNhbHQ$abcd", ERR_INVALID },
        { "$argon2id$v=19$m=19456", ERR_INVALID },
        { "$argon2id$v=19$m=19456,t=2,p=1$", ERR_INVALID },
        { "$argon2id$v=19$m=8,t=1,p=1$$", ERR_INVALID },
        { "$argon2id$v=19$m=8,t=1,p=4$" SALT22 "$" SALT22, ERR_INVALID },
        { "$argon2id$v=18$m=19456,t=2,p=1$" SALT22 "$" SALT22, ERR_INVALID },
        { "$argon2id$v=19$m=19456,t=2,p=1$" SALT22 "$" SALT22 "=", ERR_INVALID },
        { "$argon2id$v=19$m=131072,t=16,p=1$" SALT22 "$" SALT22, ERR_INVALID },
        { "$argon2id$v=19$m=8,t=1,p=1$" SALT22 "$" SALT22, ERR_AUTH },
        { "$6$", ERR_INVALID },
        { "$6$" SALT12 "$", ERR_INVALID },
        { "$6$" SALT12 "$YWJj", ERR_INVALID },
        { "$6$YWJj$" HASH64, ERR_INVALID },
        { "$6$" SALT12 "$" HASH64 "A", ERR_INVALID },
        { "$6$" SALT12 "$" HASH64, ERR_AUTH },
        { "$7$" SALT12 "$" HASH64, ERR_INVALID },
        { "$7$0$" SALT12 "$" HASH64, ERR_INVALID },
        { "$7$-1$" SALT12 "$" HASH64, ERR_INVALID },
        { "$7$1000001$" SALT12 "$" HASH64, ERR_INVALID },
        { "$7$99999999999999999999$" SALT12 "$" HASH64, ERR_INVALID },
        { "$7$1$" SALT12 "$" HASH64, ERR_AUTH },
        { "$5$" SALT12 "$" HASH64, ERR_INVALID },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diag diag = DIAG_INIT;
        assert_int_equal(password_verify(SLICE_LIT("x"), cases[i].hash), cases[i].rc);
        assert_true(password_needs_rehash(cases[i].hash));
        assert_int_equal(password_check_hash(cases[i].hash, &diag) == 0, cases[i].rc == ERR_AUTH);
        assert_int_equal(diag.text[0] == 0, cases[i].rc == ERR_AUTH);
    }
    char long_one[400];
    memset(long_one, 'a', sizeof long_one);
    memcpy(long_one, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    long_one[sizeof long_one - 1] = 0;
    assert_int_equal(password_verify(SLICE_LIT("x"), long_one), ERR_INVALID);
}

/* Made by the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 */
static void hashes_of_other_tools_verify(void **state)
{
    static const char hash[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
                               "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert_int_equal(password_verify(SLICE_LIT("password"), hash), 0);
    assert_int_equal(password_verify(SLICE_LIT("passwore"), hash), ERR_AUTH);
    assert_true(password_needs_rehash(hash));
}

/* The first two by mosquitto_passwd 2.0.11, the others by the reference implementation of Argon2 with the costs and
 * lengths of mosquitto 2.1. All of "correct horse". */
static void hashes_of_mosquitto_verify(void **state)
{
    static const char *const hashes[] = {
        "$6$VjGlKJvhAmnu/dnP$Xq/W0rcV//1798pBJYwi1IhbZixPZOgtEUBpv2bhZzN1skOM7WUuzQ1f4MR9VPA78dHC"
        "PzJFIIw1u6N74+N0AQ==",
        "$7$101$he6FwXwpBN3U4HsI$Nu6u3nEDCpzRKPkW7DLEue6tbzmMYzClUEYyGUab8mqNME88sWZvbYEUp1oDW4yM"
        "/4deZ4a5KgBA2HVBG8p6pA==",
        "$argon2id$v=19$m=47104,t=1,p=1$AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqK"
        "ywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA$OA7V0UY394ix4NfQLEzmE5/xxLfkHOtK4dAGcboYvabXygk/bpyGQGCBVp"
        "thId92Z4MRoNS/NO0V82NNafhk6A",
    };
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        assert_int_equal(password_check_hash(hashes[i], NULL), 0);
        assert_int_equal(password_verify(SLICE_LIT("correct horse"), hashes[i]), 0);
        assert_int_equal(password_verify(SLICE_LIT("correct horsf"), hashes[i]), ERR_AUTH);
        assert_int_equal(password_verify(SLICE_LIT(""), hashes[i]), ERR_AUTH);
        assert_true(password_needs_rehash(hashes[i]));
    }
}

/* ---- memory of keys ---- */

/* What VmFlags of its mapping say. */
static bool is_left_out_of_dumps(const void *address)
{
    char line[512];
    bool inside = false, found = false, left_out = false;
    FILE *maps = fopen("/proc/self/smaps", "re");
    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        found = inside && strncmp(line, "VmFlags:", 8) == 0;
        left_out = found && strstr(line, " dd ");
    }
    fclose(maps);
    assert_true(found);
    return left_out;
}

static void guarded_memory_is_in_no_dump(void **state)
{
    char *guarded = crypto_guarded_text(strdup("a long secret"));
    assert_string_equal(guarded, "a long secret");
    assert_true(is_left_out_of_dumps(guarded));
    assert_false(is_left_out_of_dumps(&guarded));
    crypto_guarded_free(guarded);
    crypto_guarded_free(NULL);
    struct secret_box *box = secret_box_create((const uint8_t *)"0123456789abcdef0123456789abcdef");
    assert_true(is_left_out_of_dumps(box));
    secret_box_close(box);
}

static void no_dump_is_left(void **state)
{
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
    crypto_forbid_dumps();
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    prctl(PR_SET_DUMPABLE, 1); /* the leak check wants to look */
}

static void tokens_and_keys_have_their_form(void **state)
{
    char a[TOKEN_LEN], b[TOKEN_LEN], hash[TOKEN_HASH_LEN], want[65];
    token_make("thd_", a);
    token_make("thd_", b);
    assert_int_equal(strlen(a), 47);
    assert_int_equal(
        strspn(a + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_int_equal(strncmp(a, "thd_", 4), 0);
    assert_string_not_equal(a, b);
    token_hash(slice_str(a), hash);
    crypto_sha256_hex(a, strlen(a), want);
    assert_string_equal(hash, want);
    token_make("12345678", a);
    assert_int_equal(strlen(a), TOKEN_LEN - 1);

    for (int i = 0; i < 50; i++) {
        char id[ACCESS_KEY_ID_LEN], secret[ACCESS_KEY_SECRET_LEN];
        access_key_make_id(i & 1, id);
        access_key_make_secret(secret);
        assert_int_equal(strncmp(id, i & 1 ? "ASIA" : "AKIA", 4), 0);
        assert_int_equal(strspn(id + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 16);
        assert_int_equal(strlen(id), 20);
        assert_int_equal(strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789+/"),
                         40);
        assert_int_equal(strlen(secret), 40);
    }
}

/* ---- keys ---- */

static void keys_are_made_and_have_a_public_half(void **state)
{
    static const struct {
        enum key_type type;
        const char *begin;
    } cases[] = {
        { KEY_EC_P256, "-----BEGIN EC PRIVATE KEY-----\n" },
        { KEY_RSA_2048, "-----BEGIN RSA PRIVATE KEY-----\n" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *key = NULL, *public_key = NULL;
        struct diag diag = DIAG_INIT;
        assert_int_equal(key_create(cases[i].type, &key, &diag), 0);
        assert_int_equal(strncmp(key, cases[i].begin, strlen(cases[i].begin)), 0);
        assert_int_equal(key_public_pem(slice_str(key), &public_key, &diag), 0);
        assert_int_equal(strncmp(public_key, "-----BEGIN PUBLIC KEY-----\n", 27), 0);
        crypto_free_secret(key);
        free(public_key);
    }
    crypto_free_secret(NULL);
}

/* ---- signatures of others ---- */

static void decode(const char *text, struct buf *out)
{
    buf_clear(out);
    assert_int_equal(base64url_decode(out, slice_str(text)), 0);
}

/* RFC 7515, appendix A.3; RFC 8037, appendix A.4. Each with one bit of text, signature or key altered, too. */
static void signatures_are_those_of_the_standards(void **state)
{
    static const struct {
        const char *x, *y, *text, *signature;
    } cases[] = {
        { "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
          "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
          "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
          "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
          "Kg6NU1Q" },
        { "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", NULL,
          "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
          "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_"
          "MuM0KAg" },
    };
    struct buf x = { 0 }, y = { 0 }, signature = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct signature_key key;
        decode(cases[i].x, &x);
        decode(cases[i].signature, &signature);
        if (cases[i].y) decode(cases[i].y, &y);
        int rc = cases[i].y ? signature_key_p256(buf_slice(&x), buf_slice(&y), &key, NULL)
                            : signature_key_ed25519(buf_slice(&x), &key, NULL);
        assert_int_equal(rc, 0);
        struct slice text = slice_str(cases[i].text), sig = buf_slice(&signature);
        assert_int_equal(signature_check(&key, text, sig), 0);
        assert_int_equal(signature_check(&key, slice_from(text, 1), sig), ERR_AUTH);
        assert_int_equal(signature_check(&key, text, slice_from(sig, 1)), ERR_AUTH);
        assert_int_equal(signature_check(&key, text, slice_of("", 0)), ERR_AUTH);
        signature.data[5] ^= 1;
        assert_int_equal(signature_check(&key, text, sig), ERR_AUTH);
        signature.data[5] ^= 1;
        struct signature_key other = key;
        other.n[7] ^= 1;
        assert_int_equal(signature_check(&other, text, sig), ERR_AUTH);
    }
    buf_deinit(&x);
    buf_deinit(&y);
    buf_deinit(&signature);
}

static void *make_keys(void *arg)
{
    for (int i = 0; i < 5; i++) {
        char *key = NULL, *public_key = NULL;
        if (key_create(KEY_EC_P256, &key, NULL) < 0) return arg;
        if (key_public_pem(slice_str(key), &public_key, NULL) < 0) return arg;
        crypto_free_secret(key);
        free(public_key);
    }
    return NULL;
}

static void keys_are_made_by_several_threads(void **state)
{
    pthread_t threads[4];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_keys, &threads), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    if (crypto_init() < 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(sha256_comes_in_pieces_and_forks),
        cmocka_unit_test(hmac_is_that_of_rfc_4231),
        cmocka_unit_test(equality_looks_at_every_byte),
        cmocka_unit_test(secrets_open_under_their_key_and_label),
        cmocka_unit_test(no_altered_secret_opens),
        cmocka_unit_test(master_key_is_made_once_and_kept),
        cmocka_unit_test(master_keys_of_a_wrong_shape_are_refused),
        cmocka_unit_test(passwords_verify),
        cmocka_unit_test(hashes_of_mosquitto_verify),
        cmocka_unit_test(guarded_memory_is_in_no_dump),
        cmocka_unit_test(no_dump_is_left),
        cmocka_unit_test(hostile_hashes_are_refused_at_no_cost),
        cmocka_unit_test(hashes_of_other_tools_verify),
        cmocka_unit_test(tokens_and_keys_have_their_form),
        cmocka_unit_test(keys_are_made_and_have_a_public_half),
        cmocka_unit_test(signatures_are_those_of_the_standards),
        cmocka_unit_test(keys_are_made_by_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
