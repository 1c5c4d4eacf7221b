/* openapi.h — the OpenAPI document, between the files of this folder: OpenAPI Specification 3.1.0; JSON
 * Schema 2020-12. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "api/api_priv.h"
#include "base/diag.h"
#include "base/json.h"

#include <stddef.h>

#define OPENAPI_JSON "application/json"

/* ---- shapes.c ---- */
struct shape {
    const char *name;
    const char *text;
};
extern const struct shape shapes[];
extern const size_t shape_count;

struct shape_op {
    const char *op;
    const char *in;  /* members */
    const char *out; /* of a 200 with JSON; NULL: see the answers */
};
extern const struct shape_op shape_ops[];
extern const size_t shape_op_count;

struct shape_answer {
    const char *op;
    int status;
    const char *content_type; /* NULL: no body */
    const char *text;
};
extern const struct shape_answer shape_answers[];
extern const size_t shape_answer_count;

/* NULL when there is none. */
const struct shape_op *shape_op_find(const char *op);
/* The schema that the notation says, owned; ERR_SYNTAX with the column. */
int shape_parse(const char *text, struct json **ret_schema, struct diag *diag);

/* ---- openapi_errors.c ---- */
/* {"$ref": "#/components/kind/name"} */
struct json *openapi_ref(const char *kind, const char *name);
/* {"type": {"schema": schema}}; takes schema. */
struct json *openapi_content(const char *type, struct json *schema);
/* Those of a plane, into components/responses. */
void openapi_add_shared_errors(enum api_plane plane, struct json *responses);
/* Those of an operation, most of them references to the above. */
void openapi_add_errors(const struct api_route *route, struct json *responses);

/* ---- openapi_operation.c ---- */
/* The operation object of a route. Schemas of its body and its answer are added to `schemas`.
 * ERR_SYNTAX when shape does not fit to the route; the diag says where. */
int openapi_operation(const struct api_route *route, const struct shape_op *shape,
                      struct json *schemas, struct json **ret_operation, struct diag *diag);
/* ERR_SYNTAX: "CreateThing: what name"; name may be NULL. */
int openapi_misfit(struct diag *diag, const char *op, const char *what, const char *name);

/* ---- openapi.c ---- */
const char *openapi_tag(enum api_plane plane);
/* The document, owned. ERR_SYNTAX or ERR_NOT_FOUND: the tables do not fit together. */
int openapi_make(const char *version, struct json **ret_document, struct diag *diag);

#endif
