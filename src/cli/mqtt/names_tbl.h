/* names_tbl.h — the properties that -D can give, once: properties.c makes its table of it, commands.c the help and
 * the manual. Define NAME before including; it is undefined at the end.
 *   text   as mosquitto's clients call it
 *   prop   as in mqtt/property_tbl.h, which tells its form and where it may stand
 *   where  the same for people: what of it a client sends */
#ifndef NAME
#define NAME(...)
#endif
/* clang-format off */
/*   text                            prop                   where */
NAME("authentication-data",          auth_data,             "connect")
NAME("authentication-method",        auth_method,           "connect")
NAME("content-type",                 content_type,          "publish, will")
NAME("correlation-data",             correlation_data,      "publish, will")
NAME("maximum-packet-size",          maximum_packet_size,   "connect")
NAME("message-expiry-interval",      message_expiry,        "publish, will")
NAME("payload-format-indicator",     payload_format,        "publish, will")
NAME("receive-maximum",              receive_maximum,       "connect")
NAME("request-problem-information",  request_problem_info,  "connect")
NAME("request-response-information", request_response_info, "connect")
NAME("response-topic",               response_topic,        "publish, will")
NAME("session-expiry-interval",      session_expiry,        "connect, disconnect")
NAME("subscription-identifier",      subscription_id,       "subscribe")
NAME("topic-alias",                  topic_alias,           "publish")
NAME("topic-alias-maximum",          topic_alias_maximum,   "connect")
NAME("user-property",                user_property,         "connect, publish, subscribe, unsubscribe, disconnect, will")
NAME("will-delay-interval",          will_delay,            "will")
/* clang-format on */
#undef NAME
