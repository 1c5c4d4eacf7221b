/* link.h — a connection to an MQTT hub: TCP or a Unix socket, with TLS or without. Connecting blocks,
 * until a deadline or until somebody asks to stop; reading and writing do not. */
#ifndef CLI_MQTT_LINK_H
#define CLI_MQTT_LINK_H

#include "base/diag.h"
#include "net/tls_client.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mqtt_target {
    const char *path; /* of a Unix socket; NULL: host and port */
    const char *host;
    uint16_t port;
    struct tls_client *tls; /* for this host; NULL: plain */
};

struct mqtt_link;

/* 0 and an owned link. -EINTR: stop_fd (-1: none) has become readable. ERR_TIMEOUT: not before
 * `deadline`, by clock_mono_ms. Others with the reason; ERR_CERT, ERR_CRYPTO are about TLS. */
int mqtt_link_open(const struct mqtt_target *target, int64_t deadline, int stop_fd,
                   struct mqtt_link **ret_link, struct diag *diag);
/* Accepts NULL. polite: what has been written arrives, if the hub ends the connection within a second;
 * without, it may be thrown away. */
void mqtt_link_close(struct mqtt_link *link, bool polite);

/* Bytes; 0 of a read: the hub has ended the connection; -EAGAIN: wait for mqtt_link_events. */
ssize_t mqtt_link_read(struct mqtt_link *link, void *data, size_t len, struct diag *diag);
ssize_t mqtt_link_write(struct mqtt_link *link, const void *data, size_t len, struct diag *diag);
int mqtt_link_fd(const struct mqtt_link *link);
/* For poll; writing: there is something to be written. */
short mqtt_link_events(const struct mqtt_link *link, bool writing);
/* Bytes are there already: do not wait in poll. */
bool mqtt_link_pending(const struct mqtt_link *link);

/* "localhost:1883", "/run/thingd.sock"; for messages. */
void mqtt_target_name(const struct mqtt_target *target, char *out, size_t size);

#endif
