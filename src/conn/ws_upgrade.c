/* ws_upgrade.c — see ws_upgrade.h. What makes a request an upgrade at all (GET, HTTP/1.1, Connection, Upgrade) is
 * http/request.c's to judge; that it names WebSocket, the handler's. */
#include "conn/ws_upgrade.h"

#include "base/err.h"
#include "http/request.h"

static struct ws_upgrade refusal(int status, const char *why)
{
    return (struct ws_upgrade){ .status = status, .why = why, .protocol = "" };
}

static bool is_once(const struct http_request *request, const char *name)
{
    return http_header_count(&request->headers, name) == 1;
}

/* NULL: some are offered, but none of ours. */
static const char *choose_protocol(const struct http_request *request)
{
    size_t at = 0;
    bool any = false;
    const struct http_header *header;
    const struct slice name = SLICE_LIT("sec-websocket-protocol");
    while ((header = http_header_next(&request->headers, name, &at)) != NULL) {
        struct slice list = header->value, one;
        while (http_list_next(&list, &one)) {
            const char *ours = ws_subprotocol(one);
            if (ours) return ours;
            any = true;
        }
    }
    return any ? NULL : "";
}

void ws_upgrade_read(const struct http_request *request, struct ws_upgrade *ret_upgrade)
{
    struct ws_upgrade upgrade = { .status = 101 };
    int rc = 0;
    struct slice version = http_header(&request->headers, "sec-websocket-version");
    struct slice key = http_header(&request->headers, "sec-websocket-key");
    if (!is_once(request, "sec-websocket-version") || !slice_eq_str(version, WS_VERSION))
        *ret_upgrade = refusal(426, "only version " WS_VERSION " of WebSocket is spoken here");
    else if (!is_once(request, "sec-websocket-key") ||
             (rc = ws_accept_key(key, upgrade.accept)) == ERR_INVALID)
        *ret_upgrade = refusal(400, "Sec-WebSocket-Key is not 16 bytes in base64, once");
    else if (rc < 0)
        *ret_upgrade = refusal(501, "there is no SHA-1 here, which the handshake needs");
    else if (!(upgrade.protocol = choose_protocol(request)))
        *ret_upgrade =
            refusal(400, "no subprotocol is offered that is spoken here: mqtt, mqttv3.1, "
                         "mqttv3.1.1");
    else
        *ret_upgrade = upgrade;
}
