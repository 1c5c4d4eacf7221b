/* tls_names.h — more keys and certificates for tests alone, with the names in subjectAltName that each comment
 * tells; valid until 2126. Made by `openssl req -x509 -days 36500 -addext subjectAltName=...`. */
#ifndef TESTS_UNIT_NET_TLS_NAMES_H
#define TESTS_UNIT_NET_TLS_NAMES_H

/* clang-format off */
/* DNS:hub.example.org, DNS:Other.Example.net */
static const char exact_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBpzCCAU6gAwIBAgIUclORh3c1T0cXd7X47iApbtnMVcEwCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFZXhhY3QwIBcNMjYxMTI0MTYwNzEzWhgPMjEyNjEwMzExNjA3\n"
    "MTNaMBAxDjAMBgNVBAMMBWV4YWN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
    "d3mUJULTdc7XqlGBHPVTDfvjVAB/Gize1WM+BaPhTgAu5CzfVf4qOfi+unThkgNK\n"
    "1u+4yqqUiXhBU9POD4oHvKOBgzCBgDAdBgNVHQ4EFgQUV/KoLe9cbzlTU/FzTCnk\n"
    "SZu6WPwwHwYDVR0jBBgwFoAUV/KoLe9cbzlTU/FzTCnkSZu6WPwwDwYDVR0TAQH/\n"
    "BAUwAwEB/zAtBgNVHREEJjAkgg9odWIuZXhhbXBsZS5vcmeCEU90aGVyLkV4YW1w\n"
    "bGUubmV0MAoGCCqGSM49BAMCA0cAMEQCIDpA9114+n2w7FEmvOzqwaCOiZFkRfqZ\n"
    "x87451JXC5pmAiBZofsJg0YEawt+dIXyy023ZX1OywxhDHCowTDIaBVNBQ==\n"
    "-----END CERTIFICATE-----\n";

static const char exact_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIIme/+teu/Gqbb62UZbGdrL02IKRF7INem2dtzxadSsZoAoGCCqGSM49\n"
    "AwEHoUQDQgAEd3mUJULTdc7XqlGBHPVTDfvjVAB/Gize1WM+BaPhTgAu5CzfVf4q\n"
    "Ofi+unThkgNK1u+4yqqUiXhBU9POD4oHvA==\n"
    "-----END EC PRIVATE KEY-----\n";

/* DNS:*.example.org, IP:192.0.2.1 */
static const char wild_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBljCCATugAwIBAgIUGPBXqzqce5ioABPOwslDeiRZVZEwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEd2lsZDAgFw0yNjExMjQxNjA3MTNaGA8yMTI2MTAzMTE2MDcx\n"
    "M1owDzENMAsGA1UEAwwEd2lsZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGdk\n"
    "eSLrBAlUtAymz4gVyVMZTZMjpNYzQ50U+M/lpDex/vc0h6vKTyImv1RPoLf2MKDQ\n"
    "aVIbccO5wQzl+ERO5BejczBxMB0GA1UdDgQWBBQVx01vle8GD7CZPkECvGM7Cz70\n"
    "NDAfBgNVHSMEGDAWgBQVx01vle8GD7CZPkECvGM7Cz70NDAPBgNVHRMBAf8EBTAD\n"
    "AQH/MB4GA1UdEQQXMBWCDSouZXhhbXBsZS5vcmeHBMAAAgEwCgYIKoZIzj0EAwID\n"
    "SQAwRgIhAJTVQzFwtZ3+0CixJNGjxfPUkUCjaktLjtIn5hrQiznlAiEAtCGrXA4y\n"
    "4LKgUR/R+YCg+fxLzpyPtlp9eptDxxCx4lk=\n"
    "-----END CERTIFICATE-----\n";

static const char wild_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIO8FJjJkjgOLyQyfLAIdHqod5dhu0Jmhr3aIxn++pkuVoAoGCCqGSM49\n"
    "AwEHoUQDQgAEZ2R5IusECVS0DKbPiBXJUxlNkyOk1jNDnRT4z+WkN7H+9zSHq8pP\n"
    "Iia/VE+gt/YwoNBpUhtxw7nBDOX4RE7kFw==\n"
    "-----END EC PRIVATE KEY-----\n";

