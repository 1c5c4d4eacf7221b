/* err.h — every error code of the program, once.
 * 0 or positive is success. Codes of the system are negative errno values, as libuv gives them;
 * our own begin at -5000. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*      name           code   text                                        */
#define ERR_LIST(X)                                        \
    X(ERR_MALFORMED, -5000, "malformed")                   \
    X(ERR_SYNTAX, -5001, "syntax error")                   \
    X(ERR_TOPIC, -5002, "invalid topic")                   \
    X(ERR_DENIED, -5003, "not authorized")                 \
    X(ERR_AUTH, -5004, "not authenticated")                \
    X(ERR_STORE, -5005, "the store cannot keep it")        \
    X(ERR_LIMIT, -5006, "a limit was reached")             \
    X(ERR_TOO_LARGE, -5007, "too large")                   \
    X(ERR_NOT_FOUND, -5008, "not found")                   \
    X(ERR_EXISTS, -5009, "exists already")                 \
    X(ERR_CONFLICT, -5010, "version conflict")             \
    X(ERR_IN_USE, -5011, "in use")                         \
    X(ERR_STATE, -5012, "not possible in this state")      \
    X(ERR_INVALID, -5013, "invalid value")                 \
    X(ERR_USAGE, -5014, "bad usage")                       \
    X(ERR_CONFIG, -5015, "bad configuration")              \
    X(ERR_CRYPTO, -5016, "cryptographic operation failed") \
    X(ERR_CERT, -5017, "certificate refused")              \
    X(ERR_UNSUPPORTED, -5018, "not supported")             \
    X(ERR_BUSY, -5019, "busy")                             \
    X(ERR_CLOSED, -5020, "closed")                         \
    X(ERR_TIMEOUT, -5021, "timed out")                     \
    X(ERR_NEWER, -5022, "made by a newer version")         \
    X(ERR_LOCKED, -5023, "locked by another process")      \
    X(ERR_INTERNAL, -5024, "internal error")               \
    X(ERR_DEPTH, -5025, "nested too deeply")               \
    X(ERR_ENCODING, -5026, "not UTF-8")                    \
    X(ERR_PROTOCOL, -5027, "protocol error")               \
    X(ERR_EXPIRED, -5028, "expired")

enum err {
#define X(name, code, text) name = (code),
    ERR_LIST(X)
#undef X
};

/* The symbolic name, such as "ERR_DENIED" or "ENOSPC"; never NULL. */
const char *err_name(int code);
/* A short text for humans; never NULL. Static storage. */
const char *err_text(int code);

#endif
