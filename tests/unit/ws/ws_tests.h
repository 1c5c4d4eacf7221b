/* ws_tests.h — the groups of this folder's test program; each returns how many tests failed. */
#ifndef TESTS_UNIT_WS_WS_TESTS_H
#define TESTS_UNIT_WS_WS_TESTS_H

int test_cases(void);
int test_frames(void);

#endif
