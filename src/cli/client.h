/* client.h — how a command reaches the hub: over its Unix socket, or, when it does not run, in the
 * data directory itself (offline.h). Blocking; one thread. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "base/diag.h"
#include "base/json.h"

#include <stdint.h>

struct operation;

struct client {
    /* Carries op out. Borrows params (an object). 0 and an owned result ({} where there is none),
     * or an error with AWS's message in diag: ERR_NOT_FOUND, ERR_EXISTS, ERR_IN_USE, ... */
    int (*call)(struct client *client, const struct operation *op, const struct json *params,
                struct json **ret_result, struct diag *diag);
    void (*close)(struct client *client);
};

/* Reaches the hub over data_dir/thingd.sock; timeout_ms bounds every call. -ENOENT or
 * -ECONNREFUSED: the hub does not run; -EACCES, -ENAMETOOLONG, ERR_TIMEOUT and others of the
 * system. */
int client_open(const char *data_dir, int64_t timeout_ms, struct client **ret_client,
                struct diag *diag);
/* Accepts NULL. */
void client_close(struct client *client);

/* By the operation's name. Takes params (an object; NULL: none). ret_result NULL: not wanted. */
int client_call(struct client *client, const char *op, struct json *params,
                struct json **ret_result, struct diag *diag);
/* All pages of a list: the result has every element in `member`, and leads to no next page. */
int client_list(struct client *client, const char *op, struct json *params, const char *member,
                struct json **ret_result, struct diag *diag);

#endif
