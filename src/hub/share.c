/* share.c — see share.h.
 * A turn takes the first of the list and puts it at the end. A member that would take a message only later
 * is passed over while others take it at once; how many are looked at is bounded.
 *
 *  I1  A group is in the map exactly while it has members; a member is in the list that tells whether its
 *      session's connection is ready.
 *  I2  A group's number follows from its name alone, so that it is the same after a restart: entries of
 *      queues carry it. Two groups of one session with the same number may exchange messages. */
#include "hub/share.h"

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "hub/session_priv.h"
#include "topic/topic.h"

#include <stdlib.h>

enum { MOST_LOOKS = 64 };

struct share_group {
    struct subscriber subscriber; /* first */
    struct subscription subscription;
    struct sessions *all;
    struct list online;
    struct list offline;
    uint32_t number;
    struct slice name; /* "$share/GROUP/FILTER" */
    char text[];
};

/* 0 stands for no group. */
static uint32_t number_of(struct slice name)
{
    uint32_t hash = slice_fnv1a(name);
    return hash ? hash : 1;
}

static struct share_member *member_of(struct list *link)
{
    return container_of(link, struct share_member, link);
}

/* ---- whose turn it is ---- */

/* One that ends with its connection, which has ended, is about to go. */
static bool may_have(struct share_member *member, const struct msg *msg)
{
    struct session *session = member->session;
    return (session->link || !session_ends(session)) && session_may_receive(session, msg);
}

/* The next that may have it, with this QoS or a better one, and, if asked for, takes it at once. It goes to
 * the end of the list. */
static struct share_member *next_of(struct list *members, const struct session *except,
                                    const struct msg *msg, uint8_t least, bool at_once)
{
    size_t looks = 0;
    list_for_each(it, members) {
        struct share_member *member = member_of(it);
        if (looks++ == MOST_LOOKS) return NULL;
        if (member->session == except || member->opts.qos < least || !may_have(member, msg))
            continue;
        if (at_once && !session_queue_takes(member->session)) continue;
        list_remove(it);
        list_push_back(members, it);
        return member;
    }
    return NULL;
}

static struct share_member *next_online(struct share_group *group, const struct session *except,
                                        const struct msg *msg, uint8_t least)
{
    struct share_member *member = next_of(&group->online, except, msg, least, true);
    return member ? member : next_of(&group->online, except, msg, least, false);
}

/* What the member gets of a message of this QoS, which was published with RETAIN or without. */
static int64_t give(struct share_member *member, struct msg *msg, uint8_t qos, bool retain,
                    bool promised)
{
    const struct sub_opts *opts = &member->opts;
    retain = session_retain_flag(member->session, retain && opts->retain_as_published);
    if (qos > opts->qos) qos = opts->qos;
    return session_queue_put(member->session, msg,
                             &(struct queue_put){ .qos = qos,
                                                  .retain = retain,
                                                  .promised = promised,
                                                  .share = member->group->number,
                                                  .id_count = opts->id ? 1 : 0,
                                                  .ids = &opts->id });
}

static int64_t deliver(struct subscriber *subscriber, struct msg *msg, const struct delivery *how)
{
    struct share_group *group = container_of(subscriber, struct share_group, subscriber);
    if (how->again || hub_is_basic_ingest(msg->topic)) return 0;
    struct share_member *member = next_online(group, NULL, msg, 0);
    if (!member && msg->qos) member = next_of(&group->offline, NULL, msg, 1, false);
    return member ? give(member, msg, msg->qos, how->retain, how->promised) : 0;
}

static const struct subscriber_ops group_ops = { deliver };

bool share_pass_on(struct session *session, uint32_t number, struct msg *msg, uint8_t qos,
                   bool over)
{
    list_for_each(it, &session->shares) {
        struct share_group *group = container_of(it, struct share_member, mine)->group;
        if (group->number != number) continue;
        struct share_member *other = next_online(group, session, msg, 1);
        if (!other && over) other = next_of(&group->offline, session, msg, 1, false);
        return other && session_queue_has_room(other->session, msg, other->opts.id ? 1 : 0) &&
               give(other, msg, qos, msg->retain, true) >= 0;
    }
    return false;
}

/* ---- coming and going ---- */

static struct share_group *group_create(struct sessions *all, struct slice name)
{
    struct share_group *group = xcalloc(1, sizeof *group + name.len);
    memcpy(group->text, name.ptr, name.len);
    group->name = slice_of(group->text, name.len);
    group->number = number_of(name);
    group->all = all;
    group->subscriber.ops = &group_ops;
    group->subscriber.principal =
        principal_system(); /* a member's iot:Receive is asked in its turn */
    list_init(&group->online);
    list_init(&group->offline);
    return group;
}

static int group_open(struct sessions *all, struct slice name, struct share_group **ret_group)
{
    struct slice part, filter;
    *ret_group = map_get(&all->shares, name);
    if (*ret_group) return 0;
    if (topic_share_split(name, &part, &filter) != 1) return ERR_TOPIC;
    struct share_group *group = group_create(all, name);
    const struct sub_opts all_of_it = { .qos = 2, .retain_as_published = true };
    int rc = hub_subscribe(all->hub, &group->subscriber, filter, &all_of_it, &group->subscription);
    if (rc < 0) {
        free(group);
        return rc;
    }
    map_put(&all->shares, name, group);
    *ret_group = group;
    return 0;
}

static void group_close(struct share_group *group)
{
    hub_unsubscribe(group->all->hub, &group->subscription);
    map_del(&group->all->shares, group->name);
    free(group);
}

int share_join(struct session *session, struct slice name, const struct sub_opts *opts,
               struct share_member *member)
{
    struct share_group *group;
    int rc = group_open(session->all, name, &group);
    if (rc < 0) return rc;
    *member = (struct share_member){ .group = group, .session = session, .opts = *opts };
    list_push_back(session->link && session->ready ? &group->online : &group->offline,
                   &member->link);
    list_push_back(&session->shares, &member->mine);
    return 0;
}

void share_leave(struct share_member *member)
{
    struct share_group *group = member->group;
    list_remove(&member->link);
    list_remove(&member->mine);
    if (list_empty(&group->online) && list_empty(&group->offline)) group_close(group);
}

static void move_all(struct session *session, bool online)
{
    list_for_each(it, &session->shares) {
        struct share_member *member = container_of(it, struct share_member, mine);
        list_remove(&member->link);
        list_push_back(online ? &member->group->online : &member->group->offline, &member->link);
    }
}

void share_online(struct session *session)
{
    move_all(session, true);
}

void share_offline(struct session *session)
{
    move_all(session, false);
    session_queue_pass_on(session);
}

size_t share_count(const struct sessions *all)
{
    return all->shares.count;
}
