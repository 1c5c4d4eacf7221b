/* input.c — a message as the rule language sees it.
 * One input serves all the rules that a message matches, so its payload is parsed once, and
 * traceid() is the same in all of them. */
#include "base/mem.h"
#include "base/rand.h"
#include "registry/registry.h"
#include "rules/rules_priv.h"

#include <stdio.h>
#include <stdlib.h>

static char *text_or_null(struct slice text)
{
    return text.len ? xstrndup(text.ptr, text.len) : NULL;
}

void input_open(struct input *input, struct rules *rules, struct msg *msg, const char *trace_id)
{
    *input = (struct input){ .msg = msg_ref(msg) };
    if (trace_id)
        snprintf(input->trace_id, sizeof input->trace_id, "%s", trace_id);
    else
        rand_uuid(input->trace_id);
    if (msg->over_mqtt) input->client_id = text_or_null(msg->client_id);
    input->principal = text_or_null(msg->principal);
    input->sql = (struct sql_input){
        .topic = msg->topic,
        .payload = msg->payload,
        .client_id = input->client_id,
        .principal = input->principal,
        .account = registry_account(rules->registry),
        .trace_id = input->trace_id,
        .timestamp_ms = msg->at_ms,
    };
}

void input_close(struct input *input)
{
    if (!input->msg) return;
    sql_input_deinit(&input->sql);
    free(input->client_id);
    free(input->principal);
    msg_unref(input->msg);
    input->msg = NULL;
}
