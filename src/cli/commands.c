/* commands.c — the table of all commands: names, arguments, flags and texts. Help, usage and the
 * manual are printed from it; what a command does stands in the file of its group. */
#include "cli/commands.h"

#include "base/mem.h"
#include "cli/command.h"
#include "cli/mqtt/flags.h"
#include "cli/serve.h"

#define NAME_FLAG(what)                                 \
    {                                                   \
        .name = "--name", .value = "NAME", .text = what \
    }
#define POLICY_FLAG(what)                                   \
    {                                                       \
        .name = "--policy", .value = "POLICY", .text = what \
    }

static const struct cli_flag config_flags[] = {
    { .name = "--config", .letter = 'c', .value = "FILE", .text = "configuration file" },
    { .name = "--set",
      .value = "KEY=VALUE",
      .repeatable = true,
      .text = "set one key, such as listener.mqtt.port=1884; goes before file and environment" },
    { 0 },
};
static const struct cli_flag check_flags[] = {
    { .name = "--config",
      .letter = 'c',
      .value = "FILE",
      .required = true,
      .text = "configuration file" },
    { .name = "--set",
      .value = "KEY=VALUE",
      .repeatable = true,
      .text = "set one key, as for serve" },
    { 0 },
};
static const struct cli_flag why_flags[] = {
    { .name = "--address", .value = "ADDRESS", .text = "only what came from there" },
    { 0 },
};
static const struct cli_flag explain_flags[] = {
    { .name = "--principal",
      .value = "TARGET",
      .required = true,
      .text = "who: a certificate's id, a thing, a key's id, a user, a token's id, or its ARN" },
    { .name = "--action",
      .value = "ACTION",
      .required = true,
      .text = "what, such as iot:Publish" },
    { .name = "--resource",
      .value = "RESOURCE",
      .required = true,
      .text = "on what: an ARN, or the end of one, such as topic/a/b" },
    { .name = "--client-id", .value = "ID", .text = "as this MQTT client" },
    { .name = "--context",
      .value = "KEY=VALUE",
      .repeatable = true,
      .text = "with this value of a condition key or variable, such as aws:SourceIp=192.0.2.7" },
    { 0 },
};
static const struct cli_flag key_create_flags[] = {
    NAME_FLAG("a name to know it by"),
    POLICY_FLAG("attach this policy"),
    { .name = "--admin", .text = "may do everything" },
    { 0 },
};
static const struct cli_flag token_create_flags[] = {
    NAME_FLAG("a name to know it by"),
    POLICY_FLAG("attach this policy"),
    { .name = "--admin", .text = "may do everything" },
    { .name = "--expires",
      .value = "DURATION",
      .text = "ends after 90s, 15m, 12h, 30d or 52w; without it, never" },
    { 0 },
};
#define PASSWORD_FILE_FLAG                                                           \
    {                                                                                \
        .name = "--password-file", .value = "FILE",                                  \
        .text = "the password is the first line of this file; '-' is standard input" \
    }
