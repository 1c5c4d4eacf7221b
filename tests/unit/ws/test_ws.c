/* The test program of src/ws. */
#include "lib/test.h"

#include "ws_tests.h"

int main(void)
{
    return test_cases() + test_frames();
}
