/* proxy.c — see proxy.h.
 *
 * Bytes are judged in their order, so a connection whose header comes byte by byte ends with the same
 * verdict as one whose header comes whole, and as early as can be. */
#include "net/proxy.h"

#include "base/cursor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum {
    V2_FIXED = 16,
    V2_COMMAND_AT = 12,
    V2_FAMILY_AT = 13,
    COMMAND_LOCAL = 0x20, /* version 2 in the high half */
    COMMAND_PROXY = 0x21,
    FAMILY_INET = 1,
    FAMILY_INET6 = 2,
    FAMILY_UNIX = 3,
    TRANSPORT_STREAM = 1,
    TRANSPORT_DGRAM = 2,
    TLV_CRC32C = 3,
};

static const uint8_t v1_start[] = { 'P', 'R', 'O', 'X', 'Y', ' ' };
static const uint8_t v2_start[] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

static int malformed(const char **ret_why, const char *why)
{
    *ret_why = why;
    return ERR_MALFORMED;
}

/* ---- version 1 ---- */

/* Up to the next space, which is taken too; the rest when there is none. */
static struct slice next_word(struct slice *line)
{
    const char *space = memchr(line->ptr, ' ', line->len);
    size_t len = space ? (size_t)(space - line->ptr) : line->len;
    struct slice word = slice_of(line->ptr, len);
    size_t used = space ? len + 1 : len;
    *line = slice_of(line->ptr + used, line->len - used);
    return word;
}

static bool parse_address(struct slice word, int family, void *ret_address)
{
    char text[INET6_ADDRSTRLEN];
    if (word.len >= sizeof text) return false;
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    return inet_pton(family, text, ret_address) == 1;
}

/* 0 to 65535, without leading zeros. */
static bool parse_port(struct slice word, in_port_t *ret_port)
{
    uint32_t port = 0;
    if (word.len == 0 || word.len > 5 || (word.len > 1 && word.ptr[0] == '0')) return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9') return false;
        port = port * 10 + (uint32_t)(word.ptr[i] - '0');
    }
    *ret_port = htons((uint16_t)port);
    return port <= UINT16_MAX;
}

static const char *parse_endpoints(struct slice line, int family, struct sockaddr_storage *ret)
{
    struct sockaddr_in *in = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
    uint8_t destination[sizeof(struct in6_addr)];
    in_port_t destination_port;
    void *address = family == AF_INET ? (void *)&in->sin_addr : (void *)&in6->sin6_addr;
    in_port_t *port = family == AF_INET ? &in->sin_port : &in6->sin6_port;
    ret->ss_family = (sa_family_t)family;
    if (!parse_address(next_word(&line), family, address)) return "the source is no such address";
    if (!parse_address(next_word(&line), family, destination))
        return "the destination is no such address";
    if (!parse_port(next_word(&line), port)) return "the source port is no number up to 65535";
    if (!line.len || line.ptr[line.len - 1] == ' ' ||
        !parse_port(next_word(&line), &destination_port))
        return "the destination port is no number up to 65535";
    return line.len ? "there is more in the line than two addresses and two ports" : NULL;
}

static const char *parse_line(struct slice line, struct proxy_header *ret)
{
    for (size_t i = 0; i < line.len; i++)
        if ((uint8_t)line.ptr[i] < ' ' || (uint8_t)line.ptr[i] >= 0x7f)
            return "a byte in the line is no printable character";
    struct slice protocol = next_word(&line);
    ret->named = !slice_eq_str(protocol, "UNKNOWN");
    if (!ret->named) return NULL;
    if (slice_eq_str(protocol, "TCP4")) return parse_endpoints(line, AF_INET, &ret->client);
    if (slice_eq_str(protocol, "TCP6")) return parse_endpoints(line, AF_INET6, &ret->client);
    return "the protocol is none of TCP4, TCP6 and UNKNOWN";
}

static int parse_v1(const uint8_t *data, size_t len, struct proxy_header *ret, const char **ret_why)
{
    size_t seen = len < PROXY_V1_MOST ? len : PROXY_V1_MOST;
    const uint8_t *end = memmem(data, seen, "\r\n", 2);
    if (!end && len < PROXY_V1_MOST) return 0;
    if (!end) return malformed(ret_why, "no CRLF within 107 bytes");
    const uint8_t *line = data + sizeof v1_start;
    const char *why = parse_line(slice_of((const char *)line, (size_t)(end - line)), ret);
    return why ? malformed(ret_why, why) : (int)(end + 2 - data);
}

/* ---- version 2 ---- */

static uint32_t crc32c(uint32_t crc, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return crc;
}

/* The checksum of the header, its four bytes at `sum` taken for zeros. */
static bool sum_is_right(const uint8_t *header, size_t size, const uint8_t *sum)
{
    static const uint8_t zeros[4];
    struct cursor cur = cursor_init(sum, sizeof zeros);
    uint32_t crc = crc32c(UINT32_MAX, header, (size_t)(sum - header));
    crc = crc32c(crc, zeros, sizeof zeros);
    crc = crc32c(crc, sum + sizeof zeros, (size_t)(header + size - sum) - sizeof zeros);
    return ~crc == cursor_u32(&cur);
}

