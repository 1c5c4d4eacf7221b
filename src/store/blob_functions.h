/* blob_functions.h — SQL functions for migrations; see blob_functions.c. */
#ifndef STORE_BLOB_FUNCTIONS_H
#define STORE_BLOB_FUNCTIONS_H

#include <sqlite3.h>

/* Returns SQLite's code. */
int blob_functions_add(sqlite3 *sqlite);

#endif
