/* data_connect.c — the door to MQTT over WebSocket: mqtt-and-topics, section 7. What is decided here is who asks, and
 * whether a web page may; iot:Connect is decided with the CONNECT packet, as on any other connection. */
#include "api/api_priv.h"

void data_connect(struct api_call *call)
{
    if (!api_wants_websocket(call)) {
        call->upgrade = "websocket";
        api_fail_as(call, 426, "InvalidRequestException",
                    "MQTT over WebSocket is spoken here: the request must ask for an upgrade");
        return;
    }
    struct http_exchange *exchange = call->exchange;
    struct principal *principal = call->principal;
    call->exchange = NULL;
    call->principal = NULL;
    http_accept(exchange, principal);
    api_call_done(call);
}