/* DNS:hub.example.org */
static const char exact_rsa_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDJzCCAg+gAwIBAgIUPCDlAtHOfFi7yQcc7rNXiPzCFgcwDQYJKoZIhvcNAQEL\n"
    "BQAwFDESMBAGA1UEAwwJZXhhY3RfcnNhMCAXDTI2MTEyNDE2MDcxM1oYDzIxMjYx\n"
    "MDMxMTYwNzEzWjAUMRIwEAYDVQQDDAlleGFjdF9yc2EwggEiMA0GCSqGSIb3DQEB\n"
    "AQUAA4IBDwAwggEKAoIBAQCjgawzHkCUVOHqvJrOMlzVxR3Mbc1pSZvhgtQEL/da\n"
    "pn5NVD5U8O1755fBJjjotICZNfhGOQzDBtyQfSKHc9RJF53Kfcp1Ztm4+qrw8fkw\n"
    "UOgHbX0aysk3V/fdy6Am1wNwrWR4CPu//wHz+gBQ0hYX9KkAXJVqczC5d9MCLh4a\n"
    "hYrcurH1nNs/Ioi9Ovcd7nQkslEAYIlr+gllrU3YXyGmrXHmka/HP1jlPPviIHpn\n"
    "lcyzKTRS1z8LHl2lVZ7jbxl8c0FmZt4ZbkU3mZmfsR01v1OSVw4Mh7nV0iHwfInW\n"
    "mvMtCo79AMfDTow+AkWeQeB2ZyowOw/r8y7YGC0ARbRTAgMBAAGjbzBtMB0GA1Ud\n"
    "DgQWBBQoPO2HU115Om8pLlduEXD5u56/bTAfBgNVHSMEGDAWgBQoPO2HU115Om8p\n"
    "LlduEXD5u56/bTAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCD2h1Yi5leGFt\n"
    "cGxlLm9yZzANBgkqhkiG9w0BAQsFAAOCAQEANULZXBq8YahY+xMJmvUZrnliuj08\n"
    "Sd5akQSDMpNNbE0hvSkbnbIgFDpRIYon76Co8f02FvBWmUQd30n7/8kEXSP+euhh\n"
    "8qurVRYd3TXuygb1R/4l6T4AVo5ul2XPZYOBxPs2AKEd1Vd5I3dNCiQWTErIuC5+\n"
    "bhBY8owj51IUMBzsGCSnz0197sDfEfF5mXKxXVAjK8eqM2Ofm0uCCgzb1vX/ucRm\n"
    "mJpbXb8Ugm1B4xl0TNnfRXiSYXHcwt5ItXsu52FqUgug2a2SSWByN4OzHvy0BEQc\n"
    "qG0tvwZgTMh7duyNtqIjpfAvHbgrj0stNTB0GkZnnFb1Fanm4v+uMl31uw==\n"
    "-----END CERTIFICATE-----\n";

