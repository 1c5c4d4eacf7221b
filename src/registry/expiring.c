/* expiring.c — see expiring.h.
 * A certificate comes nearer when the time until its end falls below one of the steps; also one that is made or
 * activated with less time left than that does. Each is met once, since "since" moves on with each check; so is each
 * day that a revocation list is overdue. */
#include "registry/expiring.h"

#include "base/clock.h"
#include "base/mem.h"
#include "registry/registry_priv.h"

enum { NAMES_MOST = 10 };

static const char state_name[] = "expiring";

const int expiring_days[EXPIRING_STEPS] = { 1, 7, 30 };

int expiring_within(int64_t begin_ms, int64_t end_ms, int64_t now_ms)
{
    if (end_ms <= now_ms) return 0;
    for (int i = 0; i < EXPIRING_STEPS; i++) {
        int64_t step = DAYS(expiring_days[i]);
        if (end_ms - now_ms <= step) return end_ms - begin_ms > step ? expiring_days[i] : 0;
    }
    return 0;
}

/* ---- the state ---- */

/* ERR_NOT_FOUND is no error here: there is none yet. */
static int load_state(struct registry_call *call, struct db *db, int64_t *ret_since)
{
    struct json *state = NULL;
    struct db_stmt *q = db_query(db, "SELECT value FROM setting WHERE name = ?1");
    db_bind_text(q, 1, state_name);
    if (db_step(q)) json_parse(slice_str(db_text(q, 0)), NULL, &state, NULL);
    int rc = db_done(q);
    if (!json_to_int64(json_get(state, "checked"), ret_since)) *ret_since = 0;
    if (state) json_set(result_of(call), "state", state);
    return rc;
}

static int save_expiring(struct registry_call *call, struct db *db)
{
    struct buf text = { 0 };
    json_print(json_get(call->params, "state"), &text);
    struct db_stmt *q =
        db_query(db, "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)");
    db_bind_text(q, 1, state_name);
    db_bind_slice(q, 2, buf_slice(&text));
    int rc = db_exec(q);
    buf_deinit(&text);
    return rc;
}

/* ---- what is there ---- */

static int first_end(struct registry_call *call, struct db_stmt *q, const char *member)
{
    db_bind_int(q, 1, call->now_ms);
    if (db_step(q) && !db_is_null(q, 0)) json_set_int(result_of(call), member, db_int(q, 0));
    return db_done(q);
}

static int count_devices(struct registry_call *call, struct db *db)
{
    struct json *within = json_set(result_of(call), "within", json_new_array());
    int rc = 0;
    for (int i = 0; i < EXPIRING_STEPS && rc == 0; i++) {
        struct db_stmt *q = db_query(db, "SELECT count(*) FROM cert WHERE not_after > ?1 AND "
                                         "not_after <= ?2 AND status = 'ACTIVE'");
        db_bind_int(q, 1, call->now_ms);
        db_bind_int(q, 2, call->now_ms + DAYS(expiring_days[i]));
        if (db_step(q)) json_push(within, json_new_int(db_int(q, 0)));
        rc = db_done(q);
    }
    return rc;
}

/* ---- what has come nearer ---- */

/* Since `since`; what was changed after that is looked at as if it were new. */
static bool is_nearer(int64_t end, int days, int64_t modified, int64_t since)
{
    return days && (end - DAYS(days) > since || modified > since);
}

struct naming {
    struct json *names;
    int64_t more;
};

static void name_one(struct naming *naming, const char *id, int64_t end, int64_t days)
{
    if (json_count(naming->names) == NAMES_MOST) {
        naming->more++;
        return;
    }
    struct json *one = json_push(naming->names, json_new_object());
    json_set_str(one, "id", id);
    json_set_int(one, "end", end);
    json_set_int(one, "days", days);
}

/* Takes what was named. */
static void set_named(struct registry_call *call, const char *member, const struct naming *naming)
{
    struct json *list = json_set(result_of(call), member, json_new_object());
    json_set(list, "names", naming->names);
    json_set_int(list, "more", naming->more);
}

/* Rows of q: id, begin, end, time of the last change; those which end after ?1 and until ?2. */
static int list_nearer(struct registry_call *call, struct db_stmt *q, const char *member,
                       int64_t since)
{
    struct naming naming = { .names = json_new_array() };
    db_bind_int(q, 1, call->now_ms);
    db_bind_int(q, 2, call->now_ms + DAYS(expiring_days[EXPIRING_STEPS - 1]));
    while (db_step(q)) {
        int64_t end = db_int(q, 2);
        int days = expiring_within(db_int(q, 1), end, call->now_ms);
        if (is_nearer(end, days, db_int(q, 3), since)) name_one(&naming, db_text(q, 0), end, days);
    }
    set_named(call, member, &naming);
    return db_done(q);
}

/* Of a list that is overdue: has it become so, or has another day of that begun? */
static bool is_another_day(int64_t due, int64_t since, int64_t now)
{
    return since <= due || (now - due) / DAYS(1) > (since - due) / DAYS(1);
}

static int list_overdue(struct registry_call *call, struct db *db, int64_t since)
{
    struct naming naming = { .names = json_new_array() };
    struct db_stmt *q = db_query(db, "SELECT ca, next_update FROM crl WHERE next_update < ?1 "
                                     "ORDER BY next_update, ca");
    db_bind_int(q, 1, call->now_ms);
    while (db_step(q)) {
        int64_t due = db_int(q, 1);
        if (is_another_day(due, since, call->now_ms))
            name_one(&naming, db_text(q, 0), due, (call->now_ms - due) / DAYS(1));
    }
    set_named(call, "overdue", &naming);
    return db_done(q);
}

static int list_expiring(struct registry_call *call, struct db *db)
{
    int64_t since;
    int rc = load_state(call, db, &since);
    if (rc == 0)
        rc = first_end(call,
                       db_query(db, "SELECT min(not_after) FROM ca_cert WHERE not_after > ?1 AND "
                                    "status = 'ACTIVE'"),
                       "nextCa");
    if (rc == 0)
        rc = first_end(call,
                       db_query(db, "SELECT not_after FROM cert WHERE not_after > ?1 AND "
                                    "status = 'ACTIVE' ORDER BY not_after LIMIT 1"),
                       "nextDevice");
    if (rc == 0) rc = count_devices(call, db);
    if (rc == 0)
        rc = list_nearer(call,
                         db_query(db, "SELECT id, not_before, not_after, modified_at FROM ca_cert "
                                      "WHERE not_after > ?1 AND not_after <= ?2 AND "
                                      "status = 'ACTIVE' ORDER BY not_after, id"),
                         "authorities", since);
    if (rc == 0)
        rc = list_nearer(call,
                         db_query(db, "SELECT id, not_before, not_after, modified_at FROM cert "
                                      "WHERE not_after > ?1 AND not_after <= ?2 AND "
                                      "status = 'ACTIVE' ORDER BY not_after, id"),
                         "certificates", since);
    return rc < 0 ? rc : list_overdue(call, db, since);
}

const struct registry_op expiring_ops[] = {
    { .name = ".ListExpiring", .run = list_expiring, .reads = true },
    { .name = ".SaveExpiring", .run = save_expiring },
    { 0 },
};
