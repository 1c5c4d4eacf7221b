/* model_priv.h — between model.c (what clients do), model_crash.c (what happens to the hub) and
 * model_observe.c (what clients get). */
#ifndef TESTS_UNIT_HUB_MODEL_PRIV_H
#define TESTS_UNIT_HUB_MODEL_PRIV_H

#include "model.h"

/* There is no session; keeps the memory. */
void model_session_clear(struct model_session *s);
/* What the session's subscriptions make of the message: false if nothing. doubt: nobody knows, and qos is
 * the highest that can be. */
bool model_match(const struct model *m, const struct model_session *s, const struct model_msg *msg,
                 uint8_t *qos, bool *doubt);
/* The session gets the message, if it wants it. */
void model_route_to(struct model *m, struct model_session *s, int number, int64_t commit,
                    bool maybe);
bool model_matches(const char *filter, const char *topic);
struct model_item *model_item_add(struct model *m, struct model_session *s, int number,
                                  uint8_t qos);
struct model_item *model_item_find(struct model_session *s, int number);
/* Items that stand in the window as far as the client can tell. */
size_t model_in_flight(const struct model_session *s);
/* The topic has another retained message, 0 for none. */
void model_retain(struct model *m, int topic, int number, int64_t commit);
/* The client has let go of the identifier: PUBREL has come. */
void model_let_go(struct model_session *s, uint16_t id);

#endif
