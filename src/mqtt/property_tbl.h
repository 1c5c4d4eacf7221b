/* property_tbl.h — the properties of MQTT 5.0, once (section 2.2.2.2, table 2-4).
 * Define PROPERTY before including; it is undefined at the end.
 *   id      on the wire; all are below 64
 *   form    BYTE, U16, U32, VARINT, TEXT (UTF-8), BYTES, PAIR (of UTF-8)
 *   range   ANY; FLAG: 0 or 1; NONZERO; TOPIC: a topic name; what else is a protocol error
 *   many    may stand more than once; else twice is a protocol error
 *   where   the packets that may carry it, as bits IN_...; WILL stands for the will's properties in CONNECT */
#ifndef PROPERTY
#define PROPERTY(...)
#endif
/* clang-format off */
/*       name                     id    form    range    many   where */
PROPERTY(payload_format,          0x01, BYTE,   FLAG,    false, IN_PUBLISH | IN_WILL)
PROPERTY(message_expiry,          0x02, U32,    ANY,     false, IN_PUBLISH | IN_WILL)
PROPERTY(content_type,            0x03, TEXT,   ANY,     false, IN_PUBLISH | IN_WILL)
PROPERTY(response_topic,          0x08, TEXT,   TOPIC,   false, IN_PUBLISH | IN_WILL)
PROPERTY(correlation_data,        0x09, BYTES,  ANY,     false, IN_PUBLISH | IN_WILL)
PROPERTY(subscription_id,         0x0b, VARINT, NONZERO, true,  IN_PUBLISH | IN_SUBSCRIBE)
PROPERTY(session_expiry,          0x11, U32,    ANY,     false, IN_CONNECT | IN_CONNACK | IN_DISCONNECT)
PROPERTY(assigned_client_id,      0x12, TEXT,   ANY,     false, IN_CONNACK)
PROPERTY(server_keep_alive,       0x13, U16,    ANY,     false, IN_CONNACK)
PROPERTY(auth_method,             0x15, TEXT,   ANY,     false, IN_CONNECT | IN_CONNACK | IN_AUTH)
PROPERTY(auth_data,               0x16, BYTES,  ANY,     false, IN_CONNECT | IN_CONNACK | IN_AUTH)
PROPERTY(request_problem_info,    0x17, BYTE,   FLAG,    false, IN_CONNECT)
PROPERTY(will_delay,              0x18, U32,    ANY,     false, IN_WILL)
PROPERTY(request_response_info,   0x19, BYTE,   FLAG,    false, IN_CONNECT)
PROPERTY(response_info,           0x1a, TEXT,   ANY,     false, IN_CONNACK)
PROPERTY(server_reference,        0x1c, TEXT,   ANY,     false, IN_CONNACK | IN_DISCONNECT)
PROPERTY(reason_string,           0x1f, TEXT,   ANY,     false, IN_CONNACK | IN_PUBACK | IN_PUBREC | IN_PUBREL | IN_PUBCOMP | IN_SUBACK | IN_UNSUBACK | IN_DISCONNECT | IN_AUTH)
PROPERTY(receive_maximum,         0x21, U16,    NONZERO, false, IN_CONNECT | IN_CONNACK)
PROPERTY(topic_alias_maximum,     0x22, U16,    ANY,     false, IN_CONNECT | IN_CONNACK)
PROPERTY(topic_alias,             0x23, U16,    ANY,     false, IN_PUBLISH)
PROPERTY(maximum_qos,             0x24, BYTE,   FLAG,    false, IN_CONNACK)
PROPERTY(retain_available,        0x25, BYTE,   FLAG,    false, IN_CONNACK)
PROPERTY(user_property,           0x26, PAIR,   ANY,     true,  IN_ALL)
PROPERTY(maximum_packet_size,     0x27, U32,    NONZERO, false, IN_CONNECT | IN_CONNACK)
PROPERTY(wildcard_available,      0x28, BYTE,   FLAG,    false, IN_CONNACK)
PROPERTY(subscription_ids_available, 0x29, BYTE, FLAG,   false, IN_CONNACK)
PROPERTY(shared_available,        0x2a, BYTE,   FLAG,    false, IN_CONNACK)
/* clang-format on */
#undef PROPERTY