static const char *check_tlvs(const uint8_t *header, size_t size, struct cursor *cur)
{
    bool summed = false;
    while (cursor_left(cur)) {
        uint8_t type = cursor_u8(cur);
        struct slice value = cursor_str16(cur);
        if (cursor_error(cur)) return "a TLV reaches beyond the end";
        if (type != TLV_CRC32C) continue;
        if (value.len != 4 || summed) return "the checksum has not four bytes, or comes twice";
        summed = true;
        if (!sum_is_right(header, size, (const uint8_t *)value.ptr)) return "the checksum is wrong";
    }
    return NULL;
}

static void read_ip4(struct slice block, struct sockaddr_storage *ret)
{
    struct sockaddr_in *in = (struct sockaddr_in *)ret;
    in->sin_family = AF_INET;
    memcpy(&in->sin_addr, block.ptr, 4);
    memcpy(&in->sin_port, block.ptr + 8, 2);
}

static void read_ip6(struct slice block, struct sockaddr_storage *ret)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
    in6->sin6_family = AF_INET6;
    memcpy(&in6->sin6_addr, block.ptr, 16);
    memcpy(&in6->sin6_port, block.ptr + 32, 2);
}

static const char *parse_block(const uint8_t *data, size_t size, struct proxy_header *ret)
{
    static const size_t sizes[] = { 0, 12, 36, 216 }; /* of two addresses and ports, by family */
    unsigned family = data[V2_FAMILY_AT] >> 4, transport = data[V2_FAMILY_AT] & 0x0f;
    struct cursor cur = cursor_init(data + V2_FIXED, size - V2_FIXED);
    ret->named = false;
    if (data[V2_COMMAND_AT] == COMMAND_LOCAL || family == 0 || transport == 0) return NULL;
    struct slice block = cursor_bytes(&cur, sizes[family]);
    if (cursor_error(&cur)) return "the addresses are cut short";
    ret->named = transport == TRANSPORT_STREAM && family != FAMILY_UNIX;
    if (ret->named && family == FAMILY_INET) read_ip4(block, &ret->client);
    if (ret->named && family == FAMILY_INET6) read_ip6(block, &ret->client);
    return check_tlvs(data, size, &cur);
}

static int parse_v2(const uint8_t *data, size_t len, struct proxy_header *ret, const char **ret_why)
{
    if (len <= V2_COMMAND_AT) return 0;
    uint8_t command = data[V2_COMMAND_AT];
    if (command >> 4 != 2)
        return malformed(ret_why, "the binary header is of another version than 2");
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY)
        return malformed(ret_why, "the command is neither LOCAL nor PROXY");
    if (len <= V2_FAMILY_AT) return 0;
    unsigned family = data[V2_FAMILY_AT] >> 4, transport = data[V2_FAMILY_AT] & 0x0f;
    if (command == COMMAND_PROXY && (family > FAMILY_UNIX || transport > TRANSPORT_DGRAM))
        return malformed(ret_why, "the family or the transport is none that is assigned");
    if (len < V2_FIXED) return 0;
    size_t size = V2_FIXED + ((size_t)data[14] << 8 | data[15]);
    if (size > PROXY_MOST) {
        *ret_why = "the header is longer than 4096 bytes";
        return ERR_TOO_LARGE;
    }
    if (len < size) return 0;
    const char *why = parse_block(data, size, ret);
    return why ? malformed(ret_why, why) : (int)size;
}

/* ---- both ---- */

/* Do the bytes, as far as they go, equal the start? */
static bool starts(const uint8_t *data, size_t len, const uint8_t *start, size_t size)
{
    return memcmp(data, start, len < size ? len : size) == 0;
}

enum proxy_first proxy_first_bytes(const uint8_t *data, size_t len)
{
    if (len == 0) return PROXY_FIRST_MORE;
    bool v1 = starts(data, len, v1_start, sizeof v1_start);
    bool v2 = starts(data, len, v2_start, sizeof v2_start);
    if (!v1 && !v2) return PROXY_FIRST_OTHER;
    return len >= (v1 ? sizeof v1_start : sizeof v2_start) ? PROXY_FIRST_HEADER : PROXY_FIRST_MORE;
}

int proxy_parse(const uint8_t *data, size_t len, struct proxy_header *ret_header,
                const char **ret_why)
{
    struct proxy_header header = { 0 };
    switch (proxy_first_bytes(data, len)) {
    case PROXY_FIRST_MORE:
        return 0;
    case PROXY_FIRST_OTHER:
        return malformed(ret_why, "the connection does not begin with a PROXY header");
    case PROXY_FIRST_HEADER:
        break;
    }
    int rc = data[0] == v1_start[0] ? parse_v1(data, len, &header, ret_why)
                                    : parse_v2(data, len, &header, ret_why);
    if (rc > 0) *ret_header = header;
    return rc;
}
