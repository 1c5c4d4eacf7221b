/* sub_format.c — see sub_format.h.
 *
 * A format is parsed once into pieces, each a run of text or a row of a table with its flags; so a mistake is
 * told before anything is received, and printing cannot meet one. Three characters begin a sequence, as
 * with mosquitto_sub: '%' a property of the message, '@' one of strftime, '\' a character that is hard to
 * type. "%[-][0][WIDTH][.MOST]t": width and zeroes pad, MOST cuts topics and times.
 *
 * Where the program and its manual disagree we follow the manual: %x pads whole payloads, and the time
 * stamp of %j has no 'Z' before its zone. Numbers of a payload keep their text in %J. What has several values,
 * as a user property may, is an array in %j and %J, where mosquitto_sub repeats the member. */
#include "cli/sub_format.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "mqtt/property.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WIDTH_MOST = 10000, TIME_MOST = 256 };

struct piece;
typedef int (*put_cb)(const struct piece *piece, const struct sub_message *msg, struct buf *out);

struct piece {
    put_cb put;
    bool zeroes, left, pretty;
    size_t width;
    size_t most; /* SIZE_MAX: all */
    char letter; /* of the sequence */
    char *text;  /* of a run of text; owned */
    size_t len;
};

struct sub_format {
    struct piece *pieces;
    size_t count;
};

/* ---- fields --------------------------------------------------------------------------------- */

static void put_field(const struct piece *piece, struct slice text, bool zeroes, struct buf *out)
{
    if (text.len > piece->most) text.len = piece->most;
    const size_t pad = piece->width > text.len ? piece->width - text.len : 0;
    for (size_t i = 0; i < pad && !piece->left; i++)
        buf_putc(out, zeroes && piece->zeroes ? '0' : ' ');
    buf_put_slice(out, text);
    for (size_t i = 0; i < pad && piece->left; i++)
        buf_putc(out, ' ');
}

static int put_number(const struct piece *piece, uint64_t value, struct buf *out)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    put_field(piece, slice_str(text), true, out);
    return 0;
}

static int put_text(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    buf_append(out, piece->text, piece->len);
    return 0;
}

static int put_topic(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    put_field(piece, msg->topic, false, out);
    return 0;
}

static int put_payload(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    put_field(piece, msg->payload, false, out);
    return 0;
}

static int put_length(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    return put_number(piece, msg->payload.len, out);
}

static int put_id(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    return put_number(piece, msg->id, out);
}

static int put_qos(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    return put_number(piece, msg->qos, out);
}

static int put_retain(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    return put_number(piece, msg->retain, out);
}

