/* http_tests.h — the groups of this folder's test program; each returns how many tests failed. */
#ifndef TESTS_UNIT_HTTP_TESTS_H
#define TESTS_UNIT_HTTP_TESTS_H

int test_request(void);
int test_response(void);
int test_client(void);
int test_route(void);
int test_query(void);

#endif