static const struct cli_flag user_add_flags[] = {
    PASSWORD_FILE_FLAG,
    { .name = "--password-stdin", .text = "the same as --password-file -" },
    { .name = "--batch", .letter = 'b', .text = "mosquitto_passwd's; is refused, see above" },
    POLICY_FLAG("attach this policy; UserDefault without it"),
    { 0 },
};
static const struct cli_flag template_create_flags[] = {
    { .name = "--hook", .value = "URL", .text = "ask there before a device is provisioned" },
    { .name = "--jitp", .text = "for a CA's registration just in time, not for fleets" },
    { .name = "--disabled", .text = "not to be used yet" },
    { 0 },
};
static const struct cli_flag user_import_flags[] = {
    { .name = "--update", .text = "users who are there get the imported password" },
    { .name = "--plain", .letter = 'U', .text = "the file has passwords, not their hashes" },
    POLICY_FLAG("attach this policy; UserDefault without it, to those who are new"),
    { 0 },
};
static const struct cli_flag thing_add_flags[] = {
    { .name = "--type", .value = "TYPE", .text = "its thing type; made when it is missing" },
    { .name = "--attr", .value = "KEY=VALUE", .repeatable = true, .text = "an attribute" },
    { .name = "--out",
      .letter = 'o',
      .value = "DIR",
      .text = "where the files go; the current directory without it" },
    { .name = "--force", .text = "overwrite files" },
    { 0 },
};
static const struct cli_flag thing_list_flags[] = {
    { .name = "--type", .value = "TYPE", .text = "only those of this type" },
    { .name = "--attr", .value = "KEY[=VALUE]", .text = "only those with this attribute" },
    { 0 },
};
static const struct cli_flag thing_delete_flags[] = {
    { .name = "--certs", .text = "detach and delete its certificates too" },
    { 0 },
};
static const struct cli_flag group_create_flags[] = {
    { .name = "--parent", .value = "GROUP", .text = "the group that it is in, for good" },
    { .name = "--description", .value = "TEXT", .text = "what it is for" },
    { .name = "--attr", .value = "KEY=VALUE", .repeatable = true, .text = "an attribute" },
    { 0 },
};
static const struct cli_flag group_list_flags[] = {
    { .name = "--parent", .value = "GROUP", .text = "only those in this group, and in these" },
    { 0 },
};
static const struct cli_flag policy_update_flags[] = {
    { .name = "--keep-default", .text = "do not let it decide yet: see policy use" },
    { 0 },
};
static const struct cli_flag policy_effective_flags[] = {
    { .name = "--principal",
      .value = "TARGET",
      .text = "whose policies count; without it those of the thing's only principal" },
    { 0 },
};
static const struct cli_flag cert_delete_flags[] = {
    { .name = "--force", .text = "also when policies are attached" },
    { 0 },
};
#define ACTIVE_FLAG                                                       \
    {                                                                     \
        .name = "--active", .text = "ACTIVE at once; INACTIVE without it" \
    }
