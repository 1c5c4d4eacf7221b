/* offline.h — operations on the data directory of a hub which does not run. */
#ifndef CLI_OFFLINE_H
#define CLI_OFFLINE_H

#include "base/diag.h"

struct client;

/* Opens the directory under its lock, so that no hub can start meanwhile; client_close lets it
 * go. The client carries out what the registry has. environ as config.h has it. ERR_NOT_FOUND:
 * there is no such directory; ERR_LOCKED: a hub uses it; ERR_CONFIG and what else the opening
 * says. */
int offline_open(const char *data_dir, const char *const *environ, struct client **ret_client,
                 struct diag *diag);

#endif
