/* ws_upgrade.h — the server's part of the opening handshake of WebSocket: does the request ask for what there is?
 * Source: RFC 6455, section 4.2. Pure. */
#ifndef CONN_WS_UPGRADE_H
#define CONN_WS_UPGRADE_H

#include "ws/ws.h"

struct http_request;

struct ws_upgrade {
    int status;      /* 101; else what to answer, and why: 400, or 426 for another version */
    const char *why; /* NULL with 101 */
    char accept[29]; /* Sec-WebSocket-Accept */
    const char
        *protocol; /* Sec-WebSocket-Protocol; "": the client has offered none, so none is named */
};

/* Of the subprotocols offered, the first that is one of MQTT's is taken. A client that offers none at all is served
 * too: there is nothing else that it could mean. */
void ws_upgrade_read(const struct http_request *request, struct ws_upgrade *ret_upgrade);

#endif
