/* tls_primitives.c — what mbedTLS needs for the operations with keys in a full handshake with client certificates on
 * secp256r1, one after the other, in CPU time; for `./dev bench tls`. Prints one JSON object: operations in a CPU
 * second, and what a handshake that did nothing else could reach. */
#include "base/clock.h"
#include "base/rand.h"

#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUN_MS = 1000 };

static mbedtls_ecp_group group;
static mbedtls_mpi d, r, s, secret;
static mbedtls_ecp_point q;
static const unsigned char hash[32] = { 1, 2, 3 };

static int rng(void *arg, unsigned char *ret_data, size_t len)
{
    rand_system_bytes(ret_data, len);
    return 0;
}

static int make_key(void)
{
    return mbedtls_ecp_gen_keypair(&group, &d, &q, rng, NULL);
}

static int sign(void)
{
    return mbedtls_ecdsa_sign_det_ext(&group, &r, &s, &d, hash, sizeof hash, MBEDTLS_MD_SHA256, rng,
                                      NULL);
}

static int verify(void)
{
    return mbedtls_ecdsa_verify(&group, hash, sizeof hash, &q, &r, &s);
}

static int share(void)
{
    return mbedtls_ecdh_compute_shared(&group, &secret, &q, &d, rng, NULL);
}

/* In the order of their needs. Once each before it counts: the group gets its table with the first key. */
static const struct {
    const char *name;
    int (*run)(void);
} operations[] = {
    { "keyGenerations", make_key },
    { "signatures", sign },
    { "verifications", verify },
    { "sharedSecrets", share },
};

static double per_second(int (*run)(void))
{
    int count = 0;
    if (run() != 0) exit(1);
    int64_t start = clock_cpu_ns(0), now = start;
    for (; now - start < (int64_t)RUN_MS * 1000000; now = clock_cpu_ns(0), count++)
        if (run() != 0) exit(1);
    return count * 1e9 / (double)(now - start);
}

int main(void)
{
    double sum = 0;
    if (mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) != 0) return 1;
    printf("{");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        double rate = per_second(operations[i].run);
        sum += 1 / rate;
        printf("\"%s\": %.0f, ", operations[i].name, rate);
    }
    printf("\"handshakes\": %.1f}\n", 1 / sum);
    return 0;
}
