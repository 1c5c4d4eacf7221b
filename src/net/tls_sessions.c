/* tls_sessions.c — sessions that go on in later connections.
 *
 * What a session is: mode of client certificates, extended master secret or not, when it began, fragment length, cipher
 * suite, master secret, server name, the client's certificate. A ticket is that text under a key which only this
 * process has; a session in memory is the same text by its session id.
 *  I1  The certificate is in the text as a whole, so who the peer is hangs on nothing that may be forgotten, and
 *      whoever asks the registry has what a full handshake gives. mbedTLS never sees it: it would parse it again.
 *  I2  All that changes is under one mutex, held for microseconds: workers come here from their handshakes.
 *  I3  A key makes tickets for key_ms and opens them for lifetime_ms more; then it is wiped. There are `key_count` places
 *      for keys, enough for those; a key's place is its number modulo that.
 *  I4  A session that goes on makes no ticket: it would begin its time anew, and mbedTLS does not know its certificate.
 *  I5  Sessions in memory are in the order in which they began, so the first is the oldest: it goes when there is no
 *      room, or its time is over. */
#include "net/tls_priv.h"
#include "net/tls_step.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/secret.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

enum {
    MASTER_LEN = 48,
    HEAD_MAX = 512,     /* of a text before the certificate */
    TEXT_MAX = 8 << 10, /* longer ones, by certificates of an unusual size, are not resumed */
};

#define LABEL slice_str("tls-session")

struct ticket_key {
    struct secret_box *box; /* NULL: none */
    uint32_t number;
    int64_t made_ms;
};

struct cached {
    struct list link;
    struct slice id; /* in the map */
    struct buf text;
    int64_t began_ms;
};

struct tls_sessions {
    _Atomic unsigned refs;
    struct tls_sessions_opts opts;
    pthread_mutex_t mutex;
    uint32_t newest; /* number of the newest key; 0: there was none */
    size_t key_count;
    struct ticket_key *keys;
    struct map by_id;
    struct list by_age;
};

static void drop_key(struct ticket_key *key)
{
    secret_box_close(key->box);
    key->box = NULL;
}

static void drop_cached(struct tls_sessions *s, struct cached *c)
{
    map_del(&s->by_id, c->id);
    list_remove(&c->link);
    secret_wipe(&c->text);
    free((char *)c->id.ptr);
    free(c);
}

static struct cached *oldest(struct tls_sessions *s)
{
    return container_of(s->by_age.next, struct cached, link);
}

#if TLS_INSIDES

/* ---- text ---- */

static void put_text(struct buf *text, const struct tls_server *server,
                     const mbedtls_ssl_session *session)
{
    const struct tls_hello *hello = tls_step_current()->hello;
    int64_t began_ms = clock_mono_ms();
    buf_reserve(text, HEAD_MAX + (session->peer_cert ? session->peer_cert->raw.len : 0));
    buf_put_u8(text, (uint8_t)tls_server_client_cert(server));
    buf_put_u8(text, hello->extended_ms);
    buf_append(text, &began_ms, sizeof began_ms);
    buf_put_u8(text, session->mfl_code);
    buf_put_u16(text, (uint16_t)session->ciphersuite);
    buf_append(text, session->master, MASTER_LEN);
    buf_put_u8(text, (uint8_t)strlen(hello->sni));
    buf_puts(text, hello->sni);
    if (session->peer_cert) buf_put_slice(text, tls_crt_der(session->peer_cert));
}

struct saved {
    int64_t began_ms;
    uint8_t mode, extended_ms, mfl_code;
    int suite;
    struct slice master, sni, der;
};

static int read_text(struct slice text, struct saved *ret_saved)
{
    struct cursor cur = cursor_init(text.ptr, text.len);
    struct saved saved = { .mode = cursor_u8(&cur), .extended_ms = cursor_u8(&cur) };
    struct slice began = cursor_bytes(&cur, sizeof saved.began_ms);
    saved.mfl_code = cursor_u8(&cur);
    saved.suite = cursor_u16(&cur);
    saved.master = cursor_bytes(&cur, MASTER_LEN);
    saved.sni = cursor_bytes(&cur, cursor_u8(&cur));
    saved.der = cursor_rest(&cur);
    if (cursor_error(&cur)) return cursor_error(&cur);
    memcpy(&saved.began_ms, began.ptr, sizeof saved.began_ms);
    *ret_saved = saved;
    return 0;
}

