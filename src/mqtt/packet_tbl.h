/* packet_tbl.h — the control packets of MQTT 3.1, 3.1.1 and 5.0, once: mqtt/ enforces every column but
 * the three about who and when, which conn/ enforces.
 * Define PACKET before including; it is undefined at the end.
 *   mask, flags   the low bits of the first byte which are fixed, and their value [MQTT-2.2.2-1];
 *                 PUBLISH has none, its bits are judged by the decoder
 *   min           least remaining length, of all levels
 *   client        a client may send it
 *   server        a server may send it
 *   first         must be, and may only be, the first one [MQTT-3.1.0-1, 3.1.0-2, 3.2.0-1]
 *   flags broken  the statement that other flags break: its number in 3.1.1, and in 5.0
 *   short broken  the statement that a shorter body breaks, likewise */
#ifndef PACKET
#define PACKET(...)
#endif
/* clang-format off */
/*     name        type  mask  flags min client server first  flags broken, 5.0                short broken, 5.0 */
PACKET(connect,       1, 0x0f, 0x00, 12, true,  false, true,      "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "section 3.1.2", "section 3.1.2")
PACKET(connack,       2, 0x0f, 0x00,  2, false, true,  true,      "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "section 3.2.1", "section 3.2.1")
PACKET(publish,       3, 0x00, 0x00,  3, true,  true,  false, "MQTT-3.3.1-4",  "MQTT-3.3.1-4",  "MQTT-3.3.2-1",  "MQTT-3.3.2-1")
PACKET(puback,        4, 0x0f, 0x00,  2, true,  true,  false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "section 3.4.1", "section 3.4.1")
PACKET(pubrec,        5, 0x0f, 0x00,  2, true,  true,  false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "section 3.5.1", "section 3.5.1")
PACKET(pubrel,        6, 0x0f, 0x02,  2, true,  true,  false, "MQTT-3.6.1-1",  "MQTT-3.6.1-1",  "section 3.6.1", "section 3.6.1")
PACKET(pubcomp,       7, 0x0f, 0x00,  2, true,  true,  false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "section 3.7.1", "section 3.7.1")
PACKET(subscribe,     8, 0x0f, 0x02,  3, true,  false, false, "MQTT-3.8.1-1",  "MQTT-3.8.1-1",  "MQTT-3.8.3-3",  "MQTT-3.8.3-2")
PACKET(suback,        9, 0x0f, 0x00,  3, false, true,  false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "MQTT-3.8.4-5",  "section 3.9.3")
PACKET(unsubscribe,  10, 0x0f, 0x02,  3, true,  false, false, "MQTT-3.10.1-1", "MQTT-3.10.1-1", "MQTT-3.10.3-2", "MQTT-3.10.3-2")
PACKET(unsuback,     11, 0x0f, 0x00,  2, false, true,  false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "section 3.11.1", "section 3.11.1")
PACKET(pingreq,      12, 0x0f, 0x00,  0, true,  false, false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "",              "")
PACKET(pingresp,     13, 0x0f, 0x00,  0, false, true,  false, "MQTT-2.2.2-1",  "MQTT-2.1.3-1",  "",              "")
PACKET(disconnect,   14, 0x0f, 0x00,  0, true,  true,  false, "MQTT-3.14.1-1", "MQTT-3.14.1-1", "",              "")
PACKET(auth,         15, 0x0f, 0x00,  0, true,  true,  false, "MQTT-3.15.1-1", "MQTT-3.15.1-1", "",              "")
/* clang-format on */
#undef PACKET
