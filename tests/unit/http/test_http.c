/* The test program of src/http. */
#include "lib/test.h"

#include "http_tests.h"

int main(void)
{
    return test_request() + test_response() + test_client() + test_route() + test_query();
}
