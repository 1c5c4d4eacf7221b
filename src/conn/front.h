/* front.h — what happens to a connection before its protocol speaks: who is it (certificate, peer
 * credentials, anonymous listener), then what does it speak (first byte): MQTT or HTTP. Any listener
 * serves every protocol. Loop thread only. */
#ifndef CONN_FRONT_H
#define CONN_FRONT_H

#include "base/bucket.h"
#include "hub/hub.h"
#include "net/listener.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;
struct http_server; /* conn/http_conn.h */

struct front_opts {
    struct http_server *http; /* its upgrades come here */
    uint64_t
        max_ws_frame; /* bytes of a WebSocket frame, and of a message of several; 0: no limit */
    uint64_t max_ws_message;
    size_t max_packet;          /* of MQTT; at level 5 it holds as it was told */
    int64_t connect_timeout_ms; /* from accept to CONNECT, or to the first byte of a request */
    uint16_t max_keep_alive_s;  /* longer ones, and 0, are taken for this one; 0: no limit */
    size_t output_buffer;       /* bytes of output above which a client is congested */
    int64_t
        output_timeout_ms; /* who takes none of the output that waits for so long is gone; 0: never */
    struct bucket_limit packet_rate; /* of each MQTT connection, acknowledgements not counted */
    struct bucket_limit byte_rate;
    /* of MQTT 5; what a connection was told once holds for it */
    uint16_t
        receive_maximum; /* messages of QoS 1 and 2 from a client that are under way; 0: 65535 */
    uint16_t max_topic_alias; /* both ways; 0: none */
    const char
        *server_reference; /* where clients are sent when the hub shuts down; "" or NULL: nowhere */
    const char *response_info; /* for who asks; ${clientId} stands for it; "" or NULL: none */
};

struct front *front_create(struct hub *hub, const struct front_opts *opts);
/* Other limits from now on. */
void front_set_opts(struct front *front, const struct front_opts *opts);
/* Closes every connection that front or mqtt_conn has: clients get what is queued for them, and see the end
 * of the connection. A second call cuts short what still lingers. */
void front_close_all(struct front *front);
/* Connections that are not yet closed, those of HTTP not counted. */
size_t front_count(const struct front *front);
/* When the count is 0. */
void front_destroy(struct front *front);

/* The context of a listener: pass it as listener_opts.arg, with front_accept. */
struct front_listener {
    struct front *front;
    const char *name;
    const char *anonymous_policy; /* NULL: a credential is needed */
    struct bucket told;           /* private: log lines about what speaks no protocol of ours */
};
void front_accept(struct listener *listener, struct stream *stream, void *arg);
/* listener_opts.on_refused, with the same arg: notes it in the ledger. */
void front_refused(void *arg, const char *address, const char *why);

#endif
