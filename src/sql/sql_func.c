/* sql_func.c — the table of functions. The manual is printed from it; the parser looks names up in it;
 * the evaluator checks the number of arguments against it. A wrong number is no error when a statement
 * is compiled, since AWS takes such rules: the call is Undefined.
 * Functions that ask a cloud service are listed too, so that a refusal can say why. */
#include "sql/sql_func.h"

#include "base/mem.h"
#include "base/text.h"
#include "sql/sql_regex.h"
#include "sql/sql_zone.h"

#include <strings.h>

static const struct sql_func sql_funcs[] = {
/* clang-format off */
#define CLOUD(name) { name, 0, SQL_MAX_ARGS, SQL_CLOUD, NULL, "calls a cloud service: not available" }
    /* name                 args  flags                    call                       one line for the manual */
    { "abs",                 1, 1, SQL_PURE,               sql_fn_abs,                "absolute value of a number" },
    { "accountid",           0, 0, SQL_NEEDS_MSG,          sql_fn_accountid,          "the account that the rule belongs to" },
    { "acos",                1, 1, SQL_PURE,               sql_fn_acos,               "arc cosine in radians" },
    { "asin",                1, 1, SQL_PURE,               sql_fn_asin,               "arc sine in radians" },
    { "atan",                1, 1, SQL_PURE,               sql_fn_atan,               "arc tangent in radians" },
    { "atan2",               2, 2, SQL_PURE,               sql_fn_atan2,              "angle of the point (second, first) in radians" },
    CLOUD("aws_lambda"),
    { "bitand",              2, 2, SQL_PURE,               sql_fn_bitand,             "bitwise AND of two integers" },
    { "bitnot",              1, 1, SQL_PURE,               sql_fn_bitnot,             "bitwise NOT in two's complement" },
    { "bitor",               2, 2, SQL_PURE,               sql_fn_bitor,              "bitwise OR of two integers" },
    { "bitxor",              2, 2, SQL_PURE,               sql_fn_bitxor,             "bitwise exclusive OR of two integers" },
    { "ceil",                1, 1, SQL_PURE,               sql_fn_ceil,               "nearest integer not below" },
    { "chr",                 1, 1, SQL_PURE,               sql_fn_chr,                "the ASCII character of a code" },
    { "clientid",            0, 0, SQL_NEEDS_MSG,          sql_fn_clientid,           "client which published; 'n/a' when not by MQTT" },
    { "concat",              1, SQL_MAX_ARGS, SQL_PURE,    sql_fn_concat,             "joins strings, or arrays when one is an array" },
    { "cos",                 1, 1, SQL_PURE,               sql_fn_cos,                "cosine of radians" },
    { "cosh",                1, 1, SQL_PURE,               sql_fn_cosh,               "hyperbolic cosine" },
    { "decode",              2, 6, SQL_PURE,               sql_fn_decode,             "text or JSON value of base64: decode(x, 'base64')" },
    { "encode",              2, 2, SQL_PURE,               sql_fn_encode,             "base64 of a value, or of the raw payload: encode(*, 'base64')" },
    { "endswith",            2, 2, SQL_PURE,               sql_fn_endswith,           "whether the first string ends with the second" },
    { "exp",                 1, 1, SQL_PURE,               sql_fn_exp,                "e to the power of a number" },
    { "floor",               1, 1, SQL_PURE,               sql_fn_floor,              "nearest integer not above" },
    { "get",                 2, 2, SQL_PURE,               sql_fn_get,                "element of an array, member of an object or character of a string" },
    CLOUD("get_dynamodb"),
    { "get_mqtt_property",   1, 1, SQL_NEEDS_MSG,          sql_fn_get_mqtt_property,  "property of an MQTT 5 message: content_type, format_indicator, response_topic, correlation_data" },
    { "get_or_default",      1, 2, SQL_PURE,               sql_fn_get_or_default,     "the first value, or the second when it is Null or Undefined" },
    CLOUD("get_registry_data"),
    CLOUD("get_secret"),
    { "get_thing_shadow",    2, 3, SQL_NEEDS_MSG | SQL_SHADOW, sql_fn_get_thing_shadow, "shadow document: get_thing_shadow(thing [, shadow], role)" },
    { "get_user_properties", 0, 1, SQL_NEEDS_MSG,          sql_fn_get_user_properties, "user properties of an MQTT 5 message, all or of one name" },
    { "indexof",             2, 2, SQL_PURE,               sql_fn_indexof,            "where the second string begins in the first, from 0; -1 when nowhere" },
    { "isnull",              1, 1, SQL_PURE,               sql_fn_isnull,             "whether a value is Null" },
    { "isundefined",         1, 1, SQL_PURE,               sql_fn_isundefined,        "whether a value is Undefined" },
    { "length",              1, 1, SQL_PURE,               sql_fn_length,             "number of characters of a string" },
    { "ln",                  1, 1, SQL_PURE,               sql_fn_ln,                 "natural logarithm" },
    { "log",                 1, 1, SQL_PURE,               sql_fn_log,                "logarithm to base 10" },
    { "lower",               1, 1, SQL_PURE,               sql_fn_lower,              "the string in lower case" },
    { "lpad",                2, 2, SQL_PURE,               sql_fn_lpad,               "puts so many spaces before a string" },
    { "ltrim",               1, 1, SQL_PURE,               sql_fn_ltrim,              "removes spaces and tabs from the start" },
    CLOUD("machinelearning_predict"),
    { "md2",                 1, 1, SQL_PURE,               sql_fn_md2,                "MD2 digest in hexadecimal" },
    { "md5",                 1, 1, SQL_PURE,               sql_fn_md5,                "MD5 digest in hexadecimal" },
    { "mod",                 2, 2, SQL_PURE,               sql_fn_mod,                "remainder of a division, with the sign of the first" },
    { "nanvl",               2, 2, SQL_PURE,               sql_fn_nanvl,              "the first value, or the second when it is Null or Undefined" },
    { "newuuid",             0, 0, SQL_CHANCE,             sql_fn_newuuid,            "a random UUID" },
    { "numbytes",            1, 1, SQL_PURE,               sql_fn_numbytes,           "number of bytes of a string in UTF-8" },
    { "parse_time",          2, 3, SQL_PURE | SQL_ZONE,    sql_fn_parse_time,         "formats milliseconds since 1970: parse_time(pattern, ms [, zone])" },
    { "power",               2, 2, SQL_PURE,               sql_fn_power,              "the first number to the power of the second" },
    { "principal",           0, 0, SQL_NEEDS_MSG,          sql_fn_principal,          "certificate id or user that published" },
    { "rand",                0, 0, SQL_CHANCE,             sql_fn_rand,               "random number, at least 0 and below 1" },
    { "regexp_matches",      2, 2, SQL_PURE | SQL_PATTERN, sql_fn_regexp_matches,     "whether the pattern matches somewhere in the string" },
    { "regexp_replace",      3, 3, SQL_PURE | SQL_PATTERN, sql_fn_regexp_replace,     "replaces every match; $1 is the first group" },
    { "regexp_substr",       2, 2, SQL_PURE | SQL_PATTERN, sql_fn_regexp_substr,      "the first match of the pattern" },
    { "remainder",           2, 2, SQL_PURE,               sql_fn_mod,                "another name of mod" },
    { "replace",             3, 3, SQL_PURE,               sql_fn_replace,            "replaces every occurrence of a string" },
    { "round",               1, 1, SQL_PURE,               sql_fn_round,              "nearest integer; halves away from zero" },
    { "rpad",                2, 2, SQL_PURE,               sql_fn_rpad,               "puts so many spaces behind a string" },
    { "rtrim",               1, 1, SQL_PURE,               sql_fn_rtrim,              "removes spaces and tabs from the end" },
    { "sha1",                1, 1, SQL_PURE,               sql_fn_sha1,               "SHA-1 digest in hexadecimal" },
    { "sha224",              1, 1, SQL_PURE,               sql_fn_sha224,             "SHA-224 digest in hexadecimal" },
    { "sha256",              1, 1, SQL_PURE,               sql_fn_sha256,             "SHA-256 digest in hexadecimal" },
    { "sha384",              1, 1, SQL_PURE,               sql_fn_sha384,             "SHA-384 digest in hexadecimal" },
    { "sha512",              1, 1, SQL_PURE,               sql_fn_sha512,             "SHA-512 digest in hexadecimal" },
    { "sign",                1, 1, SQL_PURE,               sql_fn_sign,               "-1, 0 or 1" },
    { "sin",                 1, 1, SQL_PURE,               sql_fn_sin,                "sine of radians" },
    { "sinh",                1, 1, SQL_PURE,               sql_fn_sinh,               "hyperbolic sine" },
    { "sourceip",            0, 0, SQL_NEEDS_MSG,          sql_fn_sourceip,           "address from which the message came" },
    { "sql_version",         0, 0, SQL_NEEDS_MSG,          sql_fn_sql_version,        "version of the language that the rule names" },
    { "sqrt",                1, 1, SQL_PURE,               sql_fn_sqrt,               "square root" },
    { "startswith",          2, 2, SQL_PURE,               sql_fn_startswith,         "whether the first string begins with the second" },
    { "substring",           2, 3, SQL_PURE,               sql_fn_substring,          "characters from an index, from 0, up to another" },
    { "tan",                 1, 1, SQL_PURE,               sql_fn_tan,                "tangent of radians" },
    { "tanh",                1, 1, SQL_PURE,               sql_fn_tanh,               "hyperbolic tangent" },
    { "time_to_epoch",       2, 2, SQL_PURE,               sql_fn_time_to_epoch,      "milliseconds since 1970 of a text: time_to_epoch(text, pattern)" },
    { "timestamp",           0, 0, SQL_NEEDS_MSG,          sql_fn_timestamp,          "when the message came, in milliseconds since 1970" },
    { "topic",               0, 1, SQL_NEEDS_MSG,          sql_fn_topic,              "the topic, or its n-th segment from 1" },
    { "traceid",             0, 0, SQL_NEEDS_MSG,          sql_fn_traceid,            "trace id of an MQTT message" },
    { "transform",           3, 3, SQL_PURE,               sql_fn_transform,          "adds members to each object of an array: transform('enrichArray', object, array)" },
    { "trim",                1, 1, SQL_PURE,               sql_fn_trim,               "removes spaces and tabs from both ends" },
    { "trunc",               2, 2, SQL_PURE,               sql_fn_trunc,              "cuts a number after so many decimal places" },
    { "upper",               1, 1, SQL_PURE,               sql_fn_upper,              "the string in upper case" },
#undef CLOUD
    /* clang-format on */
};

