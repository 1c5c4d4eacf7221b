/* service.c — which service is meant, where operations of two share method and path: api-operations,
 * sections 1.3 and 1.4. AWS has a host for each; here all are on one listener, so what a request was signed
 * for tells, and without a signature who asks.
 *
 * Any name of a service is accepted for any operation, as the signature shows that the key's owner has meant
 * it: clients differ in the names they sign for. The name only decides where there is a choice. */
#include "api/api_priv.h"

#include "base/mem.h"

enum { MOST_CHOICES = 3 };

/* What is looked for, in this order; after that anything. */
struct preference {
    enum api_service services[MOST_CHOICES];
    size_t count;
};

static const struct preference control = { { API_SERVICE_IOT }, 1 };
static const struct preference data = { { API_SERVICE_IOTDATA, API_SERVICE_JOBS }, 2 };
static const struct preference jobs = { { API_SERVICE_JOBS, API_SERVICE_IOTDATA }, 2 };

static const struct {
    const char *name;
    const struct preference *preference;
} scopes[] = {
    { "iot", &control },           { "execute-api", &control }, { "iotdata", &data },
    { "iotdevicegateway", &data }, { "iot-jobs-data", &jobs },
};

static const struct preference *preference_of(struct slice service,
                                              const struct principal *principal)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
        if (slice_eq_str(service, scopes[i].name)) return scopes[i].preference;
    bool device =
        principal && (principal->kind == PRINCIPAL_CERT || principal->kind == PRINCIPAL_ANONYMOUS);
    return device ? &data : &control;
}

void api_choose_service(struct route_match *match, const struct http_request *request,
                        const struct principal *principal, struct arena *arena)
{
    if (!route_has_variants(match)) return;
    const struct preference *preference =
        preference_of(auth_request_service(request, arena), principal);
    for (size_t i = 0; i < preference->count; i++)
        if (route_use_variant(match, preference->services[i])) return;
}