static int put_hex(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    const char *digits = piece->letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    char *text = xmalloc(2 * msg->payload.len + 1), *at = text;
    for (size_t i = 0; i < msg->payload.len; i++) {
        uint8_t byte = (uint8_t)msg->payload.ptr[i];
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    put_field(piece, slice_of(text, 2 * msg->payload.len), true, out);
    free(text);
    return 0;
}

/* ---- properties of MQTT 5: nothing, or blanks, where there is none ------------------------- */

static enum mqtt_prop property_of(char letter)
{
    switch (letter) {
    case 'A':
        return MQTT_PROP_topic_alias;
    case 'C':
        return MQTT_PROP_content_type;
    case 'D':
        return MQTT_PROP_correlation_data;
    case 'E':
        return MQTT_PROP_message_expiry;
    case 'F':
        return MQTT_PROP_payload_format;
    case 'R':
        return MQTT_PROP_response_topic;
    default:
        return MQTT_PROP_subscription_id;
    }
}

static int put_property(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    struct mqtt_property prop = { .form = MQTT_FORM_TEXT };
    bool found = mqtt_property_find(msg->properties, property_of(piece->letter), &prop);
    if (found && prop.form <= MQTT_FORM_VARINT) return put_number(piece, prop.number, out);
    put_field(piece, prop.text, true, out);
    return 0;
}

static int put_pairs(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    struct mqtt_property prop;
    const char *between = "";
    for (size_t at = 0; mqtt_property_next(msg->properties, &at, &prop);) {
        if (prop.id != MQTT_PROP_user_property) continue;
        buf_puts(out, between);
        buf_put_slice(out, prop.text);
        buf_putc(out, ':');
        buf_put_slice(out, prop.value);
        between = " ";
    }
    return 0;
}

/* ---- times ---------------------------------------------------------------------------------- */

/* strftime's format is one letter of the user's, checked by parse_time, or ours. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_time(const struct sub_message *msg, const char *fmt, char ret_text[TIME_MOST])
{
    time_t seconds = (time_t)(msg->time_ms / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    if (strftime(ret_text, TIME_MOST, fmt, &local) == 0) ret_text[0] = '\0';
}
#pragma GCC diagnostic pop

static int put_iso(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    char text[TIME_MOST];
    format_time(msg, "%Y-%m-%dT%H:%M:%S%z", text);
    put_field(piece, slice_str(text), false, out);
    return 0;
}

static int put_unix(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    buf_printf(out, "%" PRId64 ".%09" PRId64, msg->time_ms / 1000, msg->time_ms % 1000 * 1000000);
    return 0;
}

static int put_strftime(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    const char fmt[] = { '%', piece->letter, '\0' };
    char text[TIME_MOST];
    format_time(msg, fmt, text);
    buf_puts(out, text);
    return 0;
}

static int put_nanoseconds(const struct piece *piece, const struct sub_message *msg,
                           struct buf *out)
{
    buf_printf(out, "%09" PRId64, msg->time_ms % 1000 * 1000000);
    return 0;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* The names of mosquitto_sub; NULL: not of a PUBLISH. */
static const char *json_name(uint8_t id)
{
    static const char *const names[] = {
        [MQTT_PROP_payload_format] = "payload-format-indicator",
        [MQTT_PROP_message_expiry] = "message-expiry-interval",
        [MQTT_PROP_content_type] = "content-type",
        [MQTT_PROP_response_topic] = "response-topic",
        [MQTT_PROP_correlation_data] = "correlation-data",
        [MQTT_PROP_subscription_id] = "subscription-identifier",
        [MQTT_PROP_topic_alias] = "topic-alias",
    };
    return id < ARRAY_LEN(names) ? names[id] : NULL;
}

/* A string; or an array of bytes, where they are no text. */
static struct json *bytes_json(struct slice bytes)
{
    if (utf8_valid(bytes) && !(bytes.len && memchr(bytes.ptr, '\0', bytes.len)))
        return json_new_slice(bytes);
    struct json *array = json_new_array();
    for (size_t i = 0; i < bytes.len; i++)
        json_push(array, json_new_int((uint8_t)bytes.ptr[i]));
    return array;
}

/* A member; with a second one of that name an array of both. */
static void add_member(struct json *object, const char *name, struct json *value)
{
    struct json *there = json_get(object, name);
    if (!there) {
        json_set(object, name, value);
    } else if (json_is(there, JSON_ARRAY)) {
        json_push(there, value);
    } else {
        struct json *both = json_new_array();
        json_push(both, json_dup(there));
        json_push(both, value);
        json_set(object, name, both);
    }
}

static void add_pair(struct json *object, const struct mqtt_property *prop)
{
    static const char member[] = "user-properties";
    struct json *pairs = json_get(object, member);
    char *name = xstrndup(prop->text.ptr, prop->text.len);
    if (!pairs) pairs = json_set(object, member, json_new_object());
    add_member(pairs, name, json_new_slice(prop->value));
    free(name);
}

static struct json *properties_json(struct slice properties)
{
    struct json *object = json_new_object();
    struct mqtt_property prop;
    for (size_t at = 0; mqtt_property_next(properties, &at, &prop);) {
        const char *name = json_name(prop.id);
        if (prop.id == MQTT_PROP_user_property)
            add_pair(object, &prop);
        else if (name && prop.form <= MQTT_FORM_VARINT)
            add_member(object, name, json_new_int(prop.number));
        else if (name)
            add_member(object, name, bytes_json(prop.text));
    }
    return object;
}

static struct json *head_json(const struct sub_message *msg)
{
    char date[TIME_MOST], zone[TIME_MOST], stamp[2 * TIME_MOST + 16];
    struct json *json = json_new_object();
    format_time(msg, "%Y-%m-%dT%H:%M:%S", date);
    format_time(msg, "%z", zone);
    snprintf(stamp, sizeof stamp, "%s.%06d%s", date, (int)(msg->time_ms % 1000 * 1000), zone);
    json_set_str(json, "tst", stamp);
    json_set(json, "topic", json_new_slice(msg->topic));
    json_set_int(json, "qos", msg->qos);
    json_set_int(json, "retain", msg->retain);
    json_set_int(json, "payloadlen", (int64_t)msg->payload.len);
    if (msg->qos) json_set_int(json, "mid", msg->id);
    if (msg->properties.len) json_set(json, "properties", properties_json(msg->properties));
    return json;
}

static void print_json(const struct piece *piece, const struct json *json, struct buf *out)
{
    if (piece->pretty)
        json_print_pretty(json, out);
    else
        json_print(json, out);
}

/* The payload goes in behind the other members, since strings of a tree end at a zero byte. */
static int put_json_text(const struct piece *piece, const struct sub_message *msg, struct buf *out)
{
    const char *tail = piece->pretty ? "\n}" : "}";
    struct json *json = head_json(msg);
    print_json(piece, json, out);
    json_free(json);
    out->len -= strlen(tail);
    buf_puts(out, piece->pretty ? ",\n  \"payload\": " : ",\"payload\":");
    json_print_str(out, msg->payload);
    buf_puts(out, tail);
    return 0;
}

static int put_json_document(const struct piece *piece, const struct sub_message *msg,
                             struct buf *out)
{
    const struct json_limits limits = { SIZE_MAX, SIZE_MAX, 128, false };
    struct json *payload = NULL;
    if (json_parse(msg->payload, &limits, &payload, NULL) < 0) return ERR_SYNTAX;
    struct json *json = head_json(msg);
    json_set(json, "payload", payload);
    print_json(piece, json, out);
    json_free(json);
    return 0;
}

/* ---- the tables ----------------------------------------------------------------------------- */

enum { PAD = 1, CUT = 2, ZEROES = 4 }; /* what may stand between '%' and the letter */

static const struct {
    char letter;
    unsigned takes;
    put_cb put;
} fields[] = {
#define FIELD(letter_, written_, takes_, put_, text_) { (letter_), (takes_), (put_) },
#include "cli/sub_format_tbl.h"
};

static const struct {
    char letter;
    char byte;
} escapes[] = {
    { '\\', '\\' }, { '0', '\0' }, { 'a', '\a' }, { 'e', 0x1b },
    { 'n', '\n' },  { 'r', '\r' }, { 't', '\t' }, { 'v', '\v' },
};

/* ---- parsing -------------------------------------------------------------------------------- */

struct parse {
    const char *at;
    bool pretty;
    struct sub_format *format;
    struct diag *diag;
};

static struct piece *add_piece(struct parse *p, put_cb put)
{
    struct sub_format *f = p->format;
    f->pieces = xrealloc(f->pieces, (f->count + 1) * sizeof *f->pieces);
    f->pieces[f->count] = (struct piece){ .put = put, .most = SIZE_MAX, .pretty = p->pretty };
    return &f->pieces[f->count++];
}

static void add_text(struct parse *p, const char *text, size_t len)
{
    struct sub_format *f = p->format;
    struct piece *piece = f->count ? &f->pieces[f->count - 1] : NULL;
    if (!piece || piece->put != put_text) piece = add_piece(p, put_text);
    piece->text = xrealloc(piece->text, piece->len + len + 1);
    memcpy(piece->text + piece->len, text, len);
    piece->len += len;
}

static int wrong(const struct parse *p, int code, const char *why, const char mark, char letter)
{
    const char shown = letter >= 0x20 && letter < 0x7f ? letter : '?';
    return diag_set(p->diag, code, "'%c%c' %s", mark, shown, why);
}

static int read_size(struct parse *p, size_t *ret_size)
{
    size_t size = 0;
    for (; *p->at >= '0' && *p->at <= '9'; p->at++) {
        size = size * 10 + (size_t)(*p->at - '0');
        if (size > WIDTH_MOST)
            return diag_set(p->diag, ERR_SYNTAX, "a width above %d", (int)WIDTH_MOST);
    }
    *ret_size = size;
    return 0;
}

static int parse_flags(struct parse *p, struct piece *piece)
{
    for (; *p->at == '-' || *p->at == '0'; p->at++)
        *(*p->at == '-' ? &piece->left : &piece->zeroes) = true;
    int rc = read_size(p, &piece->width);
    if (rc == 0 && *p->at == '.') {
        p->at++;
        rc = read_size(p, &piece->most);
    }
    return rc;
}

static unsigned flags_of(const struct piece *piece)
{
    return (piece->width || piece->left ? PAD : 0U) | (piece->zeroes ? ZEROES : 0U) |
           (piece->most != SIZE_MAX ? CUT : 0U);
}

/* Behind '%'. mosquitto_sub ignores zeroes for text, so they are no mistake there. */
static int parse_field(struct parse *p)
{
    if (*p->at == '%') {
        add_text(p, p->at++, 1);
        return 0;
    }
    struct piece piece = { .most = SIZE_MAX, .pretty = p->pretty };
    int rc = parse_flags(p, &piece);
    if (rc < 0) return rc;
    piece.letter = *p->at;
    if (!piece.letter) return diag_set(p->diag, ERR_SYNTAX, "'%%' at the end");
    p->at++;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (fields[i].letter != piece.letter) continue;
        unsigned takes = fields[i].takes | (fields[i].takes & CUT ? ZEROES : 0U);
        if (piece.letter == 'p') takes |= ZEROES;
        if (flags_of(&piece) & ~takes)
            return wrong(p, ERR_SYNTAX, "does not take such flags", '%', piece.letter);
        piece.put = fields[i].put;
        *add_piece(p, NULL) = piece;
        return 0;
    }
    return wrong(p, ERR_SYNTAX, "is no sequence", '%', piece.letter);
}

