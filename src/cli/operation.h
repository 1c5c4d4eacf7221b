/* operation.h — operations of the hub as HTTP requests, from a table.
 * Parameters have the names of AWS's members; the table says which of them travel in the path, the
 * query and the headers. What is left is the body.
 * Source: AWS IoT API, version 2015-05-28 (rest-json), and the hub's own /hub/... paths. Pure; any
 * thread. */
#ifndef CLI_OPERATION_H
#define CLI_OPERATION_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "http/http.h"

struct operation {
    const char *name; /* AWS's */
    enum http_method method;
    const char *path;   /* "/things/{thingName}" */
    const char *query;  /* members, "maxResults ascendingOrder=isAscendingOrder"; NULL: none */
    const char *header; /* one member, "principal=x-amzn-principal"; NULL: none */
    const char *body;   /* the member that is the whole body; NULL: an object of what is left */
    const char *next;   /* member of the result that leads to the next page; NULL: one page */
    const char *token;  /* the parameter which takes it */
};

/* A name that is not in the table is a mistake of the caller. */
const struct operation *operation_find(const char *name);
/* Every one, in the order of the table; NULL behind the last. */
const struct operation *operation_at(size_t index);

/* Appends the request. Borrows params (an object). Members that are null are left out. ERR_INVALID:
 * a part of the path is missing or empty, or no request can carry it. */
int operation_put_request(const struct operation *op, const struct json *params, struct buf *out,
                          struct diag *diag);

#endif
