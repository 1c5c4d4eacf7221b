/* sql_func_message.c — functions that read the message around the payload. */
#include "base/err.h"
#include "base/rand.h"
#include "base/text.h"
#include "sql/sql_func.h"
#include "topic/topic.h"

#include <strings.h>

SQL_FUNC(sql_fn_accountid)
{
    *ret_value = sql_value_of_text(slice_str(eval->in->account));
}

SQL_FUNC(sql_fn_clientid)
{
    const char *id = eval->in->client_id;
    *ret_value = sql_value_of_text(slice_str(id ? id : "n/a"));
}

SQL_FUNC(sql_fn_principal)
{
    *ret_value = sql_value_of_text(slice_str(eval->in->principal));
}

SQL_FUNC(sql_fn_sourceip)
{
    *ret_value = sql_value_of_text(slice_str(eval->in->source_ip));
}

SQL_FUNC(sql_fn_traceid)
{
    *ret_value = sql_value_of_text(slice_str(eval->in->trace_id));
}

SQL_FUNC(sql_fn_sql_version)
{
    *ret_value = sql_value_of_text(slice_str(eval->version));
}

SQL_FUNC(sql_fn_timestamp)
{
    *ret_value = sql_value_of_int(eval->in->timestamp_ms);
}

SQL_FUNC(sql_fn_newuuid)
{
    char *text = sql_eval_alloc(eval, 37);
    if (!text) return;
    rand_uuid(text);
    *ret_value = sql_value_of_str(slice_of(text, 36));
}

/* ---- topic ---------------------------------------------------------------------------------- */

/* "$aws/rules/NAME/rest" is "rest", and "$aws/rules/NAME" is empty. */
static struct slice without_basic_ingest(struct slice topic)
{
    static const char prefix[] = "$aws/rules/";
    size_t at = strlen(prefix);
    if (!slice_starts(topic, prefix)) return topic;
    topic_next_level(topic, &at);
    return slice_from(topic, at);
}

static struct slice segment(struct slice topic, int64_t n)
{
    size_t at = 0;
    while (n > 0 && at <= topic.len) {
        struct slice level = topic_next_level(topic, &at);
        if (--n == 0) return level;
    }
    return slice_of(NULL, 0);
}

SQL_FUNC(sql_fn_topic)
{
    struct slice topic = without_basic_ingest(eval->in->topic);
    struct sql_num num;
    int64_t n;
    if (args->count == 1) {
        if (!sql_value_to_index(&args->at[0], &num) || !sql_num_to_int64(num, &n)) return;
        if (topic.len == 0) return;
        topic = segment(topic, n);
    } else if (!topic.ptr) {
        topic = slice_of("", 0);
    }
    *ret_value = sql_value_of_text(topic);
}

/* ---- MQTT 5 --------------------------------------------------------------------------------- */

SQL_FUNC(sql_fn_get_mqtt_property)
{
    const struct sql_mqtt5 *mqtt5 = eval->in->mqtt5;
    struct slice name;
    struct buf text = { 0 };
    if (!mqtt5 || !sql_arg_str(eval, args, 0, &name)) return;
    if (slice_eq_str(name, "content_type")) {
        *ret_value = sql_value_of_text(mqtt5->content_type);
    } else if (slice_eq_str(name, "response_topic")) {
        *ret_value = sql_value_of_text(mqtt5->response_topic);
    } else if (slice_eq_str(name, "format_indicator")) {
        *ret_value =
            sql_value_of_str(slice_str(mqtt5->is_utf8 ? "UTF8_DATA" : "UNSPECIFIED_BYTES"));
    } else if (slice_eq_str(name, "correlation_data") && mqtt5->correlation_data.ptr) {
        if (!sql_eval_may_use(eval, mqtt5->correlation_data.len * 2 + 8)) return;
        base64_encode(&text, mqtt5->correlation_data.ptr, mqtt5->correlation_data.len);
        *ret_value = sql_value_of_str(sql_eval_take(eval, &text));
    }
}

/* With a name the values under it, Undefined when there are none; else an object for each property. */
SQL_FUNC(sql_fn_get_user_properties)
{
    const struct sql_mqtt5 *mqtt5 = eval->in->mqtt5;
    struct slice name, none = { "", 0 };
    if (!mqtt5 || (args->count && !sql_arg_str(eval, args, 0, &name))) return;
    struct sql_value array = sql_value_new(eval, SQL_ARRAY);
    for (size_t i = 0; i < mqtt5->user_count && sql_eval_charge(eval, 1); i++) {
        const struct sql_user_property *property = &mqtt5->user[i];
        struct sql_value value = sql_value_of_text(property->value);
        if (value.type == SQL_UNDEFINED || sql_value_of_text(property->key).type == SQL_UNDEFINED)
            continue;
        if (args->count) {
            if (slice_eq(property->key, name)) sql_list_push(eval, array.list, none, value);
            continue;
        }
        struct sql_value object = sql_value_new(eval, SQL_OBJECT);
        sql_list_push(eval, object.list, property->key, value);
        sql_list_push(eval, array.list, none, object);
    }
    if (!eval->rc && (args->count == 0 || array.list->count)) *ret_value = array;
}

/* ---- shadow --------------------------------------------------------------------------------- */

/* The last argument is the role, which has no meaning here. */
SQL_FUNC(sql_fn_get_thing_shadow)
{
    enum { STEPS = 1000 };
    struct slice thing, shadow = { "", 0 };
    struct json *document = NULL;
    if (!eval->in->get_thing_shadow || !sql_arg_str(eval, args, 0, &thing)) return;
    if (args->count == 3 && !sql_arg_str(eval, args, 1, &shadow)) return;
    if (!sql_eval_charge(eval, STEPS)) return;
    int rc = eval->in->get_thing_shadow(eval->in->arg, thing, shadow, &document);
    if (rc == ERR_NOT_FOUND || rc == ERR_INVALID) return;
    if (rc < 0) {
        eval->rc = rc;
        return;
    }
    sql_eval_keep(eval, document);
    *ret_value = sql_value_of_json(eval, document);
}
