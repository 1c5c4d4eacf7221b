/* sql_func_digest.c — digests of a value's text, in lower-case hexadecimal. */
#include "base/text.h"
#include "crypto/digest.h"
#include "sql/sql_func.h"
#include "sql/sql_md2.h"

enum { BYTES_PER_STEP = 8 };

static void set_hex(struct sql_eval *eval, const uint8_t *digest, size_t len,
                    struct sql_value *ret_value)
{
    char *text = sql_eval_alloc(eval, 2 * len + 1);
    if (!text) return;
    hex_encode(digest, len, text);
    *ret_value = sql_value_of_str(slice_of(text, 2 * len));
}

static void digest(struct sql_eval *eval, const struct sql_args *args, enum crypto_alg alg,
                   struct sql_value *ret_value)
{
    struct slice text;
    uint8_t bytes[CRYPTO_DIGEST_MAX];
    size_t len;
    if (!sql_arg_str(eval, args, 0, &text)) return;
    if (!sql_eval_charge(eval, text.len / BYTES_PER_STEP)) return;
    if (crypto_digest(alg, text.ptr, text.len, bytes, &len) == 0)
        set_hex(eval, bytes, len, ret_value);
}

SQL_FUNC(sql_fn_md2)
{
    struct slice text;
    uint8_t bytes[16];
    if (!sql_arg_str(eval, args, 0, &text) || !sql_eval_charge(eval, text.len)) return;
    sql_md2(text.ptr, text.len, bytes);
    set_hex(eval, bytes, sizeof bytes, ret_value);
}

#define DIGEST(name, alg)                   \
    SQL_FUNC(name)                          \
    {                                       \
        digest(eval, args, alg, ret_value); \
    }

DIGEST(sql_fn_md5, CRYPTO_MD5)
DIGEST(sql_fn_sha1, CRYPTO_SHA1)
DIGEST(sql_fn_sha224, CRYPTO_SHA224)
DIGEST(sql_fn_sha256, CRYPTO_SHA256)
DIGEST(sql_fn_sha384, CRYPTO_SHA384)
DIGEST(sql_fn_sha512, CRYPTO_SHA512)
