/* tls_fixtures.h — keys and self-signed certificates for tests alone; valid until 2126, but for the
 * one that has expired. Made by `openssl req -x509 -days 36500`. */
#ifndef TESTS_UNIT_NET_TLS_FIXTURES_H
#define TESTS_UNIT_NET_TLS_FIXTURES_H

/* clang-format off */
static const char server_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmjCCAT+gAwIBAgIUTNmaQMz8E+bwD+4JZKxvMNTCXYEwCgYIKoZIzj0EAwIw\n"
    "FjEUMBIGA1UEAwwLdGVzdCBzZXJ2ZXIwIBcNMjYxMTI0MDcwNzU4WhgPMjEyNjEw\n"
    "MzEwNzA3NThaMBYxFDASBgNVBAMMC3Rlc3Qgc2VydmVyMFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAE8w0bDAl+YooYNNl8lTH7LmPYoium62CVuYFNLk4dMJroZSSL\n"
    "9SRyF7mVh8iwXUAFAbh5RxvzGSGHWhdzNnNWt6NpMGcwHQYDVR0OBBYEFHQm10CY\n"
    "LB1MoB5zDLMs0d0uptyKMB8GA1UdIwQYMBaAFHQm10CYLB1MoB5zDLMs0d0uptyK\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJbG9jYWxob3N0MAoGCCqGSM49\n"
    "BAMCA0kAMEYCIQCkZiD4vT/RoJDy6Zfr30wBKp05eNG88++2V1lAHicnYAIhAImn\n"
    "eiMrX8EtIjzeJ6TyMYNoVxW48YuNZDOyHqtKaaIa\n"
    "-----END CERTIFICATE-----\n";

static const char server_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEINT/i5tr/Ja6W9RKbRCPQOnYtAVsXSS8yn8oIn5+YPHkoAoGCCqGSM49\n"
    "AwEHoUQDQgAE8w0bDAl+YooYNNl8lTH7LmPYoium62CVuYFNLk4dMJroZSSL9SRy\n"
    "F7mVh8iwXUAFAbh5RxvzGSGHWhdzNnNWtw==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char rsa_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDCTCCAfGgAwIBAgIUf55/JNVwRCtf666PrpM0G/ZkdEwwDQYJKoZIhvcNAQEL\n"
    "BQAwEzERMA8GA1UEAwwIdGVzdCByc2EwIBcNMjYxMTI0MDcwNzU4WhgPMjEyNjEw\n"
    "MzEwNzA3NThaMBMxETAPBgNVBAMMCHRlc3QgcnNhMIIBIjANBgkqhkiG9w0BAQEF\n"
    "AAOCAQ8AMIIBCgKCAQEAxb3v/g1cM+CLbK8lrSzCnMsBbUxQuxDDxjXjAHKEoHac\n"
    "cvOlQX9jlGIe0VvzZiDsddA6ts6FxGhr1EQadv1P5ad8bTtahwKpm0N7PC/RLoet\n"
    "dMUgx3daGUi/XcmrXH+Ybvaxse5M9WgwJ0GjUIhoKHIiiVZOPvuaZKqMN2iow5Np\n"
    "JYM6TvSv89AP/5Rpml11RPLGY5T5yVWFzx/iH3Ice4fFgz4wB/O2satK6kypskDA\n"
    "KP4DQpV3wAZV8Hi5/PeFz/qnVBTHoZV8/9awCv6Y7wgejbUVtUBfzsbZq50WrvSn\n"
    "jkBkY1leWjxPEwRvzIzwcHnlJ193M6k0grxEokShyQIDAQABo1MwUTAdBgNVHQ4E\n"
    "FgQUJ2QH8xUNL6Zbh2+DZ07MM4IISPgwHwYDVR0jBBgwFoAUJ2QH8xUNL6Zbh2+D\n"
    "Z07MM4IISPgwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAKzRg\n"
    "w1G1X6uHFD6qAQLZ8fAk2mxJxEFJ+VOCbDVdm0oOAPfh0PnG5N4gdwhaFe51ibXn\n"
    "Iyk+isp+lgQhIqwsVhIHcZXIN+wwdDPXrfBwqi03lbEuowlMSJGLgepTc1nWtcfD\n"
    "ekkOyd2VcWG52BYTi8A6GDZYD5mmHFEwYdNo/LaVRuNG0e6m1omK8EZ0mC4otSZQ\n"
    "pjfy1/NUSCzYRn3E0cVwnV/9rBYs7WdOEt84AYGTs3Y1LSaqQXhn/aaKtdVH0QzF\n"
    "upxbuW9VZeBSzGKO2llzmMS0zuyFM3qeA+UC3L+W1xpO22tsLJV5yqRv3XZqpSs8\n"
    "JKUmMcYJ1PIURfeV6w==\n"
    "-----END CERTIFICATE-----\n";