static const struct cli_flag cert_register_flags[] = {
    ACTIVE_FLAG,
    { .name = "--ca",
      .value = "FILE",
      .text = "the CA that signed it, where several registered ones have the name of its issuer" },
    { 0 },
};
static const struct cli_flag cert_register_no_ca_flags[] = { ACTIVE_FLAG, { 0 } };
static const struct cli_flag ca_register_flags[] = {
    { .name = "--proof",
      .value = "FILE",
      .text = "a certificate that the CA has signed for the registration code as common name" },
    { .name = "--sni-only", .text = "without a proof; nothing is registered just in time then" },
    ACTIVE_FLAG,
    { .name = "--auto-registration", .text = "register just in time what it has signed" },
    { .name = "--template",
      .value = "NAME",
      .text = "the provisioning template of what is registered just in time" },
    { 0 },
};
static const struct cli_flag ca_list_flags[] = {
    { .name = "--template", .value = "NAME", .text = "only those with this template" },
    { 0 },
};
static const struct cli_flag ca_update_flags[] = {
    { .name = "--active", .text = "what it has signed may be registered" },
    { .name = "--inactive", .text = "may not; what is registered stays as it is" },
    { .name = "--auto-registration", .text = "register just in time what it has signed" },
    { .name = "--no-auto-registration", .text = "do not" },
    { .name = "--template", .value = "NAME", .text = "another provisioning template" },
    { .name = "--no-template", .text = "no template any more, and no auto registration" },
    { 0 },
};
static const struct cli_flag rule_create_flags[] = {
    { .name = "--sql", .value = "SQL", .required = true, .text = "the statement" },
    { .name = "--file",
      .value = "PATH",
      .repeatable = true,
      .text = "append each result as a line to this file, below rules.file_root" },
    { .name = "--max-bytes", .value = "N", .text = "size at which the file is rotated" },
    { .name = "--max-files", .value = "N", .text = "how many rotated files are kept" },
    { .name = "--republish",
      .value = "TOPIC",
      .repeatable = true,
      .text = "publish each result to this topic" },
    { .name = "--qos", .value = "N", .text = "0 or 1, for --republish" },
    { .name = "--error-republish",
      .value = "TOPIC",
      .text = "publish what went wrong to this topic when an action fails" },
    { .name = "--description", .value = "TEXT", .text = "what it is for" },
    { .name = "--disabled", .text = "do not run it yet" },
    { 0 },
};
static const struct cli_flag rule_test_flags[] = {
    { .name = "--sql", .value = "SQL", .required = true, .text = "the statement" },
    { .name = "--topic", .value = "TOPIC", .required = true, .text = "the topic of the message" },
    { .name = "--payload",
      .value = "FILE",
      .text = "the message; '-' is standard input; {} without it" },
    { 0 },
};
static const struct cli_flag session_list_flags[] = {
    { .name = "--connected", .text = "only those whose client is connected" },
    { .name = "--away", .text = "only those whose client is not" },
    { .name = "--prefix", .value = "TEXT", .text = "only client ids that begin so" },
    { 0 },
};
static const struct cli_flag purge_flags[] = {
    { .name = "--dry-run", .text = "remove nothing; print the topics" },
    { 0 },
};
static const struct cli_flag shadow_flags[] = {
    NAME_FLAG("the named shadow; the classic one without it"),
    { 0 },
};
static const struct cli_flag bench_flags[] = {
    { .name = "--host", .value = "HOST", .text = "the broker; 127.0.0.1 without it" },
    { .name = "--port",
      .letter = 'p',
      .value = "PORT",
      .text = "its port; without it 1883, 8883 with --cafile; for WebSocket 8080 and 8443" },
    { .name = "--ws", .text = "MQTT over WebSocket: path /mqtt, subprotocol mqtt" },
    { .name = "--frame",
      .value = "N",
      .text = "packets that share a WebSocket frame; without it all that are written together" },
    { .name = "--username", .letter = 'u', .value = "NAME", .text = "who connects" },
    { .name = "--pw",
      .letter = 'P',
      .value = "PASSWORD",
      .secret = true,
      .text = "the password; better in a file or in THINGD_PASSWORD, where others cannot see it" },
    PASSWORD_FILE_FLAG,
    { .name = "--cafile",
      .value = "FILE",
      .text = "connect with TLS; the certificates (PEM) that the broker's must be signed by" },
    { .name = "--protocol-version",
      .letter = 'V',
      .value = "VERSION",
      .text = "of all clients: 311 (3.1.1) or 5; mqttv311 and mqttv5 too; 311 without it" },
    { .name = "--seconds",
      .letter = 's',
      .value = "N",
      .text = "measure for at most so long, 0.05 to 3600; 5 without it" },
    { .name = "--payload", .value = "BYTES", .text = "of a message, 16 to 65536; 64 without it" },
    { .name = "--rate",
      .value = "N",
      .text = "messages a second of the scenario latency; 20000 without it" },
    { .name = "--scale",
      .value = "PERCENT",
      .text = "only this share of the connections, filters and queued messages, 1 to 100" },
    { .name = "--pid",
      .value = "PID",
      .text = "the broker's process, when it runs on this machine: its CPU time is counted" },
    { .name = "--cpu",
      .value = "N",
      .text = "end as soon as the broker has used so many CPU seconds; goes with --pid" },
    { 0 },
};

#define OFFLINE_TEXT "Works while the hub runs and while it does not."
#define TARGET_TEXT                                                                            \
    "TARGET is the id of a certificate, a thing (its certificates), the id of a key, a user, " \
    "the\n"                                                                                    \
    "id of a token, a thing group, or an ARN. Where a name is two of these, write user:NAME "  \
    "or\n"                                                                                     \
    "group:NAME."

#define MQTT_TEXT                                                                                  \
    "The flags are those of mosquitto's clients, with these differences: -d is the data "          \
    "directory,\n"                                                                                 \
    "and debug output is --debug; -S names a Unix socket; exit codes are ours; no file of flags "  \
    "is\n"                                                                                         \
    "read. What mosquitto has and is not listed here is refused. With no --host, --port, --unix "  \
    "and\n"                                                                                        \
    "--url, the hub of the data directory is reached over its Unix socket, or localhost where "    \
    "there\n"                                                                                      \
    "is none that may be used. TLS trusts the CAs of the system and the hub's own, unless "        \
    "--cafile\n"                                                                                   \
    "names others.\n"                                                                              \
    "\n"                                                                                           \
    "-D gives a packet a property of MQTT 5, which is the version then, as with other flags that " \
    "only\n"                                                                                       \
    "MQTT 5 has. user-property has a name before its VALUE. What a hub of MQTT 5 limits is kept "  \
    "to;\n"                                                                                        \
    "what it refuses is told with its reason, and the exit code is 1 in the end. PROPERTY, and "   \
    "the\n"                                                                                        \
    "COMMANDs that may have it:\n\n"
