/* output.h — results for people: tables, lists of fields, times; and for programs: JSON.
 * Control characters never reach the terminal, but for the line ends of output_block. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/buf.h"
#include "base/json.h"

#include <stdio.h>

enum output_kind {
    OUTPUT_TEXT,
    OUTPUT_TIME, /* seconds since the epoch, printed as ISO 8601 */
    OUTPUT_FLAG, /* yes, or nothing */
    OUTPUT_JSON, /* compact */
};

struct output_column {
    const char *title;
    const char *path; /* of the member: "thingTypeMetadata.creationDate" */
    enum output_kind kind;
};

/* Columns end with { 0 }; `rows` is an array of objects. */
void output_table(FILE *out, const struct output_column *columns, const struct json *rows);
/* One line for each member that is there and not empty. */
void output_fields(FILE *out, const struct output_column *columns, const struct json *object);
/* Every member, whatever they are: "store.pending  0". */
void output_tree(FILE *out, const struct json *object);
/* Text of several lines as it is. */
void output_block(FILE *out, const char *text);
/* Indented, with a line end. */
void output_json(FILE *out, const struct json *json);
/* The member at the end of a path, or NULL. */
const struct json *output_find(const struct json *object, const char *path);

#endif