static const char rsa_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDFve/+DVwz4Its\n"
    "ryWtLMKcywFtTFC7EMPGNeMAcoSgdpxy86VBf2OUYh7RW/NmIOx10Dq2zoXEaGvU\n"
    "RBp2/U/lp3xtO1qHAqmbQ3s8L9Euh610xSDHd1oZSL9dyatcf5hu9rGx7kz1aDAn\n"
    "QaNQiGgociKJVk4++5pkqow3aKjDk2klgzpO9K/z0A//lGmaXXVE8sZjlPnJVYXP\n"
    "H+Ifchx7h8WDPjAH87axq0rqTKmyQMAo/gNClXfABlXweLn894XP+qdUFMehlXz/\n"
    "1rAK/pjvCB6NtRW1QF/OxtmrnRau9KeOQGRjWV5aPE8TBG/MjPBweeUnX3czqTSC\n"
    "vESiRKHJAgMBAAECggEACetSuBxEdUe8xrlseujlZEccrbZn0FJxd6ZpWjLka0Y3\n"
    "595H+mahAKcBY8AokAVzxx8oatYmSKlyS0YVS8W+Ncd2iuYwztf32RWD/4tog1yD\n"
    "+3kOAWN/zgfjrZk5stylsV9Hn6TUEHVnAPkeb6JAE1NSXzBIoYkugAE8ImVqHdFX\n"
    "EZi8hW2vXDgnNV9cLV3bQBtnmB4HdtpPrn9epTCzty0rCBd8V1NE2WdG0ylaPDPq\n"
    "fXhd6/f2jtqKiPA7gyLGfwwstgy/qS/ZU3Cl3qHG7WPowSXEHPlTR3G9qQ9M4Rev\n"
    "rwwGf2IdZPEATdcxyMz7u6avRjJ0MkMTrl46h3FbfwKBgQDx6ihQLOeZ5lsyWyUt\n"
    "Z1Uzxl+HdC7WmNzJiSOKtyaszWeDo+gZxucDhqP76BnAiNn0hAPnF9wa9qDPWNas\n"
    "9WSSjA2dciDBFZfwbjig1bXtNb6rSki6MfLIcoyHvDIumqCKkZgwJxvOqpb+0Ha9\n"
    "ycd23akQ0ovIqkItjcH8t8LuiwKBgQDRQV3JYCMP6IF8iRi3h2cN6G2oVNrb/FrK\n"
    "ndHkCYmzg9nsgYAuaKNnsqtnRSdk2uVl9EKxpw27ubKqVilu2HCZVqP5yOvBPzWJ\n"
    "gmVOdNCg4v/Z5H9MdxUJk1vV0ydRzBkuuSpwebXthBXRTdhJKISRKGlsRC8ITgsu\n"
    "3rayeAGvewKBgQCbICUzrGfjR1UJiGrhn5aCOd2+NWFnmORTk84nwGRbgOe1AWDv\n"
    "Tp2KpEb5XQ9OaDMjWZhLEwDAhY//Bh+7Dyyr0IVWhf288wTYV0WW1RPxBXq7ykmy\n"
    "pB7kLJgy3hpryhnSYaRulFV/g+KJidHqx75RWbh1Ih4i0hLXtUREsu2cGwKBgFAa\n"
    "tcxhAQsV9nu1/8BCFTE9yLynvyB3ekoWIEMrY4tU7hebe3ZImEUaIINn9aymHyro\n"
    "Vp+rU5aJf9u1ICdOs8v/XsZAI//WMqhxQlbGYRc1zruavSCIdYU04/L24hZuCzXX\n"
    "rGdiMEK8TZ3SLvnSiO0Ii1LmxxpmxeErYMTxK7QBAoGBAOGVCwmH0Och2YFOCtcA\n"
    "zHLuPSWvw4BgF4u153GOSRFjb4dNiODlN3VlatDJzESvCydUDDZXXMagwdjN9vQD\n"
    "9GruIwYS4UYnCjApuQT4gDzXOrtnf5lX4IkIz2j0T/VkB0hjrgGoQ97geGx/5OFM\n"
    "toYv2xRFQ7GzJ50CoOwoXfHJ\n"
    "-----END PRIVATE KEY-----\n";

