/* glue.h — llhttp behind a narrow face: its enumerators (HTTP_GET, HTTP_REQUEST) are not ours, so
 * no other file includes its header. Private to src/http. */
#ifndef HTTP_GLUE_H
#define HTTP_GLUE_H

#include <stdbool.h>
#include <stddef.h>

struct glue_cbs {
    void (*on_target)(void *arg, const char *at, size_t len);
    void (*on_reason)(void *arg, const char *at, size_t len);
    void (*on_header)(void *arg, const char *name, size_t name_len, const char *value,
                      size_t value_len);
    /* The head is complete; returns true when no body follows whatever the headers say. */
    bool (*on_head)(void *arg);
    void (*on_body)(void *arg, const char *at, size_t len);
};

enum glue_rc {
    GLUE_OK,
    GLUE_METHOD,
    GLUE_TARGET,
    GLUE_VERSION,
    GLUE_LENGTH,
    GLUE_LENGTH_AND_CODING,
    GLUE_CODING,
    GLUE_CHUNK_SIZE,
    GLUE_MALFORMED
};

/* Reads one message. cbs is borrowed (static); arg is handed to them. */
struct http_glue *glue_create(bool response, const struct glue_cbs *cbs, void *arg);
void glue_destroy(struct http_glue *g);
/* The head must come in one call, so that names and values are slices of it; the body in any. */
enum glue_rc glue_execute(struct http_glue *g, const char *data, size_t len);
/* The message is complete. */
bool glue_complete(const struct http_glue *g);
/* Valid from on_head on. */
const char *glue_method(const struct http_glue *g);
int glue_status(const struct http_glue *g);
int glue_minor(const struct http_glue *g);
bool glue_upgrade(const struct http_glue *g);

#endif