static bool may_go_on(const struct tls_server *server, const struct saved *saved)
{
    const struct tls_hello *hello = tls_step_current()->hello;
    return saved->mode == tls_server_client_cert(server) &&
           saved->extended_ms == hello->extended_ms &&
           clock_mono_ms() - saved->began_ms < tls_server_sessions(server)->opts.lifetime_ms &&
           strlen(hello->sni) == saved->sni.len &&
           strncasecmp(hello->sni, saved->sni.ptr, saved->sni.len) == 0;
}

/* Fills in what goes on; the id stays. False: it does not. agreed: of this handshake; NULL: it is not known yet, and
 * tls_step.c compares it. */
static bool take_up(const struct tls_server *server, struct slice text,
                    const mbedtls_ssl_session *agreed, mbedtls_ssl_session *session)
{
    struct tls_step *step = tls_step_current();
    struct saved saved;
    if (read_text(text, &saved) < 0 || !may_go_on(server, &saved)) return false;
    if (agreed && (saved.suite != agreed->ciphersuite || saved.mfl_code != agreed->mfl_code))
        return false;
    session->mfl_code = step->ssl->session_negotiate->mfl_code;
    session->ciphersuite = saved.suite;
    session->verify_result = 0;
    memcpy(session->master, saved.master.ptr, MASTER_LEN);
    tls_step_deinit(step); /* a hello may bring two tickets */
    step->resumed = true;
    step->resumed_suite = saved.suite;
    step->resumed_mfl_code = saved.mfl_code;
    step->resumed_der = saved.der.len ? xmemdup(saved.der.ptr, saved.der.len) : NULL;
    step->resumed_der_len = saved.der.len;
    return true;
}

/* ---- tickets ---- */

static void drop_old_keys(struct tls_sessions *s, int64_t now)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (now - s->keys[i].made_ms >= s->opts.key_ms + s->opts.lifetime_ms) drop_key(&s->keys[i]);
}

static struct ticket_key *key_of(struct tls_sessions *s, uint32_t number)
{
    struct ticket_key *key = &s->keys[number % s->key_count];
    return key->box && key->number == number ? key : NULL;
}

static struct ticket_key *key_for_new(struct tls_sessions *s, int64_t now)
{
    uint8_t bytes[SECRET_KEY_LEN];
    struct ticket_key *key = key_of(s, s->newest);
    if (key && now - key->made_ms < s->opts.key_ms) return key;
    drop_old_keys(s, now);
    s->newest++;
    key = &s->keys[s->newest % s->key_count];
    drop_key(key);
    rand_system_bytes(bytes, sizeof bytes);
    *key = (struct ticket_key){ secret_box_create(bytes), s->newest, now };
    crypto_wipe(bytes, sizeof bytes);
    return key;
}

