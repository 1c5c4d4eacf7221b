/* hostile.h — what broken clients send, and what comes of it: rows such as those of hostile_tbl.h, each sent whole,
 * split in two at every byte, or byte by byte. The outcome is the same each time, the will comes when it is due, and
 * a neighbour notices nothing. */
#ifndef TESTS_UNIT_CONN_HOSTILE_H
#define TESTS_UNIT_CONN_HOSTILE_H

#include "mqtt_peer.h"

/* Nothing was sent before, and the answer is read as MQTT 3.1.1 or 5; or connected, with a will. */
enum hostile_state { NEW, NEW5, UP, UP31, UP5 };

struct hostile {
    const char *statement, *title;
    enum hostile_state state;
    const char *bytes;
    size_t len;
    const char *
        outcome; /* as peer_log tells it; when it does not end with "end", a PINGREQ is answered behind it */
};
/* A row of a table. */
#define HOSTILE_ROW(statement, title, state, bytes, outcome) \
    {                                                        \
        statement, title, state, BYTES(bytes), outcome       \
    }

void hostile_whole(struct fixture *f, const struct hostile *rows, size_t count);
void hostile_in_two(struct fixture *f, const struct hostile *rows, size_t count);
void hostile_by_bytes(struct fixture *f, const struct hostile *rows, size_t count);
/* Two rows with the same bytes would be one. */
void hostile_differ(const struct hostile *rows, size_t count);

#endif
