/* ws_stream.h — WebSocket as a stream: what the owner writes leaves in binary frames, what binary frames bring is
 * read by the owner, and where frames or messages begin and end is told to nobody [MQTT-6.0.0-2]. Source: RFC 6455.
 * Loop thread only. */
#ifndef CONN_WS_STREAM_H
#define CONN_WS_STREAM_H

#include "base/bucket.h"
#include "net/stream.h"
#include "ws/ws.h"

/* What all of them share. */
struct ws_env {
    struct bucket_limit
        bare_rate; /* of each: control frames and empty ones. Beyond, it is read from later */
    struct ws_limits limits; /* of what clients send */
    struct ws_writer *writer;
    uint8_t *payload; /* of what is being read */
};

void ws_env_init(struct ws_env *env, struct ws_limits limits, struct bucket_limit bare_rate);
/* Others from now on, also for those that are open. */
void ws_env_limit(struct ws_env *env, struct ws_limits limits, struct bucket_limit bare_rate);
void ws_env_deinit(struct ws_env *env);

/* Over a transport whose opening handshake is done: takes it over, with its callbacks, and resumes it. The new
 * stream comes without owner and callbacks, which must be set before the loop turns on. It is as any other stream;
 * besides:
 *   - on_end gets STREAM_SAID_GOODBYE when the peer has sent a Close frame, and ERR_PROTOCOL or ERR_TOO_LARGE when
 *     it has broken the rules of WebSocket (logged and counted here; the peer is told by a Close frame);
 *   - stream_close sends a Close frame with the code of `farewell`, and waits up to a second for the peer's. */
struct stream *ws_stream_create(struct ws_env *env, struct stream *transport);

#endif
