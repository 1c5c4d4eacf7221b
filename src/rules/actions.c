/* actions.c — the table of actions, and the names of those which AWS has beside them.
 * A foreign name is told apart from a misspelt one: who copies a rule from AWS learns that the
 * action is not here, who mistypes learns the name that was meant. */
#include "rules/actions/actions.h"

#include "base/mem.h"
#include "rules/rules_priv.h"

#include <string.h>

/* In the order of the manual. */
const struct td_action *const rule_actions[] = { &action_republish, &action_http, &action_file,
                                                 NULL };

_Static_assert(ARRAY_LEN(rule_actions) == RULE_ACTION_KINDS + 1, "RULE_ACTION_KINDS");

/* AWS IoT API reference, "Action". */
static const char *const foreign[] = {
    "cloudwatchAlarm",
    "cloudwatchLogs",
    "cloudwatchMetric",
    "dynamoDB",
    "dynamoDBv2",
    "elasticsearch",
    "firehose",
    "influxDB",
    "iotAnalytics",
    "iotEvents",
    "iotSiteWise",
    "kafka",
    "kinesis",
    "lambda",
    "location",
    "openSearch",
    "s3",
    "salesforce",
    "sns",
    "sqs",
    "stepFunctions",
    "timestream",
};

const struct td_action *action_find(const char *name)
{
    for (size_t i = 0; rule_actions[i]; i++)
        if (strcmp(rule_actions[i]->name, name) == 0) return rule_actions[i];
    return NULL;
}

bool action_is_foreign(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (strcmp(foreign[i], name) == 0) return true;
    return false;
}
