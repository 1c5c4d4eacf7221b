/* handshake.c — the values of the opening handshake, section 4.2.2 of RFC 6455. */
#include "ws/ws.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum { KEY_LEN = 16 };

static bool key_valid(struct slice key)
{
    struct buf bytes = { 0 };
    bool valid = base64_decode(&bytes, key) == 0 && bytes.len == KEY_LEN;
    buf_deinit(&bytes);
    return valid;
}

int ws_accept_key(struct slice key, char ret_accept[29])
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    size_t len;
    if (!key_valid(key)) return ERR_INVALID;
    struct buf text = { 0 };
    buf_put_slice(&text, key);
    buf_puts(&text, GUID);
    int rc = crypto_digest(CRYPTO_SHA1, text.data, text.len, digest, &len);
    buf_clear(&text);
    if (rc == 0) {
        base64_encode(&text, digest, len);
        memcpy(ret_accept, buf_str(&text), 29);
    }
    buf_deinit(&text);
    return rc;
}

const char *ws_subprotocol(struct slice name)
{
    static const char *const names[] = { "mqtt", "mqttv3.1", "mqttv3.1.1", "mqttv3.11" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq_str(name, names[i])) return names[i];
    return NULL;
}