static int seal_ticket(struct tls_sessions *s, const struct buf *text, struct buf *ret_ticket)
{
    pthread_mutex_lock(&s->mutex);
    struct ticket_key *key = key_for_new(s, clock_mono_ms());
    buf_put_u32(ret_ticket, key->number);
    int rc = secret_seal(key->box, LABEL, buf_slice(text), ret_ticket);
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

/* After an error mbedTLS sends an empty ticket. */
static int write_ticket(void *arg, const mbedtls_ssl_session *session, unsigned char *start,
                        const unsigned char *end, size_t *ret_len, uint32_t *ret_lifetime)
{
    const struct tls_server *server = arg;
    struct tls_sessions *s = tls_server_sessions(server);
    struct buf text = { 0 }, ticket = { 0 };
    *ret_lifetime = 0;
    if (tls_step_current()->resumed) return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
    put_text(&text, server, session);
    int rc = text.len > TEXT_MAX ? ERR_TOO_LARGE : seal_ticket(s, &text, &ticket);
    secret_wipe(&text);
    if (rc == 0 && ticket.len <= (size_t)(end - start)) {
        memcpy(start, ticket.data, ticket.len);
        *ret_len = ticket.len;
        *ret_lifetime = (uint32_t)(s->opts.lifetime_ms / 1000);
    } else {
        rc = MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    buf_deinit(&ticket);
    return rc;
}

static int open_ticket(struct tls_sessions *s, struct slice ticket, struct buf *ret_text)
{
    struct cursor cur = cursor_init(ticket.ptr, ticket.len);
    uint32_t number = cursor_u32(&cur);
    pthread_mutex_lock(&s->mutex);
    drop_old_keys(s, clock_mono_ms());
    struct ticket_key *key = key_of(s, number);
    int rc = key ? secret_open(key->box, LABEL, cursor_rest(&cur), ret_text, NULL) : ERR_CRYPTO;
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

static int parse_ticket(void *arg, mbedtls_ssl_session *session, unsigned char *ticket, size_t len)
{
    const struct tls_server *server = arg;
    struct buf text = { 0 };
    int rc = open_ticket(tls_server_sessions(server), slice_of((const char *)ticket, len), &text);
    if (rc == 0 && !take_up(server, buf_slice(&text), NULL, session)) rc = ERR_INVALID;
    secret_wipe(&text);
    return rc == 0 ? 0 : MBEDTLS_ERR_SSL_INVALID_MAC;
}

/* ---- in memory ---- */

static void drop_old_sessions(struct tls_sessions *s, size_t most)
{
    int64_t now = clock_mono_ms();
    while (!list_empty(&s->by_age) &&
           (s->by_id.count > most || now - oldest(s)->began_ms >= s->opts.lifetime_ms))
        drop_cached(s, oldest(s));
}

static int cache_set(void *arg, const mbedtls_ssl_session *session)
{
    const struct tls_server *server = arg;
    struct tls_sessions *s = tls_server_sessions(server);
    struct cached *c = xnew(struct cached);
    c->id = slice_of(xmemdup(session->id, session->id_len), session->id_len);
    c->began_ms = clock_mono_ms();
    put_text(&c->text, server, session);
    pthread_mutex_lock(&s->mutex);
    drop_old_sessions(s, s->opts.cached - 1);
    list_push_back(&s->by_age, &c->link);
    map_put(&s->by_id, c->id, c);
    if (c->text.len > TEXT_MAX) drop_cached(s, c);
    pthread_mutex_unlock(&s->mutex);
    return 0;
}

static int cache_get(void *arg, mbedtls_ssl_session *session)
{
    const struct tls_server *server = arg;
    struct tls_sessions *s = tls_server_sessions(server);
    const mbedtls_ssl_session *agreed = tls_step_current()->ssl->session_negotiate;
    struct slice id = slice_of((const char *)session->id, session->id_len);
    pthread_mutex_lock(&s->mutex);
    struct cached *c = map_get(&s->by_id, id);
    bool found = c && take_up(server, buf_slice(&c->text), agreed, session);
    pthread_mutex_unlock(&s->mutex);
    return found ? 0 : MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
}

void tls_sessions_configure(struct tls_server *server, mbedtls_ssl_config *conf)
{
    const struct tls_sessions *s = tls_server_sessions(server);
    if (s->opts.tickets)
        mbedtls_ssl_conf_session_tickets_cb(conf, write_ticket, parse_ticket, server);
    if (s->opts.cached) mbedtls_ssl_conf_session_cache(conf, server, cache_get, cache_set);
}

#else

void tls_sessions_configure(struct tls_server *server, mbedtls_ssl_config *conf)
{
}

#endif

/* ---- life ---- */

struct tls_sessions *tls_sessions_create(const struct tls_sessions_opts *opts)
{
    struct tls_sessions *s = xnew(struct tls_sessions);
    atomic_init(&s->refs, 1);
    s->opts = *opts;
    s->key_count = (size_t)(opts->lifetime_ms / opts->key_ms) + 2;
    s->keys = xcalloc(s->key_count, sizeof *s->keys);
    pthread_mutex_init(&s->mutex, NULL);
    list_init(&s->by_age);
    return s;
}

struct tls_sessions *tls_sessions_ref(struct tls_sessions *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void tls_sessions_unref(struct tls_sessions *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    while (!list_empty(&s->by_age))
        drop_cached(s, oldest(s));
    map_deinit(&s->by_id);
    for (size_t i = 0; i < s->key_count; i++)
        drop_key(&s->keys[i]);
    free(s->keys);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

size_t tls_sessions_cached(struct tls_sessions *s)
{
    pthread_mutex_lock(&s->mutex);
    size_t count = s->by_id.count;
    pthread_mutex_unlock(&s->mutex);
    return count;
}