#define NAME_LINE(text_, prop_, where_) "- `" text_ "` " where_ "\n"
#define SUB_TEXT                                                                                 \
    "Ends with 0 after --count messages, with 1 when --timeout comes before them; without "      \
    "--count,\n"                                                                                 \
    "--timeout ends with 0. A lost connection is made again. A message is acknowledged when it " \
    "is\n"                                                                                       \
    "printed.\n"                                                                                 \
    "\n"                                                                                         \
    "--format prints text with these sequences; '-', '0', a width and '.' with the most "        \
    "characters\n"                                                                               \
    "may stand behind '%', as in '%-20.20t':\n\n"
static const char pub_text[] = MQTT_TEXT
#define NAME NAME_LINE
#include "cli/mqtt/names_tbl.h"
    "\n"
    "A message with QoS 1 or 2 is done when the hub has acknowledged it, one with QoS 0 when the\n"
    "hub has read it; that it has refused one with QoS 0, a hub of MQTT 5 need not tell. With\n"
    "--stdin-line and --repeat a lost connection is made again, and what was not acknowledged is\n"
    "sent again. With --json the number of messages is printed. With a topic-alias the topic is\n"
    "sent once on a connection.";
static const char sub_text[] = MQTT_TEXT
#define NAME NAME_LINE
#include "cli/mqtt/names_tbl.h"
    "\n" SUB_TEXT
#define FIELD(letter_, written_, takes_, put_, text_) "- `" written_ "` " text_ "\n"
#include "cli/sub_format_tbl.h"
    "- `%%` a percent sign, `@@` an at sign\n"
    "- `@` and a letter: what strftime has for it, in local time; `@N` nanoseconds\n"
    "- `\\n` `\\t` `\\r` `\\a` `\\v` `\\e` `\\0` `\\\\` characters that are hard to type\n"
    "\n"
    "In JSON, what a message has several times is an array, and so are bytes that are no text.";

static const struct cli_command hub_commands[] = {
    { "serve", NULL, 0, 0, config_flags, serve_run, "run the hub",
      "Runs in the foreground and logs to standard error. SIGTERM stops it, SIGHUP reloads\n"
      "certificates, logging and limits. The first start makes the data directory and writes the\n"
      "first administrator's key and token to admin.json in it." },
    { "init", NULL, 0, 0, config_flags, init_run, "make the data directory",
      "Prints where the CA's certificate is, and the first administrator's key and token, once." },
};

