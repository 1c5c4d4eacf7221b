/* story.h — publishers and receivers in the middle of what they do when a disk fails or the power goes: the
 * same messages each time, so that a test can fail at every moment of it. */
#ifndef TESTS_UNIT_HUB_STORY_H
#define TESTS_UNIT_HUB_STORY_H

#include "hub_fixture.h"

enum { STORY_MESSAGES = 36, STORY_TOPICS = 4 };

/* A client which takes everything and answers it; as the standard has it for QoS 2. */
struct story_receiver {
    struct client client;
    int got[STORY_MESSAGES];
    uint16_t held[STORY_MESSAGES]; /* identifier of QoS 2 whose PUBREL has not come, else 0 */
};

/* What was told, when the story stopped. */
struct story {
    struct fixture *f;
    uint16_t ids[STORY_MESSAGES];    /* of QoS 2 */
    int64_t commits[STORY_MESSAGES]; /* < 0: refused, or not yet published */
    int64_t released[STORY_MESSAGES];
    bool acked[STORY_MESSAGES];
    struct client pump;
    struct story_receiver online, absent;
    char failure[160];
};

/* Sessions for it, committed. */
void story_begin(struct story *s, struct fixture *f);
/* Publishes QoS 1, QoS 2 and retained messages, and acknowledges what comes. With turns of the loop between,
 * in which the store works. */
void story_tell(struct story *s);
/* The absent receiver comes, takes what it gets in a few turns, and goes. */
void story_receive_some(struct story *s);
/* Notes what is acknowledged now. */
void story_note(struct story *s);
/* After the hub is back: the publisher repeats QoS 2 that was not acknowledged; receivers take all that there
 * is. false and failure when something acknowledged is lost, or of QoS 2 something comes twice. */
bool story_check(struct story *s);
/* No sessions and no retained messages any more. */
void story_end(struct story *s);

#endif