/* Behind '@'. */
static int parse_time(struct parse *p)
{
    static const char letters[] = "aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWxXyYzZ";
    char letter = *p->at;
    if (!letter) return diag_set(p->diag, ERR_SYNTAX, "'@' at the end");
    p->at++;
    if (letter == '@' || letter == 'n' || letter == 't') {
        add_text(p, letter == '@' ? "@" : letter == 'n' ? "\n" : "\t", 1);
        return 0;
    }
    if (letter != 'N' && !strchr(letters, letter))
        return wrong(p, ERR_SYNTAX, "is no sequence", '@', letter);
    add_piece(p, letter == 'N' ? put_nanoseconds : put_strftime)->letter = letter;
    return 0;
}

/* Behind '\'. */
static int parse_escape(struct parse *p)
{
    char letter = *p->at;
    if (!letter) return diag_set(p->diag, ERR_SYNTAX, "'\\' at the end");
    p->at++;
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
        if (escapes[i].letter != letter) continue;
        add_text(p, &escapes[i].byte, 1);
        return 0;
    }
    return wrong(p, ERR_SYNTAX, "is no sequence", '\\', letter);
}

int sub_format_parse(const char *text, bool pretty, struct sub_format **ret_format,
                     struct diag *diag)
{
    struct parse p = { .at = text, .pretty = pretty, .diag = diag };
    int rc = 0;
    p.format = xnew(struct sub_format);
    while (*p.at && rc == 0) {
        size_t run = strcspn(p.at, "%@\\");
        if (run) add_text(&p, p.at, run);
        p.at += run;
        switch (*p.at) {
        case '%':
            p.at++;
            rc = parse_field(&p);
            break;
        case '@':
            p.at++;
            rc = parse_time(&p);
            break;
        case '\\':
            p.at++;
            rc = parse_escape(&p);
            break;
        default:
            break;
        }
    }
    if (rc < 0) {
        sub_format_free(p.format);
        return rc;
    }
    *ret_format = p.format;
    return 0;
}

void sub_format_free(struct sub_format *format)
{
    if (!format) return;
    for (size_t i = 0; i < format->count; i++)
        free(format->pieces[i].text);
    free(format->pieces);
    free(format);
}

int sub_format_put(const struct sub_format *format, const struct sub_message *msg, struct buf *out)
{
    const size_t before = out->len;
    for (size_t i = 0; i < format->count; i++) {
        int rc = format->pieces[i].put(&format->pieces[i], msg, out);
        if (rc < 0) {
            out->len = before;
            if (out->data) out->data[before] = '\0';
            return rc;
        }
    }
    return 0;
}
