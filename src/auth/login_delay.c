/* login_delay.c — see login_delay.h. Failures are counted three times:
 *
 *   by               free failures   beyond these                      forgiven
 *   user at address  free            refused: first, doubled to most   by a success there
 *   address          4 * free        refused, likewise; not for a      with time
 *                                    user who has logged in from there
 *   user             10 * free       held: likewise, at most 5 s; not  with time
 *                                    at an address of a former success
 *
 * Why refuse and not hold: whoever is held keeps a connection and its CONNECT in memory, which is what an attacker
 * would like best; sshd (PerSourcePenalties) drops connections too. Why hold where only the user is known: a
 * refusal would let anybody lock out any user from afar. So a guess from many addresses costs at most five seconds
 * of the true user's time, and that only at a new address; the guessing itself is slowed by its addresses. The
 * password is not looked at during a delay, or the delay would tell a right guess from a wrong one.
 *
 * The address of this host is no one's (proxies and bridges are there), so it has no delay of its own. An address
 * of IPv6 stands for its /64, which is what one host is given.
 *
 *  I1  A table has at most LOGIN_DELAY_ENTRIES entries; the one that changed longest ago makes room.
 *  I2  Failures are halved for each most_ms in which nothing failed; a delay ends before that begins. */
#include "auth/login_delay.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES_MAX = 1 << 20, ADDRESS_FREE = 4, USER_FREE = 10, NET_LEN = 8, KEY_MAX = 256 };

struct entry {
    struct list age; /* in table.oldest, the one that changed last at the end */
    int64_t failures;
    int64_t failed_ms;
    bool succeeded; /* once, with the right password */
    struct slice key;
    char text[];
};

struct table {
    struct map map;
    struct list oldest;
};

struct login_delays {
    struct login_delay_opts opts;
    struct table pairs, addresses, users;
};

/* What the tables know a caller by. */
struct caller {
    struct slice user, net, pair;
    bool local;
    char text[KEY_MAX];
};

/* ---- tables ---- */

static void table_deinit(struct table *table)
{
    for (struct list *age; (age = list_pop_front(&table->oldest));)
        free(container_of(age, struct entry, age));
    map_deinit(&table->map);
}

static void drop_oldest(struct table *table)
{
    struct entry *entry = container_of(list_pop_front(&table->oldest), struct entry, age);
    map_del(&table->map, entry->key);
    free(entry);
}

/* The entry, made where there is none, as the youngest. */
static struct entry *touch(struct table *table, struct slice key)
{
    struct entry *entry = map_get(&table->map, key);
    if (entry) {
        list_remove(&entry->age);
    } else {
        if (table->map.count >= LOGIN_DELAY_ENTRIES) drop_oldest(table);
        entry = xmalloc(sizeof *entry + key.len);
        *entry = (struct entry){ .key = slice_of(entry->text, key.len) };
        memcpy(entry->text, key.ptr, key.len);
        map_put(&table->map, key, entry);
    }
    list_push_back(&table->oldest, &entry->age);
    return entry;
}

/* ---- who ---- */

/* IPv4 as it is, IPv6 without its lower half; false: this host, or none that can be read. */
static bool read_net(const char *address, uint8_t ret_net[NET_LEN])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, loopback[16] = { [15] = 1 };
    uint8_t ip[16];
    char text[64];
    size_t len = strcspn(address, "%"); /* fe80::1%eth0 */
    if (len >= sizeof text) return false;
    memcpy(text, address, len);
    text[len] = '\0';
    memset(ret_net, 0, NET_LEN);
    if (inet_pton(AF_INET, text, ip) == 1) {
        memcpy(ret_net, ip, 4);
    } else if (inet_pton(AF_INET6, text, ip) == 1) {
        bool is_mapped = memcmp(ip, mapped, sizeof mapped) == 0;
        if (memcmp(ip, loopback, sizeof loopback) == 0) return false;
        memcpy(ret_net, is_mapped ? ip + 12 : ip, is_mapped ? 4 : NET_LEN);
    } else {
        return false;
    }
    return ret_net[0] != 127;
}