const struct sql_func *sql_func_at(size_t index)
{
    return index < ARRAY_LEN(sql_funcs) ? &sql_funcs[index] : NULL;
}

static int compare_name(struct slice name, const char *known)
{
    int order = strncasecmp(name.ptr, known, name.len);
    return order ? order : known[name.len] ? -1 : 0;
}

const struct sql_func *sql_func_find(struct slice name)
{
    size_t low = 0, high = ARRAY_LEN(sql_funcs);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_name(name, sql_funcs[middle].name);
        if (order == 0) return &sql_funcs[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *sql_func_nearest(struct slice name)
{
    enum { LONGEST = 32 };
    char lower[LONGEST];
    const char *nearest = NULL;
    if (name.len > LONGEST) return NULL;
    unsigned best = name.len < 6 ? 2 : 3; /* one slip, or two in a longer name */
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    for (size_t i = 0; i < ARRAY_LEN(sql_funcs); i++) {
        if (sql_funcs[i].flags & SQL_CLOUD) continue;
        unsigned distance = text_distance(slice_of(lower, name.len), slice_str(sql_funcs[i].name));
        if (distance >= best) continue;
        best = distance;
        nearest = sql_funcs[i].name;
    }
    return nearest;
}

static const struct sql_value *constant_string(const struct sql_node *call, size_t index)
{
    const struct sql_node *kid = call->kid;
    while (kid && index--)
        kid = kid->next;
    bool is = kid && kid->type == SQL_NODE_LITERAL && kid->value.type == SQL_STRING;
    return is ? &kid->value : NULL;
}

static void free_regex(void *regex)
{
    sql_regex_destroy(regex);
}

static void free_zone(void *zone)
{
    sql_zone_destroy(zone);
}

const char *sql_func_prepare(struct sql_tree *tree, struct sql_node *call)
{
    const struct sql_value *pattern = constant_string(call, 1), *zone = constant_string(call, 2);
    unsigned flags = call->func->flags;
    if (flags & SQL_SHADOW) tree->reads_shadow = true;
    if (call->func->call == sql_fn_decode && pattern && slice_eq_str(pattern->str, "proto"))
        return "decode() with 'proto' reads its schema from a cloud service and is not available "
               "here";
    if ((flags & SQL_PATTERN) && pattern) {
        call->regex = sql_regex_create(pattern->str);
        sql_tree_own(tree, call->regex, free_regex);
    }
    if ((flags & SQL_ZONE) && zone) {
        call->zone = sql_zone_create(zone->str);
        if (call->zone) sql_tree_own(tree, call->zone, free_zone);
    }
    return NULL;
}

bool sql_arg_num(const struct sql_args *args, size_t i, struct sql_num *ret_num)
{
    return sql_value_to_num(&args->at[i], ret_num);
}

bool sql_arg_str(struct sql_eval *eval, const struct sql_args *args, size_t i,
                 struct slice *ret_str)
{
    return sql_value_to_str(eval, &args->at[i], ret_str);
}
