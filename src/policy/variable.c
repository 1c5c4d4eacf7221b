/* variable.c — names of policy variables and condition keys; see variable.h.
 * Names are compared without regard to case, as IAM does; here once, when a policy is compiled, so
 * that whoever gives the values need not: a name of the table is replaced by the table's spelling.
 * A name that is not in the table is kept; nobody will have a value for it, so what needs it does
 * not match.
 * Certificate variables may have several values: the plain name is the first, NAME.1 the second,
 * NAME.List all of them for the set operators.
 * A substituted value must not widen a pattern or an MQTT filter, so values with * $ + ? # never
 * are. */
#include "policy/variable.h"

#include "base/err.h"
#include "base/mem.h"

#include <strings.h>

enum { NAME_MAX_LEN = 512, VALUE_MAX_LEN = 1024 };

#define ATTRIBUTES                  "iot:Connection.Thing.Attributes["

#define OF_NAME(side, field)        "iot:Certificate." side "." field
#define OF_ALTERNATIVE(side, field) OF_NAME(side, "AlternativeName." field)
#define DISTINGUISHED(side)                                                                 \
    OF_NAME(side, "DistinguishedNameQualifier"), OF_NAME(side, "Country"),                  \
        OF_NAME(side, "Organization"), OF_NAME(side, "OrganizationalUnit"),                 \
        OF_NAME(side, "State"), OF_NAME(side, "CommonName"), OF_NAME(side, "SerialNumber"), \
        OF_NAME(side, "Title"), OF_NAME(side, "Surname"), OF_NAME(side, "GivenName"),       \
        OF_NAME(side, "Initials"), OF_NAME(side, "Pseudonym"),                              \
        OF_NAME(side, "GenerationQualifier"), OF_ALTERNATIVE(side, "RFC822Name"),           \
        OF_ALTERNATIVE(side, "DNSName"), OF_ALTERNATIVE(side, "DirectoryName"),             \
        OF_ALTERNATIVE(side, "UniformResourceIdentifier"), OF_ALTERNATIVE(side, "IPAddress")

static const char *const known[] = {
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SecureTransport",
    "aws:SourceIp",
    "credentials-iot:AwsCertificateId",
    "credentials-iot:ThingName",
    "credentials-iot:ThingTypeName",
    "iot:CertificateId",
    "iot:ClientId",
    "iot:ConnectAttributes",
    "iot:DomainName",
    "iot:LastWillTopic",
    "iot:Connection.Thing.IsAttached",
    "iot:Connection.Thing.ThingName",
    "iot:Connection.Thing.ThingTypeName",
    "iot:Certificate.AvailableKeys",
    "iot:Certificate.SerialNumber",
    DISTINGUISHED("Subject"),
    DISTINGUISHED("Issuer"),
};

static bool same(struct slice text, const char *name)
{
    return text.len == strlen(name) && strncasecmp(text.ptr, name, text.len) == 0;
}

static const char *find_known(struct slice text)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (same(text, known[i])) return known[i];
    return NULL;
}

static const char *spelling(struct arena *arena, struct slice text)
{
    size_t prefix = strlen(ATTRIBUTES);
    const char *name = find_known(text);
    if (name) return name;
    if (text.len > prefix && same(slice_of(text.ptr, prefix), ATTRIBUTES))
        return arena_printf(arena, ATTRIBUTES "%.*s", (int)(text.len - prefix), text.ptr + prefix);
    return arena_strndup(arena, text.ptr, text.len);
}

/* Whether the plain name means the first of several values. */
static bool is_attribute(struct slice text)
{
    static const struct slice prefix = SLICE_LIT("iot:Certificate.");
    return text.len > prefix.len && same(slice_of(text.ptr, prefix.len), prefix.ptr) &&
           !same(text, "iot:Certificate.AvailableKeys");
}

/* Takes ".List" or ".N" off the end of a name that is known without it. */
static void take_suffix(struct slice *text, struct variable *var)
{
    struct slice base = *text;
    var->single = is_attribute(*text);
    while (base.len && base.ptr[base.len - 1] != '.')
        base.len--;
    if (base.len == 0) return;
    struct slice suffix = slice_from(*text, base.len);
    base.len--;
    bool digit = suffix.len == 1 && suffix.ptr[0] >= '0' && suffix.ptr[0] <= '9';
    if ((!digit && !same(suffix, "List")) || !find_known(base)) return;
    var->single = digit;
    var->index = digit ? (size_t)(suffix.ptr[0] - '0') : 0;
    *text = base;
}

int variable_compile(struct arena *arena, struct slice text, struct variable *ret_var,
                     struct diag *diag)
{
    struct variable var = { 0 };
    if (text.len == 0) return diag_set(diag, ERR_INVALID, "a variable without a name");
    if (text.len > NAME_MAX_LEN)
        return diag_set(diag, ERR_INVALID, "a variable's name is longer than %d bytes",
                        NAME_MAX_LEN);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr("'\"${}*?", c))
            return diag_set(diag, ERR_INVALID, "'%.*s' is no name of a variable", (int)text.len,
                            text.ptr);
    }
    take_suffix(&text, &var);
    var.name = spelling(arena, text);
    *ret_var = var;
    return 0;
}

bool variable_get(const struct variable *var, size_t offset, const struct policy_vars *vars,
                  struct slice *ret_value)
{
    return vars && vars->get && vars->get(vars->arg, var->name, var->index + offset, ret_value);
}

bool variable_substitute(const struct variable *var, const struct policy_vars *vars,
                         struct slice *ret_value)
{
    struct slice value;
    if (!variable_get(var, 0, vars, &value) || value.len == 0 || value.len > VALUE_MAX_LEN)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == '\0' || strchr("*$+?#", value.ptr[i])) return false;
    *ret_value = value;
    return true;
}

void variable_put(const struct variable *var, struct buf *out)
{
    buf_printf(out, "${%s", var->name);
    if (var->index) buf_printf(out, ".%zu", var->index);
    buf_putc(out, '}');
}
