/* auth_jit.c — certificates that the registry does not know, or knows as waiting: just-in-time registration
 * (reference: security, sections 3 to 5). The registry looks for the CA that signed it, and registers it; what
 * happened is told (auth_on_registered), and the connection refused: once the certificate is ACTIVE, the next
 * one passes.
 *
 *  I1  The registry may answer after the question was closed: then ask is NULL, and nothing is told.
 *  I2  Whatever the answer is, this connection does not pass, as on AWS. */
#include "auth/auth_ask_priv.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "crypto/x509.h"

#include <stdlib.h>

struct jit {
    struct ask *ask; /* NULL: closed */
};

void auth_jit_forget(struct ask *ask)
{
    if (ask->jit) ask->jit->ask = NULL;
    ask->jit = NULL;
}

static void tell(struct auth *auth, const struct json *result)
{
    const struct json *event = json_get(result, "event");
    const char *ca = json_str(json_get(result, "caCertificateId"));
    if (event && ca && auth->on_registered) auth->on_registered(auth->on_registered_arg, ca, event);
}

static void refuse_registered(struct ask *ask, const struct json *result)
{
    bool provisioned = json_is_true(json_get(result, "provisioned"));
    auth_ask_refuse(ask, ERR_CERT,
                    provisioned ? "the certificate was provisioned just in time: the next "
                                  "connection passes"
                                : "the certificate was registered just in time and is "
                                  "PENDING_ACTIVATION: set it ACTIVE (UpdateCertificate)",
                    "certificate refused");
}

static void on_answer(void *arg, int rc, struct json *result, const struct diag *diag)
{
    struct jit *jit = arg;
    struct ask *ask = jit->ask;
    free(jit);
    if (!ask) return;
    ask->jit = NULL;
    if (rc == 0) {
        tell(ask->auth, result);
        refuse_registered(ask, result);
    } else if (rc == ERR_CERT) {
        auth_ask_refuse(ask, rc, diag_text(diag, rc), "certificate refused");
    } else {
        auth_ask_refuse_unknown(ask, rc);
    }
    auth_ask_end(ask);
}

bool auth_jit_ask(struct ask *ask)
{
    struct json *params = json_new_object();
    struct buf pem = { 0 };
    x509_der_to_pem(ask->cert_der, &pem);
    json_set_str(params, "certificatePem", buf_str(&pem));
    buf_deinit(&pem);
    ask->jit = xnew(struct jit);
    ask->jit->ask = ask;
    registry_call(ask->auth->registry, registry_op_find(".RegisterJustInTime"), params, on_answer,
                  ask->jit);
    return false;
}