static const char exact_rsa_key[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEpAIBAAKCAQEAo4GsMx5AlFTh6ryazjJc1cUdzG3NaUmb4YLUBC/3WqZ+TVQ+\n"
    "VPDte+eXwSY46LSAmTX4RjkMwwbckH0ih3PUSRedyn3KdWbZuPqq8PH5MFDoB219\n"
    "GsrJN1f33cugJtcDcK1keAj7v/8B8/oAUNIWF/SpAFyVanMwuXfTAi4eGoWK3Lqx\n"
    "9ZzbPyKIvTr3He50JLJRAGCJa/oJZa1N2F8hpq1x5pGvxz9Y5Tz74iB6Z5XMsyk0\n"
    "Utc/Cx5dpVWe428ZfHNBZmbeGW5FN5mZn7EdNb9TklcODIe51dIh8HyJ1przLQqO\n"
    "/QDHw06MPgJFnkHgdmcqMDsP6/Mu2BgtAEW0UwIDAQABAoIBABC10s1XSlP+iCeP\n"
    "MVEL05y4rFl1YANigE8KqbQTL41GVm0nxBu2kxwmffDBq8Tt7EtRjoylYvkBmAQf\n"
    "oypDEQ82ndaRMYz7FHBJFLRS6TE3a5Hqw4ORSwGKzixkQFCyiR74Zua09amtxwYn\n"
    "ZuXbpWIQYT9GDF0t5Ze8N8amw5vZH6TPB8/JDZ9mc11CFE06nFXWMopVcnMd13JN\n"
    "wPw1n9lyDvN9n6+VlJdSiGa8UvH2/UFAYrH/j9hquwPX3eLTYJAQAfAtEQF9YGJP\n"
    "xKlMRDab/p4sov9BfqTWcN/uInD3wiF2naDmAG5wBX7jgm8k7ziwkWFZn+JEQ5xS\n"
    "Jr5WGxUCgYEA5b7e0HIB0Zkutk2DifE3319jt9NDTGhJvjvFpIzbFj08ux0twDvj\n"
    "BQQ4plvHtNBsCyIhy3SGYV0h4SbU6AuL9Rj3AZ+RmreLSStKFehoHhmAEhECTlPh\n"
    "rCtMmJC4f3YCyt/H4RoadGsxGqaGiq/eaBjgtDau6V2bd3uEvanSG58CgYEAtjEA\n"
    "SdpCLTipgnnNfzqUAeuKMkokzt1Q6O+Lyq0kPzl9Ii4qFL0OqwB2Q2XK7pdGHuTO\n"
    "ANWd+H4hWnYs0OjFYn6C8bci/FVKdfrJY/1fgIhPVp9U2CLVinPN+HtkoD07ZZtP\n"
    "zGLqwmYHhR0PbJP344BVc7qvmswt19cSU8SSqs0CgYAw3UbgyM7QOKdxyMzIYxDC\n"
    "JrS73Wg78RZ2Kppf5EGY2k93cL5RW6tuXrZ5052HPKkuOQU9E7ydKsTQ8YRpEkOj\n"
    "TrsCkmDSqmUqm9V3EWZLuJq/vPRjmn2uM8tny6giHAR+B9iobPfheQcJpw+Iod1J\n"
    "ALmSOus64Vj2scPK3zq7+wKBgQCiLl6GX37XSIBEgG64mgmU5/p+J9g6OXLD2DGF\n"
    "erkwetl0asnU6jK7cE7WUi/iUdD+wUjMH1xfDtBb+aSNVxgWRG4GA7NmEfqVqWhK\n"
    "1QqFnVGa13ysZd3XQJ0SW61IoxlTqnzPgSJfaHm7OhI34kQhRWVL/txBHQ6V+4L6\n"
    "BJtW5QKBgQDItq0gmVHLKld47CV+wMJZkhdf+uway6Vl2t9L+hmVzlS9+f/PVkr2\n"
    "+5qrImaGFJCVPnLAUhBqcj0FjkRd4TwBpQxJ6zsnUOmpWrcEhkttapEYtUrHy2lY\n"
    "NLe5Zwi7fjkG5yg0oqLTrnl6iWlXnLlhUrLSKaSG4FJKKHlqffW3Ag==\n"
    "-----END RSA PRIVATE KEY-----\n";

/* IP:192.0.2.1 */
static const char nameless_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjzCCATSgAwIBAgIULxWEbLW5cb0GGqG8BS+GMVWRC74wCgYIKoZIzj0EAwIw\n"
    "EzERMA8GA1UEAwwIbmFtZWxlc3MwIBcNMjYxMTI0MTYwNzEzWhgPMjEyNjEwMzEx\n"
    "NjA3MTNaMBMxETAPBgNVBAMMCG5hbWVsZXNzMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    "AQcDQgAE/m3XAD1Ol1JZ9r5gRjiu3KBDX4m07TdGGKCvB0cJoYFotTpsYZdGOQmT\n"
    "6juarTI027ycKEU3u1R9puYNzd6pPKNkMGIwHQYDVR0OBBYEFHSM6dwlSIOgm1DW\n"
    "9mBmToYf95GSMB8GA1UdIwQYMBaAFHSM6dwlSIOgm1DW9mBmToYf95GSMA8GA1Ud\n"
    "EwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEwAACATAKBggqhkjOPQQDAgNJADBGAiEA\n"
    "sG8B8OzIwH8VVMKnRKsY19q3/AKTjP8Dt7CDHOXQLSECIQDPD6O6USfaDSWPkCxm\n"
    "Oj85+eiZAT0/kkt2hq02XIE/Sg==\n"
    "-----END CERTIFICATE-----\n";

static const char nameless_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIPS8ue9KBgJygZq/fYeijWrAH781yezyiSRm96Mv8IWgoAoGCCqGSM49\n"
    "AwEHoUQDQgAE/m3XAD1Ol1JZ9r5gRjiu3KBDX4m07TdGGKCvB0cJoYFotTpsYZdG\n"
    "OQmT6juarTI027ycKEU3u1R9puYNzd6pPA==\n"
    "-----END EC PRIVATE KEY-----\n";

/* clang-format on */

#endif
