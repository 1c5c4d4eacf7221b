/* sql_zone.h — time zones: the system's database (RFC 8536, TZif), fixed offsets. */
#ifndef SQL_SQL_ZONE_H
#define SQL_SQL_ZONE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct sql_zone;

enum { SQL_ZONE_NAME_MAX = 64, SQL_ZONE_ABBREVIATION_MAX = 16 };

/* "UTC", "GMT", "Z", "+01:00", "UTC+01:00", "GMT-8", a name of the database such as "Europe/Paris", or
 * a common abbreviation such as "PST" (which means America/Los_Angeles, summer included).
 * Returns owned; NULL when there is no such zone, or no database. Reads a file of the system. */
struct sql_zone *sql_zone_create(struct slice name);
/* The zone of a TZif file's bytes, version 2 or later; NULL when they are malformed. The name has at most
 * SQL_ZONE_NAME_MAX bytes. */
struct sql_zone *sql_zone_create_from(struct slice name, struct slice bytes);
/* Accepts NULL. */
void sql_zone_destroy(struct sql_zone *zone);
/* The name that is shown for the zone's identity; borrowed. */
const char *sql_zone_name(const struct sql_zone *zone);

struct sql_zone_state {
    int32_t offset; /* seconds east of Greenwich */
    char abbreviation[SQL_ZONE_ABBREVIATION_MAX];
};
/* What holds at that second since 1970 UTC. */
struct sql_zone_state sql_zone_at(const struct sql_zone *zone, int64_t epoch_s);
/* The second since 1970 UTC of a local time that is given as if it were UTC. In an overlap the earlier
 * one; a time that the clocks skip moves by the length of the gap. */
int64_t sql_zone_to_epoch(const struct sql_zone *zone, int64_t local_s);
/* Reads "+hh", "+h", "+hhmm", "+hh:mm", "+hh:mm:ss" at *at and moves on; false when it is no offset of
 * at most 18 hours. */
bool sql_zone_parse_offset(struct slice text, size_t *at, int32_t *ret_offset);

#endif
