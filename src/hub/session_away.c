/* session_away.c — a session whose client is away: how long it is kept, and when its will goes out. MQTT 5.0,
 * sections 3.1.2.5, 3.1.2.11.2, 3.1.3.2.2; MQTT 3.1.1, section 3.1.2.5.
 *
 * Two moments may lie ahead: that at which a will is sent that has a delay, and that at which the session is
 * over, which sends it too. Both stand in the database by the real clock, so a restart does not move them.
 * A timer is set only for what comes before the next sweep (sessions.c): so a hundred thousand sessions that
 * are kept for weeks need none, and when the clock is set the timers follow within a minute.
 *
 *  I1  A will waits (will_at) only while there is no link and the session goes on.
 *  I2  That a will was sent, or that the session is over, is in the same batch as what the will has
 *      brought about: no crash sends it twice, or loses it.
 *  I3  A session is never kept for longer than is configured now, whatever its client has asked for. */
#include "hub/session_priv.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "hub/session_store.h"

#include <stdlib.h>

/* ---- how long it is kept ---- */

static int64_t configured_expiry(const struct hub_opts *opts, const char *client_id)
{
    int64_t ms = opts->session_expiry_ms;
    for (size_t i = 0; i < opts->expiry_count; i++) {
        if (!text_glob(opts->expiries[i].pattern, slice_str(client_id))) continue;
        ms = opts->expiries[i].ms;
        break;
    }
    return ms ? ms : SESSION_EXPIRY_NEVER;
}

static int64_t bounded(const struct session *session, int64_t asked)
{
    if (asked == SESSION_EXPIRY_ENDS) return SESSION_EXPIRY_ENDS;
    int64_t most = configured_expiry(session->all->opts, session->client_id);
    return asked == SESSION_EXPIRY_CONFIGURED || asked > most ? most : asked;
}

void session_set_terms(struct session *session, const struct session_terms *terms)
{
    bool usual =
        terms->expiry_ms == SESSION_EXPIRY_CONFIGURED || terms->expiry_ms == SESSION_EXPIRY_ENDS;
    bool unlimited = !terms->receive_maximum || terms->receive_maximum == UINT16_MAX;
    session->expiry_ms = bounded(session, terms->expiry_ms);
    if (usual && unlimited && !terms->will_delay_ms) {
        free(session->terms);
        session->terms = NULL;
        return;
    }
    if (!session->terms) session->terms = xnew(struct session_terms);
    *session->terms = *terms;
}

int64_t session_expiry_asked(const struct session *session)
{
    if (session->terms) return session->terms->expiry_ms;
    return session_ends(session) ? SESSION_EXPIRY_ENDS : SESSION_EXPIRY_CONFIGURED;
}

int64_t session_expiry_ms(const struct session *session)
{
    return session->expiry_ms;
}

int session_set_expiry(struct session *session, int64_t expiry_ms)
{
    if (session_ends(session)) return expiry_ms == SESSION_EXPIRY_ENDS ? 0 : ERR_PROTOCOL;
    struct session_terms terms = session->terms ? *session->terms : (struct session_terms){ 0 };
    terms.expiry_ms = expiry_ms;
    session_set_terms(session, &terms);
    session_row_expiry(session->all->store, session->id, expiry_ms);
    return 0;
}

void session_bound_expiry(struct session *session)
{
    session->expiry_ms = bounded(session, session_expiry_asked(session));
}

/* When it is over, ms since the epoch. */
static int64_t ends_at(const struct session *session)
{
    int64_t begun = session->disconnected_at;
    return session->expiry_ms > INT64_MAX - begun ? INT64_MAX : begun + session->expiry_ms;
}

bool session_is_over(const struct session *session, int64_t now)
{
    return !session->link && session->disconnected_at && now >= ends_at(session);
}

int64_t session_expire(struct session *session)
{
    metrics_inc(METRIC_SESSIONS_EXPIRED);
    LOG(LOG_INFO, "hub", "session expired", LOG_S("client", session->client_id),
        LOG_I("queued", session->queued));
    return session_end(session);
}

/* ---- its will ---- */

int64_t session_will_at(const struct session *session)
{
    return session->terms ? session->terms->will_at : 0;
}

/* Nobody sends a will again: it is kept as if it were acknowledged, also while the store is behind. */
void session_send_will(struct session *session)
{
    struct hub *hub = session->all->hub;
    struct msg *will = session->will;
    if (!will) return;
    session->will = NULL;
    if (hub_authorize_publish(hub, session->principal, &session->conn, will->topic, will->retain) ==
        0) {
        struct msg *msg = msg_published_now(will);
        hub_route_promised(hub, msg, false, NULL, NULL);
        msg_unref(msg);
    }
    msg_unref(will);
}

void session_leave_will(struct session *session)
{
    struct session_terms *terms = session->terms;
    if (!session->will || session_ends(session) || !terms || !terms->will_delay_ms)
        session_send_will(session);
    else
        terms->will_at = clock_real_ms() + terms->will_delay_ms;
}

static void send_waiting_will(struct session *session)
{
    session->terms->will_at = 0;
    session_send_will(session);
    session_row_will_sent(session->all->store, session->id);
}

/* ---- in time ---- */

void session_arm(struct session *session)
{
    if (!session->disconnected_at) return;
    int64_t now = clock_real_ms(), due = ends_at(session), will_at = session_will_at(session);
    if (will_at && will_at < due) due = will_at;
    if (due <= now + SESSION_SWEEP_MS) loop_timer_start(&session->later, due - now);
}

void session_attend(struct session *session, int64_t now)
{
    int64_t will_at = session_will_at(session);
    if (session_is_over(session, now)) {
        session_expire(session);
        return;
    }
    if (will_at && will_at <= now) send_waiting_will(session);
    session_arm(session);
}
