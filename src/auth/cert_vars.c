/* cert_vars.c — see cert_vars.h.
 * The attributes that the guide names are copied out of the certificate once, under the names of their variables;
 * a certificate has some ten of them, so they are a list.
 *  I1  No name has more than five values: what a certificate has beyond that is nobody's to ask for.
 *  I2  In a value, the characters which separate attributes in the text of a name (RFC 4514) have a backslash
 *      before them, as the guide wants policies to write them. Serial numbers and names of variables have none; a
 *      directory name is such a text itself, in which only its values have them.
 * iot:Certificate.AvailableKeys lists the variables that have a value. */
#include "auth/cert_vars.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "crypto/x509.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX         "iot:Certificate."
#define AVAILABLE_KEYS PREFIX "AvailableKeys"
#define SERIAL_NUMBER  PREFIX "SerialNumber"

enum { VALUES_MAX = 5 };

struct cert_value {
    const char *name;
    const char *value;
};

struct cert_vars {
    struct arena arena; /* of all that is below */
    struct cert_value *values;
    size_t count;
};

static const struct {
    const char *type; /* of x509.h */
    const char *subject;
    const char *issuer;
} fields[] = {
#define FIELD(type, field)                                    \
    {                                                         \
        type, PREFIX "Subject." field, PREFIX "Issuer." field \
    }
    FIELD("dnQualifier", "DistinguishedNameQualifier"),
    FIELD("C", "Country"),
    FIELD("O", "Organization"),
    FIELD("OU", "OrganizationalUnit"),
    FIELD("ST", "State"),
    FIELD("CN", "CommonName"),
    FIELD("serialNumber", "SerialNumber"),
    FIELD("title", "Title"),
    FIELD("SN", "Surname"),
    FIELD("GN", "GivenName"),
    FIELD("initials", "Initials"),
    FIELD("pseudonym", "Pseudonym"),
    FIELD("generationQualifier", "GenerationQualifier"),
#undef FIELD
};

static const struct {
    const char *subject;
    const char *issuer;
} alternative_names[] = {
#define NAME(name)                                                                    \
    {                                                                                 \
        PREFIX "Subject.AlternativeName." name, PREFIX "Issuer.AlternativeName." name \
    }
    [X509_SAN_DNS] = NAME("DNSName"),
    [X509_SAN_IP] = NAME("IPAddress"),
    [X509_SAN_EMAIL] = NAME("RFC822Name"),
    [X509_SAN_URI] = NAME("UniformResourceIdentifier"),
    [X509_SAN_DIRECTORY] = NAME("DirectoryName"),
    [X509_SAN_OTHER] = { NULL, NULL },
#undef NAME
};

bool cert_vars_has(const char *name)
{
    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0;
}

static size_t count_of(const struct cert_vars *vars, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < vars->count; i++)
        count += vars->values[i].name == name;
    return count;
}

static const char *escaped(struct arena *arena, const char *text)
{
    char *copy = arena_alloc(arena, 2 * strlen(text) + 1), *out = copy;
    for (; *text; text++) {
        if (strchr(",\"\\+=<>;", *text)) *out++ = '\\';
        *out++ = *text;
    }
    return copy;
}

/* The value is in the arena. */
static void add(struct cert_vars *vars, const char *name, const char *value)
{
    if (!name || count_of(vars, name) == VALUES_MAX) return;
    vars->values[vars->count++] = (struct cert_value){ name, value };
}

static void add_name(struct cert_vars *vars, const struct x509_name *name, bool issuer)
{
    for (size_t i = 0; i < name->count; i++)
        for (size_t f = 0; f < ARRAY_LEN(fields); f++)
            if (strcmp(fields[f].type, name->attrs[i].type) == 0)
                add(vars, issuer ? fields[f].issuer : fields[f].subject,
                    escaped(&vars->arena, name->attrs[i].value));
}

static void add_alternative(struct cert_vars *vars, const struct x509_san *names, size_t count,
                            bool issuer)
{
    for (size_t i = 0; i < count; i++) {
        enum x509_san_type type = names[i].type;
        const char *value = names[i].value;
        add(vars, issuer ? alternative_names[type].issuer : alternative_names[type].subject,
            type == X509_SAN_DIRECTORY ? arena_strdup(&vars->arena, value)
                                       : escaped(&vars->arena, value));
    }
}

static void add_all(struct cert_vars *vars, const struct x509_info *info)
{
    size_t most =
        info->subject.count + info->issuer.count + info->san_count + info->issuer_san_count + 1;
    vars->values = arena_array(&vars->arena, struct cert_value, most);
    add_name(vars, &info->subject, false);
    add_name(vars, &info->issuer, true);
    add_alternative(vars, info->sans, info->san_count, false);
    add_alternative(vars, info->issuer_sans, info->issuer_san_count, true);
    add(vars, SERIAL_NUMBER, arena_strdup(&vars->arena, info->serial));
}

struct cert_vars *cert_vars_create(const char *pem)
{
    struct arena scratch = { 0 };
    struct x509_info info;
    struct cert_vars *vars = NULL;
    if (x509_parse(slice_str(pem), &scratch, &info, NULL) == 0) {
        vars = xnew(struct cert_vars);
        add_all(vars, &info);
    }
    arena_deinit(&scratch);
    return vars;
}

void cert_vars_destroy(struct cert_vars *vars)
{
    if (!vars) return;
    arena_deinit(&vars->arena);
    free(vars);
}

static bool get_key(const struct cert_vars *vars, size_t index, struct slice *ret_value)
{
    for (size_t i = 0; i < vars->count; i++) {
        const char *name = vars->values[i].name;
        bool first = true;
        for (size_t j = 0; first && j < i; j++)
            first = vars->values[j].name != name;
        if (!first || index--) continue;
        *ret_value = slice_str(name);
        return true;
    }
    return false;
}

bool cert_vars_get(const struct cert_vars *vars, const char *name, size_t index,
                   struct slice *ret_value)
{
    if (!vars) return false;
    if (strcmp(name, AVAILABLE_KEYS) == 0) return get_key(vars, index, ret_value);
    for (size_t i = 0; i < vars->count; i++) {
        if (strcmp(vars->values[i].name, name) != 0 || index--) continue;
        *ret_value = slice_str(vars->values[i].value);
        return true;
    }
    return false;
}
