/* guard.c — the strict byte-wise check in front of llhttp.
 *
 * llhttp, as Debian builds it, is lenient: it joins folded lines, takes a bare CR or LF in places,
 * skips the line end after a chunk unseen, and puts no limit on anything. Two readers of one stream
 * that disagree about where a message ends are what request smuggling is made of. So each byte
 * passes this machine first; llhttp sees what it has let through, and both must find the same end.
 *
 *  I1  The machine decides by the byte and its own state, however the stream was cut.
 *  I2  Each loop of the diagram has a limit: line, head, lines, extensions, body.
 *  I3  It never goes beyond the end of the part it was asked for.
 *
 *   start ─► method ─► target ─► version ─┐               ┌──────────────◄───────────────┐
 *     └────► status (responses) ──────────┴─► line_lf ─► name_start ─► name ─► value ─► line_lf
 *                                                            └─► end_lf ─► done (head)
 *   size_first ─► size ─► ext ─► size_lf ─► data ─► data_cr ─► data_lf ─► size_first
 *                                   └─ size 0: name_start … end_lf ─► done (trailers)
 *   length ─► done                until_close (no end) */
#include "http/guard.h"

#include "base/err.h"
#include "base/mem.h"

enum {
    MAX_METHOD = 24,     /* longer than any of them */
    MAX_EMPTY_LINES = 4, /* some old clients end a body with an empty line that does not count */
    MAX_SIZE_DIGITS = 16,
    MAX_EXTENSIONS = 1024
};

enum guard_state {
    G_START,
    G_START_LF,
    G_METHOD,
    G_TARGET,
    G_VERSION,
    G_STATUS,
    G_LINE_LF,
    G_NAME_START,
    G_NAME,
    G_VALUE,
    G_END_LF,
    G_SIZE_FIRST,
    G_SIZE,
    G_EXT,
    G_SIZE_LF,
    G_DATA_CR,
    G_DATA_LF,
    G_STEPS, /* those before are stepped byte by byte */
    G_DATA = G_STEPS,
    G_LENGTH,
    G_UNTIL_CLOSE,
    G_DONE
};

static const struct http_failure failures[FAIL_COUNT] = {
#define FAILURE(id, status, why) [FAIL_##id] = { status, why },
#include "http/failure_table.h"
#undef FAILURE
};

const struct http_failure *http_failure_of(enum http_failure_id id)
{
    return &failures[id];
}