static const char client_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmTCCAT+gAwIBAgIUOujfgVjw9rZqa0zpgRsk4PVuXKMwCgYIKoZIzj0EAwIw\n"
    "FjEUMBIGA1UEAwwLdGVzdCBjbGllbnQwIBcNMjYxMTI0MDcwNzU4WhgPMjEyNjEw\n"
    "MzEwNzA3NThaMBYxFDASBgNVBAMMC3Rlc3QgY2xpZW50MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEZ17gx/MV8lNC+HtffiRnGFTA0Yd7TYnnEin9/FlkmAH+zVdv\n"
    "2SBiwhpKakUjvwZoDBPzajVYUg+HMy3PvEMsqKNpMGcwHQYDVR0OBBYEFBy+7pNy\n"
    "wGO+7rZBb3fYT242LkoLMB8GA1UdIwQYMBaAFBy+7pNywGO+7rZBb3fYT242LkoL\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wFAYDVR0RBA0wC4IJbG9jYWxob3N0MAoGCCqGSM49\n"
    "BAMCA0gAMEUCIBF3srnsDZyEIeIUn2gHC3+nX0e5QBDSGEw2B55pAy+cAiEAgqrH\n"
    "83iWd9q002c8KqmKgnq+MDwBmaTj2jmQ9HybWVw=\n"
    "-----END CERTIFICATE-----\n";

static const char client_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEICmKx//QUyAYtkI+SsIUFgi7yMUCMKLrC6Kf2aHp2NWhoAoGCCqGSM49\n"
    "AwEHoUQDQgAEZ17gx/MV8lNC+HtffiRnGFTA0Yd7TYnnEin9/FlkmAH+zVdv2SBi\n"
    "whpKakUjvwZoDBPzajVYUg+HMy3PvEMsqA==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char other_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmzCCAUGgAwIBAgIUfFK57DFB2yInCLgU7P/ElfZGza0wCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMdGVzdCBjbGllbnQyMCAXDTI2MTEyNDA3MDc1OFoYDzIxMjYx\n"
    "MDMxMDcwNzU4WjAXMRUwEwYDVQQDDAx0ZXN0IGNsaWVudDIwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAASI/XJdmFLF8w1q/1CFWidNLUce1CdpMHXE0HSj7PCIaT0N\n"
    "6upUGfp3TWB2nxvDMWimjpnT0p+1E7FrR9f1UnFoo2kwZzAdBgNVHQ4EFgQUd7u4\n"
    "gqrVUITISK1b5n31pOC4Dc4wHwYDVR0jBBgwFoAUd7u4gqrVUITISK1b5n31pOC4\n"
    "Dc4wDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZI\n"
    "zj0EAwIDSAAwRQIhANyN6BYGczT0dgYyaIxqXQ7yU8HKZVvh4GpAUb1sZEgIAiBW\n"
    "Hjj6lsM9DK99eyF+Tv7l4c8bT3uUg5HYZpS9SHjLVQ==\n"
    "-----END CERTIFICATE-----\n";

static const char other_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEINEjbDB1YwaEpIQyNrF8bHPnpMLXthPxQWbkyd/3sv+XoAoGCCqGSM49\n"
    "AwEHoUQDQgAEiP1yXZhSxfMNav9QhVonTS1HHtQnaTB1xNB0o+zwiGk9DerqVBn6\n"
    "d01gdp8bwzFopo6Z09KftROxa0fX9VJxaA==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char expired_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBDDCBsgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdleHBpcmVkMB4XDTIw\n"
    "MDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHZXhwaXJlZDBZ\n"
    "MBMGByqGSM49AgEGCCqGSM49AwEHA0IABIj9cl2YUsXzDWr/UIVaJ00tRx7UJ2kw\n"
    "dcTQdKPs8IhpPQ3q6lQZ+ndNYHafG8MxaKaOmdPSn7UTsWtH1/VScWgwCgYIKoZI\n"
    "zj0EAwIDSQAwRgIhAL4oAPUN1LsuVlxvIm0WWPeDQd4ycwRGRyfDhgTB0qRNAiEA\n"
    "8oDvGthJJ0NSanM7A4astiCQzGzX75Wx/KedLRWmDmw=\n"
    "-----END CERTIFICATE-----\n";

/* `openssl x509 -outform DER | sha256sum` of client_cert */
static const char client_cert_id[] =
    "f34a6e859e6827f9aa19e68d56587444aaf6011f932338958ea35cf559059640";
/* clang-format on */

#endif