const struct cli_command client_commands[] = {
    { "check", NULL, 0, 0, check_flags, check_run, "check a configuration file",
      "Names every error with its line, and exits with 2 if there is any. The environment counts\n"
      "as it does for serve." },
    { "status", NULL, 0, 0, NULL, simple_run, "health, version and counters of the running hub",
      NULL },

    { "key create", NULL, 0, 0, key_create_flags, key_create_run, "make an access key",
      "The secret is printed once and can not be had again. " OFFLINE_TEXT },
    { "key list", NULL, 0, 0, NULL, simple_run, "list access keys", OFFLINE_TEXT },
    { "key disable", "ID", 1, 1, NULL, simple_run, "refuse an access key until it is enabled",
      "Its connections end. " OFFLINE_TEXT },
    { "key enable", "ID", 1, 1, NULL, simple_run, "let an access key in again", OFFLINE_TEXT },
    { "key delete", "ID", 1, 1, NULL, simple_run, "delete an access key", OFFLINE_TEXT },
    { "token create", NULL, 0, 0, token_create_flags, token_create_run, "make a bearer token",
      "The token is printed once and can not be had again. " OFFLINE_TEXT },
    { "token list", NULL, 0, 0, NULL, simple_run, "list bearer tokens", OFFLINE_TEXT },
    { "token disable", "ID", 1, 1, NULL, simple_run, "refuse a bearer token until it is enabled",
      "Its connections end. " OFFLINE_TEXT },
    { "token enable", "ID", 1, 1, NULL, simple_run, "let a bearer token in again", OFFLINE_TEXT },
    { "token delete", "ID", 1, 1, NULL, simple_run, "delete a bearer token", OFFLINE_TEXT },
    { "user add", "NAME", 1, 2, user_add_flags, user_add_run,
      "add an MQTT user, or change the password",
      "Asks for the password twice, unless it comes from standard input, a file, or the variable\n"
      "THINGD_USER_PASSWORD. With an empty answer, and where there is no terminal to ask at, one "
      "is\n"
      "made, and printed once. There is no -b PASSWORD as of mosquitto_passwd: every user of this\n"
      "host can read it in the list of processes, and it stays in the history of the shell. A "
      "user\n"
      "who is there already gets the new password, and connections by the old one "
      "end.\n" OFFLINE_TEXT },
    { "user import", "FILE", 1, 1, user_import_flags, user_import_run,
      "add MQTT users from a file of mosquitto_passwd",
      "FILE has lines NAME:HASH, '-' is standard input; HASH is of the formats $6$ (sha512), $7$\n"
      "(sha512-pbkdf2) and $argon2id$. All users are added, or none, and then each that cannot be\n"
      "is named. When a user logs in for the first time, the hash is replaced by one of our own. "
      "At\n"
      "most 5000 users at a time. " OFFLINE_TEXT },
    { "user list", NULL, 0, 0, NULL, simple_run, "list MQTT users", OFFLINE_TEXT },
    { "user disable", "NAME", 1, 1, NULL, simple_run, "refuse an MQTT user until it is enabled",
      "The connections of the user end. " OFFLINE_TEXT },
    { "user enable", "NAME", 1, 1, NULL, simple_run, "let an MQTT user in again", OFFLINE_TEXT },
    { "user delete", "NAME", 1, 1, NULL, simple_run, "delete an MQTT user", OFFLINE_TEXT },

    { "thing add", "NAME", 1, 1, thing_add_flags, thing_add_run,
      "register a thing and make its key and certificate",
      "Makes the thing, an RSA key and a certificate, attaches the policy ThingDefault, and "
      "writes\n"
      "NAME.cert.pem, NAME.private.key and root-ca.pem: the hub's CAs, P-256 and RSA. Files that\n"
      "are there are not overwritten.\n"
      "When a step fails, those before it are undone; a new thing type stays. For a thing that is\n"
      "there already with the same type and attributes, makes another certificate." },
    { "thing list", NULL, 0, 0, thing_list_flags, thing_list_run, "list things", NULL },
    { "thing show", "NAME", 1, 1, NULL, thing_show_run, "a thing, its attributes and certificates",
      NULL },
    { "thing delete", "NAME", 1, 1, thing_delete_flags, thing_delete_run, "delete a thing",
      "Refused while certificates are attached, unless --certs is given. A certificate that\n"
      "belongs to another thing too is detached and stays." },
    { "type list", NULL, 0, 0, NULL, simple_run, "list thing types", NULL },
    { "group create", "NAME", 1, 1, group_create_flags, group_create_run, "make a thing group",
      "What its policies allow, the things in it and in groups below it may." },
    { "group list", NULL, 0, 0, group_list_flags, simple_run, "list thing groups, level by level",
      NULL },
    { "group show", "NAME", 1, 1, NULL, group_show_run, "a group, its things and policies", NULL },
    { "group add", "NAME THING", 2, 2, NULL, group_add_run, "put a thing into a group",
      "A thing can be in one group of a hierarchy." },
    { "group remove", "NAME THING", 2, 2, NULL, group_remove_run, "take a thing out of a group",
      NULL },
    { "group delete", "NAME", 1, 1, NULL, simple_run, "delete a group",
      "Its things and policies stay. Refused while there are groups in it." },
    { "cert list", NULL, 0, 0, NULL, simple_run, "list certificates", NULL },
    { "cert show", "ID", 1, 1, NULL, simple_run, "a certificate", NULL },
    { "cert register", "FILE", 1, 1, cert_register_flags, simple_run,
      "register a certificate that a registered CA has signed",
      "FILE is PEM; '-' is standard input." },
    { "cert register-no-ca", "FILE", 1, 1, cert_register_no_ca_flags, simple_run,
      "register a certificate of any origin", "FILE is PEM; '-' is standard input." },
    { "cert activate", "ID", 1, 1, NULL, simple_run, "let a certificate in", NULL },
    { "cert revoke", "ID", 1, 1, NULL, simple_run,
      "refuse a certificate from now on, and say that it is revoked", NULL },
    { "cert deactivate", "ID", 1, 1, NULL, simple_run, "refuse a certificate from now on", NULL },
    { "cert delete", "ID", 1, 1, cert_delete_flags, simple_run, "delete a certificate",
      "Refused while it is active or attached to a thing." },

    { "ca registration-code", NULL, 0, 0, NULL, simple_run,
      "the common name which proves that a CA is yours",
      "Make a key and a request with this common name, sign it by the CA, and give the "
      "certificate\n"
      "to 'ca register --proof'." },
    { "ca register", "FILE", 1, 1, ca_register_flags, simple_run, "register a CA of your own",
      "FILE is the CA's certificate in PEM; '-' is standard input. Either --proof or --sni-only." },
    { "ca list", NULL, 0, 0, ca_list_flags, simple_run, "list CAs", NULL },
    { "ca show", "ID", 1, 1, NULL, simple_run, "a CA", NULL },
    { "ca certs", "ID", 1, 1, NULL, simple_run, "list what was registered of a CA", NULL },
    { "ca update", "ID", 1, 1, ca_update_flags, simple_run, "change a CA", NULL },
    { "ca delete", "ID", 1, 1, NULL, simple_run, "delete a CA",
      "Refused while it is active. What it has signed stays registered." },
    { "crl put", "ID FILE", 2, 2, NULL, simple_run, "put the revocation list of a CA",
      "FILE is the list in PEM; '-' is standard input. Certificates that it names are REVOKED, "
      "and\n"
      "their connections closed. It may not be older than the one that is in force." },
    { "crl show", "ID", 1, 1, NULL, simple_run, "the revocation list of a CA",
      "The first 1000 entries." },
    { "crl delete", "ID", 1, 1, NULL, simple_run, "delete the revocation list of a CA",
      "What it has revoked stays so." },

    { "policy create", "NAME FILE", 2, 2, NULL, policy_create_run, "make a policy",
      "FILE is a policy document of AWS IoT; '-' is standard input." },
    { "policy list", NULL, 0, 0, NULL, simple_run, "list policies", NULL },
    { "policy show", "NAME", 1, 1, NULL, policy_show_run, "a policy and who has it", NULL },
    { "policy attach", "NAME TARGET", 2, 2, NULL, policy_attach_run, "give a policy to somebody",
      TARGET_TEXT },
    { "policy detach", "NAME TARGET", 2, 2, NULL, policy_detach_run, "take a policy from somebody",
      TARGET_TEXT },
    { "policy update", "NAME FILE", 2, 2, policy_update_flags, policy_update_run,
      "give a policy another document",
      "Makes a new version, of which there can be five. FILE as for create." },
    { "policy versions", "NAME", 1, 1, NULL, simple_run, "the versions of a policy", NULL },
    { "policy use", "NAME VERSION", 2, 2, NULL, policy_use_run, "let another version decide",
      NULL },
    { "policy effective", "THING", 1, 1, policy_effective_flags, policy_effective_run,
      "what decides for a thing",
      "The policies of its principal, then those of its groups. With --json with their "
      "documents." },
    { "policy explain", NULL, 0, 0, explain_flags, policy_explain_run,
      "what policies would say, and why",
      "Asks the policies of the principal and of the groups of its thing, as the hub would. "
      "Ends with 1 when it is not allowed." },
    { "policy delete", "NAME", 1, 1, NULL, simple_run, "delete a policy",
      "Refused while it is attached to anybody." },

    { "template create", "NAME FILE", 2, 2, template_create_flags, template_create_run,
      "make a provisioning template", "FILE is a template of AWS IoT; '-' is standard input." },
    { "template list", NULL, 0, 0, NULL, simple_run, "list provisioning templates", NULL },
    { "template show", "NAME", 1, 1, NULL, simple_run, "a template and its body", NULL },
    { "template enable", "NAME", 1, 1, NULL, simple_run, "let devices use a template", NULL },
    { "template disable", "NAME", 1, 1, NULL, simple_run, "refuse a template from now on", NULL },
    { "template delete", "NAME", 1, 1, NULL, simple_run, "delete a template with its versions",
      NULL },

    { "rule create", "NAME", 1, 1, rule_create_flags, rule_create_run, "make a rule",
      "At least one action: --file or --republish." },
    { "rule list", NULL, 0, 0, NULL, simple_run, "list rules", NULL },
    { "rule show", "NAME", 1, 1, NULL, simple_run, "a rule", NULL },
    { "rule delete", "NAME", 1, 1, NULL, simple_run, "delete a rule", NULL },
    { "rule enable", "NAME", 1, 1, NULL, simple_run, "let a rule run", NULL },
    { "rule disable", "NAME", 1, 1, NULL, simple_run, "stop a rule", NULL },
    { "rule test", NULL, 0, 0, rule_test_flags, rule_test_run, "dry run: what a rule would emit",
      "Nothing is published and nothing is kept." },

    { "shadow get", "THING", 1, 1, shadow_flags, simple_run, "print a shadow", NULL },
    { "shadow update", "THING DOCUMENT", 2, 2, shadow_flags, shadow_update_run, "update a shadow",
      "DOCUMENT is JSON such as {\"state\":{\"desired\":{\"on\":true}}}, @FILE, or '-' for "
      "standard\n"
      "input." },
    { "shadow delete", "THING", 1, 1, shadow_flags, simple_run, "delete a shadow", NULL },

    { "session list", NULL, 0, 0, session_list_flags, simple_run, "list sessions of MQTT clients",
      NULL },
    { "session show", "CLIENT", 1, 1, NULL, simple_run,
      "a session: who, where, what waits for it, its subscriptions", NULL },
    { "session delete", "CLIENT", 1, 1, NULL, simple_run, "disconnect a client, end its session",
      "Its subscriptions and what waits for it are gone; its will is sent. The client may connect\n"
      "again, to a new session." },
    { "retained list", "[FILTER]", 0, 1, NULL, simple_run, "list retained messages",
      "FILTER is a topic filter, '#' without it. What is below $SYS is listed by its name only." },
    { "retained purge", "FILTER", 1, 1, purge_flags, retained_purge_run, "remove retained messages",
      "Subscribers are not told." },
    { "why", "[CLIENT|THING]", 0, 1, why_flags, why_run,
      "what was refused, and why, the last first",
      "Of an MQTT client id, or of whoever is the thing. The hub remembers as many refusals as "
      "limits.ledger says." },
    { "pub", "[TOPIC]", 0, 1, pub_flags, pub_run, "publish messages by MQTT", pub_text },
    { "sub", "[FILTER]...", 0, CLI_ANY, sub_flags, sub_run, "subscribe and print what comes",
      sub_text },
    { "bench", "[SCENARIO]...", 0, CLI_ANY, bench_flags, bench_command,
      "put load on a broker and measure",
      "Without a scenario, lists them. Works with any broker of MQTT 3.1.1 or 5; that is not to "
      "be\n"
      "done to one which others need. Uses client ids and topics that begin with \"bench\", and "
      "leaves\n"
      "nothing behind. Says when the generator was the bottleneck and not the broker. With "
      "--cafile\n"
      "every scenario runs over TLS 1.2; a numeric HOST is not compared with the certificate." },
    { 0 },
};

const struct cli_flag client_flags[] = {
    { .name = "--data",
      .letter = 'd',
      .value = "DIR",
      .text = "data directory (default: $THINGD_DATA, else /var/lib/thingd, else ./var)" },
    { .name = "--json", .text = "print JSON" },
    { 0 },
};

struct cli_command *commands_collect(size_t *ret_count)
{
    const size_t hub = ARRAY_LEN(hub_commands), client = ARRAY_LEN(client_commands) - 1;
    struct cli_command *all = xcalloc(hub + client, sizeof *all);
    for (size_t i = 0; i < hub; i++)
        all[i] = hub_commands[i];
    for (size_t i = 0; i < client; i++)
        all[hub + i] = client_commands[i];
    *ret_count = hub + client;
    return all;
}