int http_failure_rc(const struct http_failure *failure)
{
    switch (failure->status) {
    case 413:
    case 414:
    case 431:
        return ERR_TOO_LARGE;
    case 417:
    case 501:
    case 505:
        return ERR_UNSUPPORTED;
    default:
        return ERR_MALFORMED;
    }
}

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool http_is_tchar(uint8_t c)
{
    return is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_target_char(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

bool http_host_valid(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = (uint8_t)host.ptr[i];
        if (!is_alnum(c) && (c == 0 || !strchr("-._~:[]%", c))) return false;
    }
    return true;
}

/* What a value may have: text, spaces, tabs, and bytes above ASCII. */
static bool is_text(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static enum http_failure_id control_failure(uint8_t c)
{
    return c == '\n' ? FAIL_BARE_LF : FAIL_CONTROL;
}

static enum http_failure_id step_to(struct http_guard *g, enum guard_state state)
{
    g->state = (uint8_t)state;
    return FAIL_NONE;
}

static enum http_failure_id step_method(struct http_guard *g, uint8_t c)
{
    if (c == ' ' && g->line) {
        g->line = 0;
        return step_to(g, G_TARGET);
    }
    if (c == '\r') return FAIL_START_LINE;
    if (!http_is_tchar(c)) return c == '\n' ? FAIL_BARE_LF : FAIL_METHOD_CHAR;
    return ++g->line > MAX_METHOD ? FAIL_METHOD : FAIL_NONE;
}

/* One more byte of a line of this form, 'd' being any digit. */
static bool fits_form(struct http_guard *g, const char *form, uint8_t c)
{
    char want = form[g->line++];
    if (want != 'd') return c == (uint8_t)want;
    if (c < '0' || c > '9') return false;
    if (g->line == sizeof "HTTP/d" - 1) g->major = (uint8_t)(c - '0');
    if (g->line == sizeof "HTTP/d.d" - 1) g->minor = (uint8_t)(c - '0');
    return true;
}

static bool version_known(const struct http_guard *g)
{
    return g->major == 1 && g->minor <= 1;
}

static enum http_failure_id step_status(struct http_guard *g, uint8_t c)
{
    static const char form[] = "HTTP/d.d ddd";
    const size_t len = sizeof form - 1;
    if (g->line < len) return fits_form(g, form, c) ? FAIL_NONE : FAIL_START_LINE;
    if (c == '\r') return version_known(g) ? step_to(g, G_LINE_LF) : FAIL_VERSION;
    if (!is_text(c)) return control_failure(c);
    if (g->line == len && c != ' ') return FAIL_START_LINE;
    return ++g->line > g->limits->max_target ? FAIL_START_LONG : FAIL_NONE;
}

static enum http_failure_id step_start(struct http_guard *g, uint8_t c)
{
    if (c == '\r')
        return ++g->empty_lines > MAX_EMPTY_LINES ? FAIL_EMPTY_LINES : step_to(g, G_START_LF);
    step_to(g, g->response ? G_STATUS : G_METHOD);
    return g->response ? step_status(g, c) : step_method(g, c);
}

static enum http_failure_id step_start_lf(struct http_guard *g, uint8_t c)
{
    return c == '\n' ? step_to(g, G_START) : FAIL_BARE_CR;
}

static enum http_failure_id step_target(struct http_guard *g, uint8_t c)
{
    if (c == ' ' && g->line) {
        g->line = 0;
        return step_to(g, G_VERSION);
    }
    if (c == ' ') return FAIL_START_LINE;
    if (c == '\r') return FAIL_NO_VERSION;
    if (!http_is_target_char(c)) return c == '\n' ? FAIL_BARE_LF : FAIL_TARGET_CHAR;
    return ++g->line > g->limits->max_target ? FAIL_TARGET_LONG : FAIL_NONE;
}

static enum http_failure_id step_version(struct http_guard *g, uint8_t c)
{
    static const char form[] = "HTTP/d.d";
    if (g->line < sizeof form - 1) return fits_form(g, form, c) ? FAIL_NONE : FAIL_START_LINE;
    if (c == '\n') return FAIL_BARE_LF;
    if (c != '\r') return FAIL_START_LINE;
    return version_known(g) ? step_to(g, G_LINE_LF) : FAIL_VERSION;
}

static enum http_failure_id step_line_lf(struct http_guard *g, uint8_t c)
{
    return c == '\n' ? step_to(g, G_NAME_START) : FAIL_BARE_CR;
}

static enum http_failure_id step_name_start(struct http_guard *g, uint8_t c)
{
    if (c == '\r') return step_to(g, G_END_LF);
    if (c == ' ' || c == '\t') return FAIL_FOLDING;
    if (!http_is_tchar(c)) return c == '\n' ? FAIL_BARE_LF : FAIL_HEADER_NAME;
    if (++g->lines > g->limits->max_headers) return FAIL_HEAD_COUNT;
    return step_to(g, G_NAME);
}

static enum http_failure_id step_name(struct http_guard *g, uint8_t c)
{
    if (c == ':') return step_to(g, G_VALUE);
    if (c == ' ' || c == '\t') return FAIL_SPACE_COLON;
    if (c == '\r') return FAIL_NO_COLON;
    if (!http_is_tchar(c)) return c == '\n' ? FAIL_BARE_LF : FAIL_HEADER_NAME;
    return FAIL_NONE;
}

static enum http_failure_id step_value(struct http_guard *g, uint8_t c)
{
    if (c == '\r') return step_to(g, G_LINE_LF);
    return is_text(c) ? FAIL_NONE : control_failure(c);
}

static enum http_failure_id step_end_lf(struct http_guard *g, uint8_t c)
{
    return c == '\n' ? step_to(g, G_DONE) : FAIL_BARE_CR;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum http_failure_id step_size(struct http_guard *g, uint8_t c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (++g->digits > MAX_SIZE_DIGITS) return FAIL_CHUNK_SIZE;
        /* left never exceeds max_body, which is far from the top of 64 bits */
        g->left = g->left * 16 + (uint64_t)digit;
        return g->left > g->limits->max_body - g->body ? FAIL_BODY_LARGE : FAIL_NONE;
    }
    if (c == ';') return step_to(g, G_EXT);
    if (c == '\r') return step_to(g, G_SIZE_LF);
    return c == '\n' ? FAIL_BARE_LF : FAIL_CHUNK_SIZE;
}

static enum http_failure_id step_size_first(struct http_guard *g, uint8_t c)
{
    if (hex_digit(c) < 0) return c == '\n' ? FAIL_BARE_LF : FAIL_CHUNK_SIZE;
    g->digits = 0;
    g->left = 0;
    step_to(g, G_SIZE);
    return step_size(g, c);
}

static enum http_failure_id step_ext(struct http_guard *g, uint8_t c)
{
    if (c == '\r') return step_to(g, G_SIZE_LF);
    if (!is_text(c)) return c == '\n' ? FAIL_BARE_LF : FAIL_CHUNK_EXT;
    return ++g->ext > MAX_EXTENSIONS ? FAIL_CHUNK_EXT : FAIL_NONE;
}

static enum http_failure_id step_size_lf(struct http_guard *g, uint8_t c)
{
    if (c != '\n') return FAIL_BARE_CR;
    g->body += g->left;
    if (g->left) return step_to(g, G_DATA);
    g->trailer = true;
    g->head = g->lines = 0;
    return step_to(g, G_NAME_START);
}

static enum http_failure_id step_data_cr(struct http_guard *g, uint8_t c)
{
    return c == '\r' ? step_to(g, G_DATA_LF) : FAIL_CHUNK_END;
}

static enum http_failure_id step_data_lf(struct http_guard *g, uint8_t c)
{
    return c == '\n' ? step_to(g, G_SIZE_FIRST) : FAIL_CHUNK_END;
}

static const struct {
    enum http_failure_id (*step)(struct http_guard *g, uint8_t c);
    bool in_headers; /* counts against max_head */
} states[G_STEPS] = {
    [G_START] = { step_start, false },     [G_START_LF] = { step_start_lf, false },
    [G_METHOD] = { step_method, false },   [G_TARGET] = { step_target, false },
    [G_VERSION] = { step_version, false }, [G_STATUS] = { step_status, false },
    [G_LINE_LF] = { step_line_lf, false }, [G_NAME_START] = { step_name_start, true },
    [G_NAME] = { step_name, true },        [G_VALUE] = { step_value, true },
    [G_END_LF] = { step_end_lf, false },   [G_SIZE_FIRST] = { step_size_first, false },
    [G_SIZE] = { step_size, false },       [G_EXT] = { step_ext, false },
    [G_SIZE_LF] = { step_size_lf, false }, [G_DATA_CR] = { step_data_cr, false },
    [G_DATA_LF] = { step_data_lf, false },
};

void guard_init(struct http_guard *g, const struct http_limits *limits, bool response)
{
    *g = (struct http_guard){ .limits = limits, .response = response };
}

static enum http_failure_id step(struct http_guard *g, uint8_t c)
{
    if (states[g->state].in_headers && ++g->head > g->limits->max_head) return FAIL_HEAD_LARGE;
    return states[g->state].step(g, c);
}

/* Bytes which need no look: returns how many of len there are. */
static size_t skip_data(struct http_guard *g, size_t len)
{
    size_t n = len < g->left ? len : (size_t)g->left;
    g->left -= n;
    if (g->left == 0) step_to(g, g->state == G_DATA ? G_DATA_CR : G_DONE);
    return n;
}

/* Bytes until the peer closes: as many as the limit allows. */
static enum http_failure_id take_rest(struct http_guard *g, size_t len, size_t *ret_used)
{
    uint64_t room = g->limits->max_body - g->body;
    size_t n = len < room ? len : (size_t)room;
    g->body += n;
    *ret_used += n;
    return n < len ? FAIL_BODY_LARGE : FAIL_NONE;
}

enum http_failure_id guard_feed(struct http_guard *g, const char *data, size_t len,
                                size_t *ret_used)
{
    *ret_used = 0;
    while (*ret_used < len && g->state != G_DONE) {
        if (g->state == G_UNTIL_CLOSE) return take_rest(g, len - *ret_used, ret_used);
        if (g->state == G_DATA || g->state == G_LENGTH) {
            *ret_used += skip_data(g, len - *ret_used);
            continue;
        }
        enum http_failure_id failure = step(g, (uint8_t)data[*ret_used]);
        if (failure) return failure;
        ++*ret_used;
    }
    return FAIL_NONE;
}

bool guard_done(const struct http_guard *g)
{
    return g->state == G_DONE;
}

bool guard_begun(const struct http_guard *g)
{
    return g->state > G_START_LF;
}

void guard_body_none(struct http_guard *g)
{
    step_to(g, G_DONE);
}

enum http_failure_id guard_body_length(struct http_guard *g, uint64_t length)
{
    if (length > g->limits->max_body) return FAIL_BODY_LARGE;
    g->left = g->body = length;
    return step_to(g, length ? G_LENGTH : G_DONE);
}

void guard_body_chunked(struct http_guard *g)
{
    step_to(g, G_SIZE_FIRST);
}

void guard_body_until_close(struct http_guard *g)
{
    step_to(g, G_UNTIL_CLOSE);
}

bool guard_ends_by_close(const struct http_guard *g)
{
    return g->state == G_UNTIL_CLOSE;
}
