/* metrics.h — every counter and gauge of the program, in one table, printed as Prometheus text. Rows of one name
 * that differ in their labels, which are part of the name, stand together.
 * Each metric has one writing thread; any thread may read. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"

#include <stdatomic.h>
#include <stdint.h>

/*    name                                       type     help                                      */
#define METRICS_LIST(X)                                                                            \
    X(CONNECTIONS, "thingd_connections", "gauge", "Open connections of all protocols")             \
    X(CONNECTIONS_TOTAL, "thingd_connections_total", "counter", "Connections accepted")            \
    X(CONNECTIONS_REFUSED, "thingd_connections_refused_total", "counter",                          \
      "Connections closed because a limit was reached")                                            \
    X(ADDRESS_REFUSED, "thingd_address_refused_total", "counter",                                  \
      "Connections closed because their address had too many or made them too fast")               \
    X(ACCEPT_PAUSES, "thingd_accept_pauses_total", "counter",                                      \
      "Times a listener had to wait because the system had no descriptor or memory left")          \
    X(PROXY_REFUSED, "thingd_proxy_refused_total", "counter",                                      \
      "Connections closed because they had no valid PROXY header, or none in time, or are not "    \
      "trusted")                                                                                   \
    X(FOREIGN_PROTOCOL, "thingd_foreign_protocol_total", "counter",                                \
      "Connections closed because their first bytes were no protocol that is spoken there")        \
    X(TLS_HANDSHAKES, "thingd_tls_handshakes_total", "counter", "TLS handshakes completed")        \
    X(TLS_RESUMED, "thingd_tls_resumed_total", "counter",                                          \
      "TLS handshakes that took up an earlier session")                                            \
    X(TLS_SESSIONS, "thingd_tls_sessions", "gauge",                                                \
      "TLS sessions in memory, for clients without tickets")                                       \
    X(TLS_FAILURES, "thingd_tls_failures_total", "counter", "TLS handshakes failed")               \
    X(MQTT_CLIENTS, "thingd_mqtt_clients", "gauge", "MQTT clients connected")                      \
    X(MQTT_CLIENTS_MAX, "thingd_mqtt_clients_max", "gauge", "Most MQTT clients at one time")       \
    X(MQTT_CONNECTS, "thingd_mqtt_connects_total", "counter", "MQTT CONNECTs accepted")            \
    X(MQTT_CONNECTS_REFUSED, "thingd_mqtt_connects_refused_total", "counter",                      \
      "MQTT CONNECTs refused")                                                                     \
    X(FIGHTS, "thingd_client_id_fights_total", "counter",                                          \
      "Times when two clients were found to fight for one client id")                              \
    X(MQTT_MALFORMED, "thingd_mqtt_malformed_total", "counter",                                    \
      "MQTT connections closed for a malformed packet or a protocol violation")                    \
    X(MQTT_THROTTLED, "thingd_mqtt_throttled_total", "counter",                                    \
      "Times an MQTT connection had to wait because it sent faster than it may")                   \
    X(MQTT_PACKETS_IN, "thingd_mqtt_packets_received_total", "counter",                            \
      "MQTT packets of all types received")                                                        \
    X(MQTT_PACKETS_OUT, "thingd_mqtt_packets_sent_total", "counter",                               \
      "MQTT packets of all types sent")                                                            \
    X(PUBLISHES_IN, "thingd_mqtt_publishes_received_total", "counter", "MQTT PUBLISHes received")  \
    X(PUBLISHES_OUT, "thingd_mqtt_publishes_sent_total", "counter", "MQTT PUBLISHes sent")         \
    X(PUBLISH_BYTES_IN, "thingd_mqtt_publish_bytes_received_total", "counter",                     \
      "Bytes of payload in MQTT PUBLISHes received")                                               \
    X(PUBLISH_BYTES_OUT, "thingd_mqtt_publish_bytes_sent_total", "counter",                        \
      "Bytes of payload in MQTT PUBLISHes sent")                                                   \
    X(SESSIONS, "thingd_sessions", "gauge", "MQTT sessions, connected or kept")                    \
    X(SESSIONS_EXPIRED, "thingd_sessions_expired_total", "counter",                                \
      "MQTT sessions which were alone for longer than they may")                                   \
    X(SUBSCRIPTIONS, "thingd_subscriptions", "gauge", "Subscriptions of sessions")                 \
    X(SHARED_SUBSCRIPTIONS, "thingd_shared_subscriptions", "gauge",                                \
      "Shared subscriptions of sessions")                                                          \
    X(RETAINED, "thingd_retained_messages", "gauge", "Retained messages")                          \
    X(MESSAGES_IN, "thingd_messages_received_total", "counter", "Messages published to the hub")   \
    X(MESSAGES_OUT, "thingd_messages_sent_total", "counter", "Messages delivered to sessions")     \
    X(BYTES_IN, "thingd_bytes_received_total", "counter", "Bytes read from connections")           \
    X(BYTES_OUT, "thingd_bytes_sent_total", "counter", "Bytes written to connections")             \
    X(MEMORY_LIMIT, "thingd_memory_limit_bytes", "gauge", "limits.memory")                         \
    X(MEMORY_MESSAGES, "thingd_memory_messages_bytes", "gauge",                                    \
      "Memory for messages: retained, queued, on their way")                                       \
    X(MEMORY_QUEUES, "thingd_memory_queues_bytes", "gauge",                                        \
      "Memory for queues, beside the messages")                                                    \
    X(MEMORY_OUTPUT, "thingd_memory_output_bytes", "gauge",                                        \
      "Memory for output that waits for sockets")                                                  \
    X(MEMORY_WAITS, "thingd_memory_waits_total", "counter",                                        \
      "Times a publisher had to wait because limits.memory was reached")                           \
    X(DROPS, "thingd_messages_dropped_total", "counter",                                           \
      "Messages dropped because a queue was full")                                                 \
    X(EXPIRED, "thingd_messages_expired_total", "counter",                                         \
      "Messages not sent to a session because they had expired")                                   \
    X(DENIALS, "thingd_denials_total", "counter", "Actions which no policy allowed")               \
    X(AUTH_FAILURES, "thingd_auth_failures_total", "counter", "Credentials refused")               \
    X(LOGINS_DELAYED, "thingd_logins_delayed_total", "counter",                                    \
      "Logins refused without a look at the password, after too many failures")                    \
    X(USERS_REHASHED, "thingd_users_rehashed_total", "counter",                                    \
      "Passwords of imported users that were hashed anew, when their users came")                  \
    X(LOGINS_HELD, "thingd_logins_held_total", "counter",                                          \
      "Logins that had to wait, after too many failures of their user elsewhere")                  \
    X(HOPS_CUT, "thingd_hops_exceeded_total", "counter",                                           \
      "Republished messages cut at the hop limit")                                                 \
    X(COMMITS, "thingd_store_commits_total", "counter", "Transactions committed")                  \
    X(COMMIT_REQUESTS, "thingd_store_requests_total", "counter",                                   \
      "Requests in committed transactions")                                                        \
    X(COMMIT_CANCELLED, "thingd_store_cancelled_total", "counter",                                 \
      "Requests which cancelled out before they reached the disk")                                 \
    X(COMMIT_FAILURES, "thingd_store_failures_total", "counter", "Transactions which failed")      \
    X(COMMIT_NANOSECONDS, "thingd_store_commit_nanoseconds_total", "counter",                      \
      "Time spent in transactions")                                                                \
    X(COMMIT_LAST_NS, "thingd_store_commit_last_nanoseconds", "gauge",                             \
      "Duration of the last transaction")                                                          \
    X(COMMIT_MAX_NS, "thingd_store_commit_max_nanoseconds", "gauge", "Longest transaction so far") \
    X(STORE_PENDING, "thingd_store_pending_requests", "gauge", "Requests waiting for the store")   \
    X(RULES, "thingd_rules", "gauge", "Rules that are enabled")                                    \
    X(RULE_MATCHES, "thingd_rule_matches_total", "counter", "Messages matched by a rule's filter") \
    X(RULE_FIRED, "thingd_rule_fired_total", "counter", "Rules whose WHERE was true")              \
    X(RULE_FAILURES, "thingd_rule_failures_total", "counter", "Rule evaluations that failed")      \
    X(ACTION_RUNS, "thingd_action_runs_total", "counter", "Actions run")                           \
    X(ACTION_FAILURES, "thingd_action_failures_total", "counter", "Actions failed")                \
    X(WEBHOOK_REQUESTS, "thingd_webhook_requests_total", "counter",                                \
      "HTTP requests which the hub has made")                                                      \
    X(WEBHOOK_FAILURES, "thingd_webhook_failures_total", "counter",                                \
      "HTTP requests of the hub which got no answer")                                              \
    X(SHADOW_UPDATES, "thingd_shadow_updates_total", "counter", "Shadow updates accepted")         \
    X(SHADOW_REJECTS, "thingd_shadow_rejects_total", "counter", "Shadow requests rejected")        \
    X(PROVISIONING_PENDING, "thingd_provisioning_pending_certificates", "gauge",                   \
      "Certificates that wait for their device to be provisioned")                                 \
    X(PROVISIONING_REJECTS, "thingd_provisioning_rejects_total", "counter",                        \
      "Requests for provisioning rejected")                                                        \
    X(HTTP_REQUESTS, "thingd_http_requests_total", "counter", "HTTP requests answered")            \
    X(HTTP_ERRORS, "thingd_http_errors_total", "counter",                                          \
      "HTTP requests answered with 4xx or 5xx")                                                    \
    X(WEBSOCKET_UPGRADES, "thingd_websocket_upgrades_total", "counter",                            \
      "Connections that went on as WebSocket")                                                     \
    X(WEBSOCKET_ERRORS, "thingd_websocket_errors_total", "counter",                                \
      "WebSocket connections closed for breaking RFC 6455 or its limits")                          \
    X(EVENT_STREAMS, "thingd_event_streams", "gauge", "Open streams of GET /hub/subscribe")        \
    X(EVENTS_OUT, "thingd_events_sent_total", "counter", "Messages sent to event streams")         \
    X(EVENTS_DROPPED, "thingd_events_dropped_total", "counter",                                    \
      "Messages dropped because an event stream was not read fast enough")                         \
    X(HTTP_MALFORMED, "thingd_http_malformed_total", "counter",                                    \
      "HTTP requests refused because they could not be read")                                      \
    X(HTTP_TOO_LARGE, "thingd_http_too_large_total", "counter",                                    \
      "HTTP requests refused because target, headers or body were above a limit")                  \
    X(CERT_END_SERVER, "thingd_certificate_expiry_timestamp_seconds{kind=\"server\"}", "gauge",    \
      "First end of a certificate: of the server's, of the CAs', of ACTIVE devices'; 0: none")     \
    X(CERT_END_CA, "thingd_certificate_expiry_timestamp_seconds{kind=\"ca\"}", "gauge", "")        \
    X(CERT_END_DEVICE, "thingd_certificate_expiry_timestamp_seconds{kind=\"device\"}", "gauge",    \
      "")                                                                                          \
    X(DEVICE_CERTS_30D, "thingd_device_certificates_expiring{within=\"30d\"}", "gauge",            \
      "ACTIVE certificates of devices that end within this time")                                  \
    X(DEVICE_CERTS_7D, "thingd_device_certificates_expiring{within=\"7d\"}", "gauge", "")          \
    X(DEVICE_CERTS_1D, "thingd_device_certificates_expiring{within=\"1d\"}", "gauge", "")          \
    X(HTTP_SLOW, "thingd_http_slow_total", "counter",                                              \
      "HTTP connections closed because a request came, or an answer was read, too slowly")

enum metric {
#define X(id, name, type, help) METRIC_##id,
    METRICS_LIST(X)
#undef X
        METRIC_COUNT
};

extern _Atomic int64_t metrics_values[METRIC_COUNT];

static inline void metrics_set(enum metric id, int64_t value)
{
    atomic_store_explicit(&metrics_values[id], value, memory_order_relaxed);
}

static inline int64_t metrics_get(enum metric id)
{
    return atomic_load_explicit(&metrics_values[id], memory_order_relaxed);
}

/* A load and a store, not a locked addition: one thread writes each metric. */
static inline void metrics_add(enum metric id, int64_t n)
{
    metrics_set(id, metrics_get(id) + n);
}

static inline void metrics_inc(enum metric id)
{
    metrics_add(id, 1);
}

/* Prometheus text exposition format 0.0.4. */
void metrics_print(struct buf *out);

#endif