static void describe(struct caller *caller, struct slice user, const char *address)
{
    uint8_t net[NET_LEN];
    caller->local = !read_net(address, net);
    if (caller->local) memset(net, 0, sizeof net);
    user.len = user.len < KEY_MAX - NET_LEN ? user.len : KEY_MAX - NET_LEN;
    memcpy(caller->text, net, NET_LEN);
    memcpy(caller->text + NET_LEN, user.ptr, user.len);
    caller->net = slice_of(caller->text, NET_LEN);
    caller->user = slice_of(caller->text + NET_LEN, user.len);
    caller->pair = slice_of(caller->text, NET_LEN + user.len);
}

/* ---- delays ---- */

static void count_failure(struct login_delays *delays, struct table *table, struct slice key,
                          int64_t now_ms)
{
    struct entry *entry = touch(table, key);
    int64_t halvings = (now_ms - entry->failed_ms) / delays->opts.most_ms;
    entry->failures = halvings > 20 ? 0 : entry->failures >> halvings;
    if (entry->failures < FAILURES_MAX) entry->failures++;
    entry->failed_ms = now_ms;
}

/* How long yet, from now on. */
static int64_t remaining(const struct login_delays *delays, const struct entry *entry,
                         int64_t free_failures, int64_t now_ms)
{
    if (!entry || entry->failures <= free_failures) return 0;
    int64_t doublings = entry->failures - free_failures - 1, delay = delays->opts.most_ms;
    if (doublings < 32 && delays->opts.first_ms << doublings < delay)
        delay = delays->opts.first_ms << doublings;
    int64_t left = entry->failed_ms + delay - now_ms;
    return left > 0 ? left : 0;
}

struct login_verdict login_delays_judge(struct login_delays *delays, struct slice user,
                                        const char *address, int64_t now_ms)
{
    struct login_verdict verdict = { 0 };
    struct caller caller;
    if (!delays->opts.first_ms) return verdict;
    describe(&caller, user, address);
    const int64_t free_failures = delays->opts.free;
    const struct entry *pair = map_get(&delays->pairs.map, caller.pair);
    verdict.refused_ms = remaining(delays, pair, free_failures, now_ms);
    if (pair && pair->succeeded) return verdict;
    if (!caller.local) {
        int64_t left = remaining(delays, map_get(&delays->addresses.map, caller.net),
                                 ADDRESS_FREE * free_failures, now_ms);
        if (left > verdict.refused_ms) verdict.refused_ms = left;
    }
    verdict.held_ms = remaining(delays, map_get(&delays->users.map, caller.user),
                                USER_FREE * free_failures, now_ms);
    if (verdict.held_ms > LOGIN_HOLD_MAX) verdict.held_ms = LOGIN_HOLD_MAX;
    return verdict;
}

void login_delays_failed(struct login_delays *delays, struct slice user, const char *address,
                         int64_t now_ms)
{
    struct caller caller;
    if (!delays->opts.first_ms) return;
    describe(&caller, user, address);
    count_failure(delays, &delays->pairs, caller.pair, now_ms);
    count_failure(delays, &delays->users, caller.user, now_ms);
    if (!caller.local) count_failure(delays, &delays->addresses, caller.net, now_ms);
}

void login_delays_succeeded(struct login_delays *delays, struct slice user, const char *address,
                            int64_t now_ms)
{
    struct caller caller;
    if (!delays->opts.first_ms) return;
    describe(&caller, user, address);
    struct entry *pair = touch(&delays->pairs, caller.pair);
    pair->succeeded = true;
    pair->failures = 0;
    pair->failed_ms = now_ms;
}

/* ---- life ---- */

struct login_delays *login_delays_create(const struct login_delay_opts *opts)
{
    struct login_delays *delays = xnew(struct login_delays);
    delays->opts = *opts;
    list_init(&delays->pairs.oldest);
    list_init(&delays->addresses.oldest);
    list_init(&delays->users.oldest);
    return delays;
}

void login_delays_destroy(struct login_delays *delays)
{
    if (!delays) return;
    table_deinit(&delays->pairs);
    table_deinit(&delays->addresses);
    table_deinit(&delays->users);
    free(delays);
}
