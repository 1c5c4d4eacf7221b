/* fake_broker.h — a broker of few words for the tests of the load generator: it answers the first bytes of every
 * client with bytes of its own, after an answer to the request to upgrade if it speaks WebSocket. */
#ifndef TESTS_UNIT_CLI_FAKE_BROKER_H
#define TESTS_UNIT_CLI_FAKE_BROKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_broker {
    const char
        *upgrade; /* the answer, in which ACCEPT stands for the right key; NULL: no WebSocket */
    const char *bytes;
    size_t len;
    bool closes; /* then; else it waits */
    uint16_t port;
    int listener;
    pthread_t thread;
};

#define FAKE_BROKER_UPGRADES                                                  \
    "HTTP/1.1 101 Switching Protocols\r\nConnection: keep-alive, Upgrade\r\n" \
    "Upgrade: WebSocket\r\nSec-WebSocket-Protocol: mqtt\r\n"                  \
    "Sec-WebSocket-Accept: ACCEPT\r\n\r\n"

void fake_broker_start(struct fake_broker *broker);
void fake_broker_stop(struct fake_broker *broker);

#endif
