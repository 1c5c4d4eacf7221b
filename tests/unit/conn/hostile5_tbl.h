/* hostile5_tbl.h — what hostile and broken clients of MQTT 5 send, and what comes of it. Define HOSTILE before
 * including, and HOSTILE_STRICT, of the same form, for hub.profile = aws-strict:
 *   statement  of MQTT 5.0 which it breaks, or which allows it; a section where nothing is numbered
 *   title      what it is
 *   state      NEW5: nothing was sent before; UP5: connected, a will is set
 *   bytes      what is sent then
 *   outcome    CLOSED, without a word; REFUSED, by CONNACK, or ENDED, by DISCONNECT, with this reason code, and closed;
 *              LIVES: these answers (see mqtt_peer.h), and it goes on; ACCEPTED: CONNACK alone
 * The limits are those of the test: packets of 4096 bytes, 16 topic levels, 3 topic aliases, a receive maximum of 3. */
#ifndef HOSTILE
#define HOSTILE(...)
#endif
#ifndef HOSTILE_STRICT
#define HOSTILE_STRICT(...)
#endif
#define CLOSED        "end"
#define REFUSED(code) "connack:" code "{why} end"
#define ENDED(code)   "disconnect:" code "{why} end"
#define LIVES(text)   text
#define ACCEPTED      "connack:0{receive_maximum=3 maximum_packet_size=4096 topic_alias_maximum=3} "
/* clang-format off */
/* the first packet */
HOSTILE("MQTT-3.1.0-1", "CONNACK before CONNECT",
        NEW5, " \x03\x00\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBLISH of QoS 0 before CONNECT",
        NEW5, "0\x05\x00\x01t\x00x", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBLISH of QoS 1 before CONNECT",
        NEW5, "2\x07\x00\x01t\x00\x01\x00x", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBLISH of QoS 2 before CONNECT",
        NEW5, "4\x07\x00\x01t\x00\x01\x00x", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBACK before CONNECT",
        NEW5, "@\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBREL before CONNECT",
        NEW5, "b\x03\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBCOMP before CONNECT",
        NEW5, "p\x03\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "SUBSCRIBE before CONNECT",
        NEW5, "\x82\x07\x00\x01\x00\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "SUBACK before CONNECT",
        NEW5, "\x90\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "UNSUBSCRIBE before CONNECT",
        NEW5, "\xa2\x06\x00\x01\x00\x00\x01t", CLOSED)
HOSTILE("MQTT-3.1.0-1", "UNSUBACK before CONNECT",
        NEW5, "\xb0\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PINGREQ before CONNECT",
        NEW5, "\xc0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PINGRESP before CONNECT",
        NEW5, "\xd0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "DISCONNECT before CONNECT",
        NEW5, "\xe0\x02\x04\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "DISCONNECT of no bytes before CONNECT",
        NEW5, "\xe0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1, MQTT-3.15.1-1", "AUTH before CONNECT",
        NEW5, "\xf0\x06\x18\x04\x15\x00\x01m", CLOSED)
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 1",
        NEW5, "\x11\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 2",
        NEW5, "\x12\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 4",
        NEW5, "\x14\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 8",
        NEW5, "\x18\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags f",
        NEW5, "\x1f\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("section 1.5.5", "length that never ends",
        NEW5, "\x10\xff\xff\xff\xff\xff", CLOSED)
HOSTILE("section 1.5.5", "length of five bytes",
        NEW5, "\x10\x91\x80\x80\x80\x00", CLOSED)
HOSTILE("MQTT-3.2.2-15", "the largest length",
        NEW5, "\x10\xff\xff\xff\x7f", CLOSED)
HOSTILE("MQTT-3.2.2-15", "one above mqtt.max_packet",
        NEW5, "\x10\xfe\x1f", CLOSED)
HOSTILE("MQTT-1.5.5-1", "a length of one byte in two",
        NEW5, "\x10\x91\x00\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.5-1", "a length of one byte in three",
        NEW5, "\x10\x91\x80\x00\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.5-1", "a length of one byte in four",
        NEW5, "\x10\x91\x80\x80\x00\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", REFUSED("81"))

/* CONNECT: protocol */
HOSTILE("MQTT-3.1.2-1", "the name MQTX at level 5",
        NEW5, "\x10\x11\x00\x04MQTX\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name mqtt at level 5",
        NEW5, "\x10\x11\x00\x04mqtt\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQT at level 5",
        NEW5, "\x10\x10\x00\x03MQT\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQTT5 at level 5",
        NEW5, "\x10\x12\x00\x05MQTT5\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name of no letters at level 5",
        NEW5, "\x10\x0d\x00\x00\x05\x02\x00\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-2", "level 6",
        NEW5, "\x10\x11\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))
HOSTILE("MQTT-3.1.2-2", "level 7",
        NEW5, "\x10\x11\x00\x04MQTT\x07\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))
HOSTILE("MQTT-3.1.2-2", "level 127",
        NEW5, "\x10\x11\x00\x04MQTT\x7f\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))
HOSTILE("MQTT-3.1.2-2", "level 133",
        NEW5, "\x10\x11\x00\x04MQTT\x85\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))
HOSTILE("MQTT-3.1.2-2", "level 255",
        NEW5, "\x10\x11\x00\x04MQTT\xff\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 5",
        NEW5, "\x10\x13\x00\x06MQIsdp\x05\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))
HOSTILE("MQTT-3.1.4-6", "an unknown level, and more behind it",
        NEW5, "\x10\x11\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x04lamp1\x05\x00\x01t\x00x\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", REFUSED("84"))

/* CONNECT: flags */
HOSTILE("MQTT-3.1.2-3, MQTT-3.1.4-1", "flags: reserved",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x01\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-3, MQTT-3.1.4-1", "flags: reserved and clean",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-3, MQTT-3.1.4-1", "flags: reserved, and a will",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x07\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.2-3, MQTT-3.1.4-1", "flags: all",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\xff\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w\x00\x01u\x00\x01p", REFUSED("81"))
HOSTILE("MQTT-3.1.2-11", "will QoS 1 without a will",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x0a\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-11", "will QoS 2 without a will",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x12\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-11", "will QoS 3 without a will",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x1a\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-13", "will retain without a will",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x22\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-11, MQTT-3.1.2-13", "all will flags but the will",
        NEW5, "\x10\x11\x00\x04MQTT\x05:\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-12", "will QoS 3",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x1e\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.2-12", "will QoS 3, retained",
        NEW5, "\x10\x18\x00\x04MQTT\x05>\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w", REFUSED("81"))

/* CONNECT: payload */
HOSTILE("MQTT-3.1.3-3", "no client identifier",
        NEW5, "\x10\x0b\x00\x04MQTT\x05\x02\x00\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.3-3", "half the length of one",
        NEW5, "\x10\x0c\x00\x04MQTT\x05\x02\x00\x00\x00\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.3-3", "a client identifier cut short",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.3-3", "one that ends beyond the packet",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\xff\xfflamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "nothing of the will",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "a will of properties alone",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "a will as in 3.1.1, without properties",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "half the length of a will topic",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "a will topic cut short",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x02t", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "no will message",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01t", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "half the length of a will message",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.2-9", "a will message cut short",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x02w", REFUSED("81"))
HOSTILE("MQTT-3.1.2-17", "no user name",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-17", "half the length of a user name",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.2-17", "a user name cut short",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x02u", REFUSED("81"))
HOSTILE("MQTT-3.1.2-17", "no user name behind a will",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x86\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.2-19", "no password",
        NEW5, "\x10\x14\x00\x04MQTT\x05\xc2\x00\x00\x00\x00\x04lamp\x00\x01u", REFUSED("81"))
HOSTILE("MQTT-3.1.2-19", "no password, and no user name announced",
        NEW5, "\x10\x11\x00\x04MQTT\x05" "B\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-3.1.2-19", "a password cut short",
        NEW5, "\x10\x17\x00\x04MQTT\x05\xc2\x00\x00\x00\x00\x04lamp\x00\x01u\x00\x02p", REFUSED("81"))
HOSTILE("MQTT-3.1.2-16", "a user name that is not announced",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp\x00\x01u", REFUSED("81"))
HOSTILE("MQTT-3.1.2-18", "a password that is not announced",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x01u\x00\x01p", REFUSED("81"))
HOSTILE("MQTT-3.1.3-1", "a will that is not announced",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-1", "a byte behind the payload",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lampx", REFUSED("81"))
HOSTILE("MQTT-3.1.3-1", "bytes behind all fields",
        NEW5, "\x10\x1f\x00\x04MQTT\x05\xc6\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w\x00\x01u\x00\x01p\x00", REFUSED("81"))

/* CONNECT: text */
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-2", "client identifier: U+0000",
        NEW5, "\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-2", "client identifier: U+0000 within",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03" "a\x00" "b", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a surrogate",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03\xed\xa0\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: the last surrogate",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03\xed\xbf\xbf", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a pair of surrogates",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x06\xed\xa0\xbd\xed\xb2\xa9", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: overlong U+0000",
        NEW5, "\x10\x0f\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02\xc0\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: overlong '/'",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03\xe0\x80\xaf", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: overlong 'A' of four bytes",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04\xf0\x80\x81\x81", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a lone continuation",
        NEW5, "\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a cut sequence",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03" "a\xe2\x82", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a broken sequence",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03\xc3(x", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: beyond U+10FFFF",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04\xf4\x90\x80\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a sequence of five bytes",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05\xf8\x88\x80\x80\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a byte FE",
        NEW5, "\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01\xfe", REFUSED("81"))
HOSTILE("MQTT-3.1.3-4, MQTT-1.5.4-1", "client identifier: a byte FF",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03" "a/\xff", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-2", "will topic: U+0000",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01\x00\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-2", "will topic: U+0000 within",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03" "a\x00" "b\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a surrogate",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03\xed\xa0\x80\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: the last surrogate",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03\xed\xbf\xbf\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a pair of surrogates",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x06\xed\xa0\xbd\xed\xb2\xa9\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: overlong U+0000",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x02\xc0\x80\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: overlong '/'",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03\xe0\x80\xaf\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: overlong 'A' of four bytes",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x04\xf0\x80\x81\x81\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a lone continuation",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01\x80\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a cut sequence",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03" "a\xe2\x82\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a broken sequence",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03\xc3(x\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: beyond U+10FFFF",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x04\xf4\x90\x80\x80\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a sequence of five bytes",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x05\xf8\x88\x80\x80\x80\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a byte FE",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01\xfe\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-11, MQTT-1.5.4-1", "will topic: a byte FF",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03" "a/\xff\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-2", "user name: U+0000",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x01\x00", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-2", "user name: U+0000 within",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03" "a\x00" "b", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a surrogate",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03\xed\xa0\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: the last surrogate",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03\xed\xbf\xbf", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a pair of surrogates",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x06\xed\xa0\xbd\xed\xb2\xa9", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: overlong U+0000",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x02\xc0\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: overlong '/'",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03\xe0\x80\xaf", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: overlong 'A' of four bytes",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x04\xf0\x80\x81\x81", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a lone continuation",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x01\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a cut sequence",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03" "a\xe2\x82", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a broken sequence",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03\xc3(x", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: beyond U+10FFFF",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x04\xf4\x90\x80\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a sequence of five bytes",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x05\xf8\x88\x80\x80\x80", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a byte FE",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x01\xfe", REFUSED("81"))
HOSTILE("MQTT-3.1.3-12, MQTT-1.5.4-1", "user name: a byte FF",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x04lamp\x00\x03" "a/\xff", REFUSED("81"))
HOSTILE("MQTT-4.7.3-1", "will topic: empty",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x00\x00\x01w", REFUSED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "will topic: #",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01#\x00\x01w", REFUSED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "will topic: +",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x01+\x00\x01w", REFUSED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "will topic: a/+/b",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x05" "a/+/b\x00\x01w", REFUSED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "will topic: a/#",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x03" "a/#\x00\x01w", REFUSED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "will topic: a#",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x02" "a#\x00\x01w", REFUSED("90"))
HOSTILE("section 3.1.3.2.3", "a will that is not the text it says it is",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x01\x01\x00\x01t\x00\x01\xff", REFUSED("99"))
HOSTILE("section 3.1.3.3", "a will that it may not publish",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x06$SYS/x\x00\x01w", "connack:87 end")
HOSTILE("section 3.1.3.3", "a will deeper than mqtt.max_topic_levels",
        NEW5, "\x10'\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x00\x00\x10////////////////\x00\x01w", "connack:90 end")
HOSTILE("MQTT-3.1.3-8", "an identifier of 257 bytes",
        NEW5, "\x10\x8e\x02\x00\x04MQTT\x05\x02\x00\x00\x00\x01\x01iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii", REFUSED("85"))
HOSTILE("MQTT-3.1.4-2", "a user whom nobody knows",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\xc2\x00\x00\x00\x00\x04lamp\x00\x06nobody\x00\x01x", REFUSED("86"))
HOSTILE("MQTT-3.1.4-2", "a password of any bytes",
        NEW5, "\x10 \x00\x04MQTT\x05\xc2\x00\x00\x00\x00\x04lamp\x00\x06nobody\x00\x05\x00\xff\xed\xa0\x80", REFUSED("86"))
HOSTILE("MQTT-3.1.4-6", "a refusal, and more behind it",
        NEW5, "\x10\x11\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x04lamp1\x05\x00\x01t\x00x\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", REFUSED("81"))

/* lengths of properties */
HOSTILE("MQTT-1.5.5-1", "CONNECT: a length of properties of 0 in two bytes",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x80\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.5-1", "CONNECT: one of 7 in three bytes",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x87\x80\x00&\x00\x01n\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("section 1.5.5", "CONNECT: one of five bytes",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x80\x80\x80\x80\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 1.5.5", "CONNECT: one that never ends",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\xff\xff\xff\xff\xff\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.1", "CONNECT: the longest",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\xff\xff\xff\x7f\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.1", "CONNECT: properties beyond the packet",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x02\x00\x00\x7f&\x00\x01n\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.5-1", "will: a length of properties of 0 in two bytes",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x80\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.5-1", "will: one of 7 in three bytes",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x87\x80\x00&\x00\x01n\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 1.5.5", "will: one of five bytes",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x80\x80\x80\x80\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 1.5.5", "will: one that never ends",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\xff\xff\xff\xff\xff\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.1", "will: the longest",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\xff\xff\xff\x7f\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.1", "will: properties beyond the packet",
        NEW5, "\x10\x1f\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x7f&\x00\x01n\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBLISH: a length of properties of 0 in two bytes",
        UP5, "0\x06\x00\x01t\x80\x00x", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBLISH: one of 7 in three bytes",
        UP5, "0\x0e\x00\x01t\x87\x80\x00&\x00\x01n\x00\x01vx", ENDED("81"))
HOSTILE("section 1.5.5", "PUBLISH: one of five bytes",
        UP5, "0\x09\x00\x01t\x80\x80\x80\x80\x00x", ENDED("81"))
HOSTILE("section 1.5.5", "PUBLISH: one that never ends",
        UP5, "0\x09\x00\x01t\xff\xff\xff\xff\xffx", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBLISH: the longest",
        UP5, "0\x08\x00\x01t\xff\xff\xff\x7fx", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBLISH: properties beyond the packet",
        UP5, "0\x0c\x00\x01t\x7f&\x00\x01n\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBACK: a length of properties of 0 in two bytes",
        UP5, "@\x05\x00\x01\x00\x80\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBACK: one of 7 in three bytes",
        UP5, "@\x0d\x00\x01\x00\x87\x80\x00&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 1.5.5", "PUBACK: one of five bytes",
        UP5, "@\x08\x00\x01\x00\x80\x80\x80\x80\x00", ENDED("81"))
HOSTILE("section 1.5.5", "PUBACK: one that never ends",
        UP5, "@\x08\x00\x01\x00\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBACK: the longest",
        UP5, "@\x07\x00\x01\x00\xff\xff\xff\x7f", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBACK: properties beyond the packet",
        UP5, "@\x0b\x00\x01\x00\x7f&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBREC: a length of properties of 0 in two bytes",
        UP5, "P\x05\x00\x01\x00\x80\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBREC: one of 7 in three bytes",
        UP5, "P\x0d\x00\x01\x00\x87\x80\x00&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 1.5.5", "PUBREC: one of five bytes",
        UP5, "P\x08\x00\x01\x00\x80\x80\x80\x80\x00", ENDED("81"))
HOSTILE("section 1.5.5", "PUBREC: one that never ends",
        UP5, "P\x08\x00\x01\x00\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBREC: the longest",
        UP5, "P\x07\x00\x01\x00\xff\xff\xff\x7f", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBREC: properties beyond the packet",
        UP5, "P\x0b\x00\x01\x00\x7f&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBREL: a length of properties of 0 in two bytes",
        UP5, "b\x05\x00\x01\x00\x80\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBREL: one of 7 in three bytes",
        UP5, "b\x0d\x00\x01\x00\x87\x80\x00&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 1.5.5", "PUBREL: one of five bytes",
        UP5, "b\x08\x00\x01\x00\x80\x80\x80\x80\x00", ENDED("81"))
HOSTILE("section 1.5.5", "PUBREL: one that never ends",
        UP5, "b\x08\x00\x01\x00\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBREL: the longest",
        UP5, "b\x07\x00\x01\x00\xff\xff\xff\x7f", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBREL: properties beyond the packet",
        UP5, "b\x0b\x00\x01\x00\x7f&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBCOMP: a length of properties of 0 in two bytes",
        UP5, "p\x05\x00\x01\x00\x80\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBCOMP: one of 7 in three bytes",
        UP5, "p\x0d\x00\x01\x00\x87\x80\x00&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 1.5.5", "PUBCOMP: one of five bytes",
        UP5, "p\x08\x00\x01\x00\x80\x80\x80\x80\x00", ENDED("81"))
HOSTILE("section 1.5.5", "PUBCOMP: one that never ends",
        UP5, "p\x08\x00\x01\x00\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBCOMP: the longest",
        UP5, "p\x07\x00\x01\x00\xff\xff\xff\x7f", ENDED("81"))
HOSTILE("section 2.2.2.1", "PUBCOMP: properties beyond the packet",
        UP5, "p\x0b\x00\x01\x00\x7f&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "SUBSCRIBE: a length of properties of 0 in two bytes",
        UP5, "\x82\x08\x00\x01\x80\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "SUBSCRIBE: one of 7 in three bytes",
        UP5, "\x82\x10\x00\x01\x87\x80\x00&\x00\x01n\x00\x01v\x00\x01t\x00", ENDED("81"))
HOSTILE("section 1.5.5", "SUBSCRIBE: one of five bytes",
        UP5, "\x82\x0b\x00\x01\x80\x80\x80\x80\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 1.5.5", "SUBSCRIBE: one that never ends",
        UP5, "\x82\x0b\x00\x01\xff\xff\xff\xff\xff\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.1", "SUBSCRIBE: the longest",
        UP5, "\x82\x0a\x00\x01\xff\xff\xff\x7f\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.1", "SUBSCRIBE: properties beyond the packet",
        UP5, "\x82\x0e\x00\x01\x7f&\x00\x01n\x00\x01v\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "UNSUBSCRIBE: a length of properties of 0 in two bytes",
        UP5, "\xa2\x07\x00\x01\x80\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "UNSUBSCRIBE: one of 7 in three bytes",
        UP5, "\xa2\x0f\x00\x01\x87\x80\x00&\x00\x01n\x00\x01v\x00\x01t", ENDED("81"))
HOSTILE("section 1.5.5", "UNSUBSCRIBE: one of five bytes",
        UP5, "\xa2\x0a\x00\x01\x80\x80\x80\x80\x00\x00\x01t", ENDED("81"))
HOSTILE("section 1.5.5", "UNSUBSCRIBE: one that never ends",
        UP5, "\xa2\x0a\x00\x01\xff\xff\xff\xff\xff\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.1", "UNSUBSCRIBE: the longest",
        UP5, "\xa2\x09\x00\x01\xff\xff\xff\x7f\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.1", "UNSUBSCRIBE: properties beyond the packet",
        UP5, "\xa2\x0d\x00\x01\x7f&\x00\x01n\x00\x01v\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "DISCONNECT: a length of properties of 0 in two bytes",
        UP5, "\xe0\x03\x04\x80\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "DISCONNECT: one of 7 in three bytes",
        UP5, "\xe0\x0b\x04\x87\x80\x00&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 1.5.5", "DISCONNECT: one of five bytes",
        UP5, "\xe0\x06\x04\x80\x80\x80\x80\x00", ENDED("81"))
HOSTILE("section 1.5.5", "DISCONNECT: one that never ends",
        UP5, "\xe0\x06\x04\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("section 2.2.2.1", "DISCONNECT: the longest",
        UP5, "\xe0\x05\x04\xff\xff\xff\x7f", ENDED("81"))
HOSTILE("section 2.2.2.1", "DISCONNECT: properties beyond the packet",
        UP5, "\xe0\x09\x04\x7f&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "AUTH: a length of properties of 0 in two bytes",
        UP5, "\xf0\x03\x18\x80\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "AUTH: one of 7 in three bytes",
        UP5, "\xf0\x0b\x18\x87\x80\x00&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 1.5.5", "AUTH: one of five bytes",
        UP5, "\xf0\x06\x18\x80\x80\x80\x80\x00", ENDED("81"))
HOSTILE("section 1.5.5", "AUTH: one that never ends",
        UP5, "\xf0\x06\x18\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("section 2.2.2.1", "AUTH: the longest",
        UP5, "\xf0\x05\x18\xff\xff\xff\x7f", ENDED("81"))
HOSTILE("section 2.2.2.1", "AUTH: properties beyond the packet",
        UP5, "\xf0\x09\x18\x7f&\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("MQTT-2.2.2-1", "CONNECT that ends before it",
        NEW5, "\x10\x0a\x00\x04MQTT\x05\x02\x00\x00", CLOSED)
HOSTILE("MQTT-2.2.2-1", "PUBLISH that ends before it",
        UP5, "0\x03\x00\x01t", ENDED("81"))
HOSTILE("MQTT-2.2.2-1", "PUBLISH of QoS 1 that ends before it",
        UP5, "2\x05\x00\x01t\x00\x01", ENDED("81"))
HOSTILE("MQTT-2.2.2-1", "CONNECT as in 3.1.1, without it",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-2.2.2-1", "PUBLISH whose length is cut",
        UP5, "0\x04\x00\x01t\x80", ENDED("81"))

/* properties that there are not */
HOSTILE("section 2.2.2.2", "CONNECT: property 00",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT: property 04",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x04\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT: property 2b",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02+\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT: property 7f",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x7f\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT: property ff",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\xff\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT: an identifier of two bytes",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08\xa6\x00\x00\x01n\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will: property 00",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x00\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will: property 04",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x04\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will: property 2b",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02+\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will: property 7f",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x7f\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will: property ff",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\xff\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will: an identifier of two bytes",
        NEW5, "\x10 \x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x08\xa6\x00\x00\x01n\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH: property 00",
        UP5, "0\x07\x00\x01t\x02\x00\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH: property 04",
        UP5, "0\x07\x00\x01t\x02\x04\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH: property 2b",
        UP5, "0\x07\x00\x01t\x02+\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH: property 7f",
        UP5, "0\x07\x00\x01t\x02\x7f\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH: property ff",
        UP5, "0\x07\x00\x01t\x02\xff\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH: an identifier of two bytes",
        UP5, "0\x0d\x00\x01t\x08\xa6\x00\x00\x01n\x00\x01vx", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK: property 2b",
        UP5, "@\x06\x00\x01\x00\x02+\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK: an identifier of two bytes",
        UP5, "@\x0c\x00\x01\x00\x08\xa6\x00\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC: property 2b",
        UP5, "P\x06\x00\x01\x00\x02+\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC: an identifier of two bytes",
        UP5, "P\x0c\x00\x01\x00\x08\xa6\x00\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL: property 2b",
        UP5, "b\x06\x00\x01\x00\x02+\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL: an identifier of two bytes",
        UP5, "b\x0c\x00\x01\x00\x08\xa6\x00\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP: property 2b",
        UP5, "p\x06\x00\x01\x00\x02+\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP: an identifier of two bytes",
        UP5, "p\x0c\x00\x01\x00\x08\xa6\x00\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: property 00",
        UP5, "\x82\x09\x00\x01\x02\x00\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: property 04",
        UP5, "\x82\x09\x00\x01\x02\x04\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: property 2b",
        UP5, "\x82\x09\x00\x01\x02+\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: property 7f",
        UP5, "\x82\x09\x00\x01\x02\x7f\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: property ff",
        UP5, "\x82\x09\x00\x01\x02\xff\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: an identifier of two bytes",
        UP5, "\x82\x0f\x00\x01\x08\xa6\x00\x00\x01n\x00\x01v\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE: property 2b",
        UP5, "\xa2\x08\x00\x01\x02+\x00\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE: an identifier of two bytes",
        UP5, "\xa2\x0e\x00\x01\x08\xa6\x00\x00\x01n\x00\x01v\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT: property 2b",
        UP5, "\xe0\x04\x04\x02+\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT: an identifier of two bytes",
        UP5, "\xe0\x0a\x04\x08\xa6\x00\x00\x01n\x00\x01v", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH: property 2b",
        UP5, "\xf0\x04\x18\x02+\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH: an identifier of two bytes",
        UP5, "\xf0\x0a\x18\x08\xa6\x00\x00\x01n\x00\x01v", ENDED("81"))

/* properties where they may not be */
HOSTILE("section 2.2.2.2", "CONNECT with payload format",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x01\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with message expiry",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x05\x02\x00\x00\x00\x0a\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with content type",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x03\x00\x01" "c\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with response topic",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x08\x00\x01r\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with correlation data",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x09\x00\x01" "d\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with subscription identifier",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x0b\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with assigned client identifier",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x12\x00\x01i\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with server keep-alive",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x03\x13\x00\x0a\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with will delay",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x05\x18\x00\x00\x00\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with response information",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x1a\x00\x01i\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with server reference",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x1c\x00\x01s\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with reason string",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x1f\x00\x01r\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with topic alias",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x03#\x00\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with maximum QoS",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02$\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with retain available",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02%\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with wildcard subscriptions available",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02(\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with subscription identifiers available",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02)\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "CONNECT with shared subscriptions available",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02*\x01\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with subscription identifier",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x0b\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with session expiry",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x05\x11\x00\x00\x00\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with assigned client identifier",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x12\x00\x01i\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with server keep-alive",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x03\x13\x00\x0a\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with authentication method",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x15\x00\x01m\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with authentication data",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x16\x00\x01" "d\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with request problem information",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x17\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with request response information",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x19\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with response information",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x1a\x00\x01i\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with server reference",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x1c\x00\x01s\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with reason string",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x1f\x00\x01r\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with receive maximum",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x03!\x00\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with topic alias maximum",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x03\x22\x00\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with topic alias",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x03#\x00\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with maximum QoS",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02$\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with retain available",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02%\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with maximum packet size",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x05'\x00\x00\x10\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with wildcard subscriptions available",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02(\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with subscription identifiers available",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02)\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "will with shared subscriptions available",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02*\x01\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with session expiry",
        UP5, "0\x0a\x00\x01t\x05\x11\x00\x00\x00\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with assigned client identifier",
        UP5, "0\x09\x00\x01t\x04\x12\x00\x01ix", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with server keep-alive",
        UP5, "0\x08\x00\x01t\x03\x13\x00\x0ax", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with authentication method",
        UP5, "0\x09\x00\x01t\x04\x15\x00\x01mx", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with authentication data",
        UP5, "0\x09\x00\x01t\x04\x16\x00\x01" "dx", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with request problem information",
        UP5, "0\x07\x00\x01t\x02\x17\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with will delay",
        UP5, "0\x0a\x00\x01t\x05\x18\x00\x00\x00\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with request response information",
        UP5, "0\x07\x00\x01t\x02\x19\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with response information",
        UP5, "0\x09\x00\x01t\x04\x1a\x00\x01ix", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with server reference",
        UP5, "0\x09\x00\x01t\x04\x1c\x00\x01sx", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with reason string",
        UP5, "0\x09\x00\x01t\x04\x1f\x00\x01rx", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with receive maximum",
        UP5, "0\x08\x00\x01t\x03!\x00\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with topic alias maximum",
        UP5, "0\x08\x00\x01t\x03\x22\x00\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with maximum QoS",
        UP5, "0\x07\x00\x01t\x02$\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with retain available",
        UP5, "0\x07\x00\x01t\x02%\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with maximum packet size",
        UP5, "0\x0a\x00\x01t\x05'\x00\x00\x10\x00x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with wildcard subscriptions available",
        UP5, "0\x07\x00\x01t\x02(\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with subscription identifiers available",
        UP5, "0\x07\x00\x01t\x02)\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBLISH with shared subscriptions available",
        UP5, "0\x07\x00\x01t\x02*\x01x", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with payload format",
        UP5, "@\x06\x00\x01\x00\x02\x01\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with message expiry",
        UP5, "@\x09\x00\x01\x00\x05\x02\x00\x00\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with content type",
        UP5, "@\x08\x00\x01\x00\x04\x03\x00\x01" "c", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with response topic",
        UP5, "@\x08\x00\x01\x00\x04\x08\x00\x01r", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with correlation data",
        UP5, "@\x08\x00\x01\x00\x04\x09\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with subscription identifier",
        UP5, "@\x06\x00\x01\x00\x02\x0b\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with session expiry",
        UP5, "@\x09\x00\x01\x00\x05\x11\x00\x00\x00\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with assigned client identifier",
        UP5, "@\x08\x00\x01\x00\x04\x12\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with server keep-alive",
        UP5, "@\x07\x00\x01\x00\x03\x13\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with authentication method",
        UP5, "@\x08\x00\x01\x00\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with authentication data",
        UP5, "@\x08\x00\x01\x00\x04\x16\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with request problem information",
        UP5, "@\x06\x00\x01\x00\x02\x17\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with will delay",
        UP5, "@\x09\x00\x01\x00\x05\x18\x00\x00\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with request response information",
        UP5, "@\x06\x00\x01\x00\x02\x19\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with response information",
        UP5, "@\x08\x00\x01\x00\x04\x1a\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with server reference",
        UP5, "@\x08\x00\x01\x00\x04\x1c\x00\x01s", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with receive maximum",
        UP5, "@\x07\x00\x01\x00\x03!\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with topic alias maximum",
        UP5, "@\x07\x00\x01\x00\x03\x22\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with topic alias",
        UP5, "@\x07\x00\x01\x00\x03#\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with maximum QoS",
        UP5, "@\x06\x00\x01\x00\x02$\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with retain available",
        UP5, "@\x06\x00\x01\x00\x02%\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with maximum packet size",
        UP5, "@\x09\x00\x01\x00\x05'\x00\x00\x10\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with wildcard subscriptions available",
        UP5, "@\x06\x00\x01\x00\x02(\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with subscription identifiers available",
        UP5, "@\x06\x00\x01\x00\x02)\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBACK with shared subscriptions available",
        UP5, "@\x06\x00\x01\x00\x02*\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with payload format",
        UP5, "P\x06\x00\x01\x00\x02\x01\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with message expiry",
        UP5, "P\x09\x00\x01\x00\x05\x02\x00\x00\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with content type",
        UP5, "P\x08\x00\x01\x00\x04\x03\x00\x01" "c", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with response topic",
        UP5, "P\x08\x00\x01\x00\x04\x08\x00\x01r", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with correlation data",
        UP5, "P\x08\x00\x01\x00\x04\x09\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with subscription identifier",
        UP5, "P\x06\x00\x01\x00\x02\x0b\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with session expiry",
        UP5, "P\x09\x00\x01\x00\x05\x11\x00\x00\x00\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with assigned client identifier",
        UP5, "P\x08\x00\x01\x00\x04\x12\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with server keep-alive",
        UP5, "P\x07\x00\x01\x00\x03\x13\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with authentication method",
        UP5, "P\x08\x00\x01\x00\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with authentication data",
        UP5, "P\x08\x00\x01\x00\x04\x16\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with request problem information",
        UP5, "P\x06\x00\x01\x00\x02\x17\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with will delay",
        UP5, "P\x09\x00\x01\x00\x05\x18\x00\x00\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with request response information",
        UP5, "P\x06\x00\x01\x00\x02\x19\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with response information",
        UP5, "P\x08\x00\x01\x00\x04\x1a\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with server reference",
        UP5, "P\x08\x00\x01\x00\x04\x1c\x00\x01s", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with receive maximum",
        UP5, "P\x07\x00\x01\x00\x03!\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with topic alias maximum",
        UP5, "P\x07\x00\x01\x00\x03\x22\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with topic alias",
        UP5, "P\x07\x00\x01\x00\x03#\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with maximum QoS",
        UP5, "P\x06\x00\x01\x00\x02$\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with retain available",
        UP5, "P\x06\x00\x01\x00\x02%\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with maximum packet size",
        UP5, "P\x09\x00\x01\x00\x05'\x00\x00\x10\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with wildcard subscriptions available",
        UP5, "P\x06\x00\x01\x00\x02(\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with subscription identifiers available",
        UP5, "P\x06\x00\x01\x00\x02)\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREC with shared subscriptions available",
        UP5, "P\x06\x00\x01\x00\x02*\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with payload format",
        UP5, "b\x06\x00\x01\x00\x02\x01\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with message expiry",
        UP5, "b\x09\x00\x01\x00\x05\x02\x00\x00\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with content type",
        UP5, "b\x08\x00\x01\x00\x04\x03\x00\x01" "c", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with response topic",
        UP5, "b\x08\x00\x01\x00\x04\x08\x00\x01r", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with correlation data",
        UP5, "b\x08\x00\x01\x00\x04\x09\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with subscription identifier",
        UP5, "b\x06\x00\x01\x00\x02\x0b\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with session expiry",
        UP5, "b\x09\x00\x01\x00\x05\x11\x00\x00\x00\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with assigned client identifier",
        UP5, "b\x08\x00\x01\x00\x04\x12\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with server keep-alive",
        UP5, "b\x07\x00\x01\x00\x03\x13\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with authentication method",
        UP5, "b\x08\x00\x01\x00\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with authentication data",
        UP5, "b\x08\x00\x01\x00\x04\x16\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with request problem information",
        UP5, "b\x06\x00\x01\x00\x02\x17\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with will delay",
        UP5, "b\x09\x00\x01\x00\x05\x18\x00\x00\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with request response information",
        UP5, "b\x06\x00\x01\x00\x02\x19\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with response information",
        UP5, "b\x08\x00\x01\x00\x04\x1a\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with server reference",
        UP5, "b\x08\x00\x01\x00\x04\x1c\x00\x01s", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with receive maximum",
        UP5, "b\x07\x00\x01\x00\x03!\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with topic alias maximum",
        UP5, "b\x07\x00\x01\x00\x03\x22\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with topic alias",
        UP5, "b\x07\x00\x01\x00\x03#\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with maximum QoS",
        UP5, "b\x06\x00\x01\x00\x02$\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with retain available",
        UP5, "b\x06\x00\x01\x00\x02%\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with maximum packet size",
        UP5, "b\x09\x00\x01\x00\x05'\x00\x00\x10\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with wildcard subscriptions available",
        UP5, "b\x06\x00\x01\x00\x02(\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with subscription identifiers available",
        UP5, "b\x06\x00\x01\x00\x02)\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBREL with shared subscriptions available",
        UP5, "b\x06\x00\x01\x00\x02*\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with payload format",
        UP5, "p\x06\x00\x01\x00\x02\x01\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with message expiry",
        UP5, "p\x09\x00\x01\x00\x05\x02\x00\x00\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with content type",
        UP5, "p\x08\x00\x01\x00\x04\x03\x00\x01" "c", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with response topic",
        UP5, "p\x08\x00\x01\x00\x04\x08\x00\x01r", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with correlation data",
        UP5, "p\x08\x00\x01\x00\x04\x09\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with subscription identifier",
        UP5, "p\x06\x00\x01\x00\x02\x0b\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with session expiry",
        UP5, "p\x09\x00\x01\x00\x05\x11\x00\x00\x00\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with assigned client identifier",
        UP5, "p\x08\x00\x01\x00\x04\x12\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with server keep-alive",
        UP5, "p\x07\x00\x01\x00\x03\x13\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with authentication method",
        UP5, "p\x08\x00\x01\x00\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with authentication data",
        UP5, "p\x08\x00\x01\x00\x04\x16\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with request problem information",
        UP5, "p\x06\x00\x01\x00\x02\x17\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with will delay",
        UP5, "p\x09\x00\x01\x00\x05\x18\x00\x00\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with request response information",
        UP5, "p\x06\x00\x01\x00\x02\x19\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with response information",
        UP5, "p\x08\x00\x01\x00\x04\x1a\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with server reference",
        UP5, "p\x08\x00\x01\x00\x04\x1c\x00\x01s", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with receive maximum",
        UP5, "p\x07\x00\x01\x00\x03!\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with topic alias maximum",
        UP5, "p\x07\x00\x01\x00\x03\x22\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with topic alias",
        UP5, "p\x07\x00\x01\x00\x03#\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with maximum QoS",
        UP5, "p\x06\x00\x01\x00\x02$\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with retain available",
        UP5, "p\x06\x00\x01\x00\x02%\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with maximum packet size",
        UP5, "p\x09\x00\x01\x00\x05'\x00\x00\x10\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with wildcard subscriptions available",
        UP5, "p\x06\x00\x01\x00\x02(\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with subscription identifiers available",
        UP5, "p\x06\x00\x01\x00\x02)\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "PUBCOMP with shared subscriptions available",
        UP5, "p\x06\x00\x01\x00\x02*\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with payload format",
        UP5, "\x82\x09\x00\x01\x02\x01\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with message expiry",
        UP5, "\x82\x0c\x00\x01\x05\x02\x00\x00\x00\x0a\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with content type",
        UP5, "\x82\x0b\x00\x01\x04\x03\x00\x01" "c\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with response topic",
        UP5, "\x82\x0b\x00\x01\x04\x08\x00\x01r\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with correlation data",
        UP5, "\x82\x0b\x00\x01\x04\x09\x00\x01" "d\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with session expiry",
        UP5, "\x82\x0c\x00\x01\x05\x11\x00\x00\x00\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with assigned client identifier",
        UP5, "\x82\x0b\x00\x01\x04\x12\x00\x01i\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with server keep-alive",
        UP5, "\x82\x0a\x00\x01\x03\x13\x00\x0a\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with authentication method",
        UP5, "\x82\x0b\x00\x01\x04\x15\x00\x01m\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with authentication data",
        UP5, "\x82\x0b\x00\x01\x04\x16\x00\x01" "d\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with request problem information",
        UP5, "\x82\x09\x00\x01\x02\x17\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with will delay",
        UP5, "\x82\x0c\x00\x01\x05\x18\x00\x00\x00\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with request response information",
        UP5, "\x82\x09\x00\x01\x02\x19\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with response information",
        UP5, "\x82\x0b\x00\x01\x04\x1a\x00\x01i\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with server reference",
        UP5, "\x82\x0b\x00\x01\x04\x1c\x00\x01s\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with reason string",
        UP5, "\x82\x0b\x00\x01\x04\x1f\x00\x01r\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with receive maximum",
        UP5, "\x82\x0a\x00\x01\x03!\x00\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with topic alias maximum",
        UP5, "\x82\x0a\x00\x01\x03\x22\x00\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with topic alias",
        UP5, "\x82\x0a\x00\x01\x03#\x00\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with maximum QoS",
        UP5, "\x82\x09\x00\x01\x02$\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with retain available",
        UP5, "\x82\x09\x00\x01\x02%\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with maximum packet size",
        UP5, "\x82\x0c\x00\x01\x05'\x00\x00\x10\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with wildcard subscriptions available",
        UP5, "\x82\x09\x00\x01\x02(\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with subscription identifiers available",
        UP5, "\x82\x09\x00\x01\x02)\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE with shared subscriptions available",
        UP5, "\x82\x09\x00\x01\x02*\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with payload format",
        UP5, "\xa2\x08\x00\x01\x02\x01\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with message expiry",
        UP5, "\xa2\x0b\x00\x01\x05\x02\x00\x00\x00\x0a\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with content type",
        UP5, "\xa2\x0a\x00\x01\x04\x03\x00\x01" "c\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with response topic",
        UP5, "\xa2\x0a\x00\x01\x04\x08\x00\x01r\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with correlation data",
        UP5, "\xa2\x0a\x00\x01\x04\x09\x00\x01" "d\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with subscription identifier",
        UP5, "\xa2\x08\x00\x01\x02\x0b\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with session expiry",
        UP5, "\xa2\x0b\x00\x01\x05\x11\x00\x00\x00\x00\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with assigned client identifier",
        UP5, "\xa2\x0a\x00\x01\x04\x12\x00\x01i\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with server keep-alive",
        UP5, "\xa2\x09\x00\x01\x03\x13\x00\x0a\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with authentication method",
        UP5, "\xa2\x0a\x00\x01\x04\x15\x00\x01m\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with authentication data",
        UP5, "\xa2\x0a\x00\x01\x04\x16\x00\x01" "d\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with request problem information",
        UP5, "\xa2\x08\x00\x01\x02\x17\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with will delay",
        UP5, "\xa2\x0b\x00\x01\x05\x18\x00\x00\x00\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with request response information",
        UP5, "\xa2\x08\x00\x01\x02\x19\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with response information",
        UP5, "\xa2\x0a\x00\x01\x04\x1a\x00\x01i\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with server reference",
        UP5, "\xa2\x0a\x00\x01\x04\x1c\x00\x01s\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with reason string",
        UP5, "\xa2\x0a\x00\x01\x04\x1f\x00\x01r\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with receive maximum",
        UP5, "\xa2\x09\x00\x01\x03!\x00\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with topic alias maximum",
        UP5, "\xa2\x09\x00\x01\x03\x22\x00\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with topic alias",
        UP5, "\xa2\x09\x00\x01\x03#\x00\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with maximum QoS",
        UP5, "\xa2\x08\x00\x01\x02$\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with retain available",
        UP5, "\xa2\x08\x00\x01\x02%\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with maximum packet size",
        UP5, "\xa2\x0b\x00\x01\x05'\x00\x00\x10\x00\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with wildcard subscriptions available",
        UP5, "\xa2\x08\x00\x01\x02(\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with subscription identifiers available",
        UP5, "\xa2\x08\x00\x01\x02)\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "UNSUBSCRIBE with shared subscriptions available",
        UP5, "\xa2\x08\x00\x01\x02*\x01\x00\x01t", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with payload format",
        UP5, "\xe0\x04\x04\x02\x01\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with message expiry",
        UP5, "\xe0\x07\x04\x05\x02\x00\x00\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with content type",
        UP5, "\xe0\x06\x04\x04\x03\x00\x01" "c", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with response topic",
        UP5, "\xe0\x06\x04\x04\x08\x00\x01r", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with correlation data",
        UP5, "\xe0\x06\x04\x04\x09\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with subscription identifier",
        UP5, "\xe0\x04\x04\x02\x0b\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with assigned client identifier",
        UP5, "\xe0\x06\x04\x04\x12\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with server keep-alive",
        UP5, "\xe0\x05\x04\x03\x13\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with authentication method",
        UP5, "\xe0\x06\x04\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with authentication data",
        UP5, "\xe0\x06\x04\x04\x16\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with request problem information",
        UP5, "\xe0\x04\x04\x02\x17\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with will delay",
        UP5, "\xe0\x07\x04\x05\x18\x00\x00\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with request response information",
        UP5, "\xe0\x04\x04\x02\x19\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with response information",
        UP5, "\xe0\x06\x04\x04\x1a\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with receive maximum",
        UP5, "\xe0\x05\x04\x03!\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with topic alias maximum",
        UP5, "\xe0\x05\x04\x03\x22\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with topic alias",
        UP5, "\xe0\x05\x04\x03#\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with maximum QoS",
        UP5, "\xe0\x04\x04\x02$\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with retain available",
        UP5, "\xe0\x04\x04\x02%\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with maximum packet size",
        UP5, "\xe0\x07\x04\x05'\x00\x00\x10\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with wildcard subscriptions available",
        UP5, "\xe0\x04\x04\x02(\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with subscription identifiers available",
        UP5, "\xe0\x04\x04\x02)\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "DISCONNECT with shared subscriptions available",
        UP5, "\xe0\x04\x04\x02*\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with payload format",
        UP5, "\xf0\x04\x18\x02\x01\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with message expiry",
        UP5, "\xf0\x07\x18\x05\x02\x00\x00\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with content type",
        UP5, "\xf0\x06\x18\x04\x03\x00\x01" "c", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with response topic",
        UP5, "\xf0\x06\x18\x04\x08\x00\x01r", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with correlation data",
        UP5, "\xf0\x06\x18\x04\x09\x00\x01" "d", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with subscription identifier",
        UP5, "\xf0\x04\x18\x02\x0b\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with session expiry",
        UP5, "\xf0\x07\x18\x05\x11\x00\x00\x00\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with assigned client identifier",
        UP5, "\xf0\x06\x18\x04\x12\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with server keep-alive",
        UP5, "\xf0\x05\x18\x03\x13\x00\x0a", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with request problem information",
        UP5, "\xf0\x04\x18\x02\x17\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with will delay",
        UP5, "\xf0\x07\x18\x05\x18\x00\x00\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with request response information",
        UP5, "\xf0\x04\x18\x02\x19\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with response information",
        UP5, "\xf0\x06\x18\x04\x1a\x00\x01i", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with server reference",
        UP5, "\xf0\x06\x18\x04\x1c\x00\x01s", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with receive maximum",
        UP5, "\xf0\x05\x18\x03!\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with topic alias maximum",
        UP5, "\xf0\x05\x18\x03\x22\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with topic alias",
        UP5, "\xf0\x05\x18\x03#\x00\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with maximum QoS",
        UP5, "\xf0\x04\x18\x02$\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with retain available",
        UP5, "\xf0\x04\x18\x02%\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with maximum packet size",
        UP5, "\xf0\x07\x18\x05'\x00\x00\x10\x00", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with wildcard subscriptions available",
        UP5, "\xf0\x04\x18\x02(\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with subscription identifiers available",
        UP5, "\xf0\x04\x18\x02)\x01", ENDED("81"))
HOSTILE("section 2.2.2.2", "AUTH with shared subscriptions available",
        UP5, "\xf0\x04\x18\x02*\x01", ENDED("81"))
HOSTILE("MQTT-3.3.4-6", "PUBLISH with a subscription identifier",
        UP5, "0\x07\x00\x01t\x02\x0b\x01x", ENDED("82"))
HOSTILE("section 3.14.2.2.5", "DISCONNECT with a server reference",
        UP5, "\xe0\x06\x04\x04\x1c\x00\x01s", ENDED("82"))
HOSTILE("section 3.14.2.2.5", "DISCONNECT, all is well, with a server reference",
        UP5, "\xe0\x06\x00\x04\x1c\x00\x01s", ENDED("82"))
HOSTILE("section 3.14.2.2.5", "use another server, and which",
        UP5, "\xe0\x06\x9c\x04\x1c\x00\x01s", ENDED("82"))
HOSTILE("section 3.14.2.2.2", "DISCONNECT with a session expiry, after 0",
        UP5, "\xe0\x07\x04\x05\x11\x00\x00\x00\x01", ENDED("82"))
HOSTILE("section 3.14.2.2.2", "DISCONNECT with a session that never ends, after 0",
        UP5, "\xe0\x07\x00\x05\x11\xff\xff\xff\xff", ENDED("82"))

/* properties that are there twice */
HOSTILE("section 2.2.2.2", "CONNECT: session expiry twice",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x02\x00\x00\x0a\x11\x00\x00\x00\x00\x11\x00\x00\x00\x00\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: authentication method twice",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08\x15\x00\x01m\x15\x00\x01m\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: authentication data twice",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x02\x00\x00\x0c\x15\x00\x01m\x16\x00\x01" "d\x16\x00\x01" "d\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: request problem information twice",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x17\x01\x17\x01\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: request response information twice",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x19\x01\x19\x01\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: receive maximum twice",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x02\x00\x00\x06!\x00\x01!\x00\x01\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: topic alias maximum twice",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x02\x00\x00\x06\x22\x00\x01\x22\x00\x01\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: maximum packet size twice",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x02\x00\x00\x0a'\x00\x00\x10\x00'\x00\x00\x10\x00\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "will: payload format twice",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x01\x01\x01\x01\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 2.2.2.2", "will: message expiry twice",
        NEW5, "\x10\x22\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x0a\x02\x00\x00\x00\x0a\x02\x00\x00\x00\x0a\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 2.2.2.2", "will: content type twice",
        NEW5, "\x10 \x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x08\x03\x00\x01" "c\x03\x00\x01" "c\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 2.2.2.2", "will: response topic twice",
        NEW5, "\x10 \x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x08\x08\x00\x01r\x08\x00\x01r\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 2.2.2.2", "will: correlation data twice",
        NEW5, "\x10 \x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x08\x09\x00\x01" "d\x09\x00\x01" "d\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 2.2.2.2", "will: will delay twice",
        NEW5, "\x10\x22\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x0a\x18\x00\x00\x00\x01\x18\x00\x00\x00\x01\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: payload format twice",
        UP5, "0\x09\x00\x01t\x04\x01\x01\x01\x01x", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: message expiry twice",
        UP5, "0\x0f\x00\x01t\x0a\x02\x00\x00\x00\x0a\x02\x00\x00\x00\x0ax", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: content type twice",
        UP5, "0\x0d\x00\x01t\x08\x03\x00\x01" "c\x03\x00\x01" "cx", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: response topic twice",
        UP5, "0\x0d\x00\x01t\x08\x08\x00\x01r\x08\x00\x01rx", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: correlation data twice",
        UP5, "0\x0d\x00\x01t\x08\x09\x00\x01" "d\x09\x00\x01" "dx", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: topic alias twice",
        UP5, "0\x0b\x00\x01t\x06#\x00\x01#\x00\x01x", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBACK: reason string twice",
        UP5, "@\x0c\x00\x01\x00\x08\x1f\x00\x01r\x1f\x00\x01r", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBREC: reason string twice",
        UP5, "P\x0c\x00\x01\x00\x08\x1f\x00\x01r\x1f\x00\x01r", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBREL: reason string twice",
        UP5, "b\x0c\x00\x01\x00\x08\x1f\x00\x01r\x1f\x00\x01r", ENDED("82"))
HOSTILE("section 2.2.2.2", "PUBCOMP: reason string twice",
        UP5, "p\x0c\x00\x01\x00\x08\x1f\x00\x01r\x1f\x00\x01r", ENDED("82"))
HOSTILE("section 2.2.2.2", "SUBSCRIBE: subscription identifier twice",
        UP5, "\x82\x0b\x00\x01\x04\x0b\x01\x0b\x01\x00\x01t\x00", ENDED("82"))
HOSTILE("section 2.2.2.2", "DISCONNECT: session expiry twice",
        UP5, "\xe0\x0c\x04\x0a\x11\x00\x00\x00\x00\x11\x00\x00\x00\x00", ENDED("82"))
HOSTILE("section 2.2.2.2", "DISCONNECT: reason string twice",
        UP5, "\xe0\x0a\x04\x08\x1f\x00\x01r\x1f\x00\x01r", ENDED("82"))
HOSTILE("section 2.2.2.2", "AUTH: authentication method twice",
        UP5, "\xf0\x0a\x18\x08\x15\x00\x01m\x15\x00\x01m", ENDED("82"))
HOSTILE("section 2.2.2.2", "AUTH: authentication data twice",
        UP5, "\xf0\x0e\x18\x0c\x15\x00\x01m\x16\x00\x01" "d\x16\x00\x01" "d", ENDED("82"))
HOSTILE("section 2.2.2.2", "AUTH: reason string twice",
        UP5, "\xf0\x0e\x18\x0c\x15\x00\x01m\x1f\x00\x01r\x1f\x00\x01r", ENDED("82"))
HOSTILE("section 2.2.2.2", "CONNECT: twice, and another between",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08!\x00\x01\x17\x01!\x00\x01\x00\x04lamp", REFUSED("82"))
HOSTILE("section 2.2.2.2", "PUBLISH: twice, and another value",
        UP5, "0\x0b\x00\x01t\x06#\x00\x01#\x00\x02x", ENDED("82"))

/* values that they may not have */
HOSTILE("section 3.1.2.11.3", "receive maximum 0",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x03!\x00\x00\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.2.11.4", "maximum packet size 0",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x05'\x00\x00\x00\x00\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.2.11.6", "request response information 2",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x19\x02\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.2.11.7", "request problem information 2",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x17\x02\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.3.2.3", "payload format 2 of a will",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x01\x02\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 3.3.2.3.2", "payload format 2",
        UP5, "0\x07\x00\x01t\x02\x01\x02x", ENDED("82"))
HOSTILE("section 3.1.2.11.6", "request response information 128",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x19\x80\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.2.11.7", "request problem information 128",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x17\x80\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.3.2.3", "payload format 128 of a will",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x01\x80\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 3.3.2.3.2", "payload format 128",
        UP5, "0\x07\x00\x01t\x02\x01\x80x", ENDED("82"))
HOSTILE("section 3.1.2.11.6", "request response information 255",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x19\xff\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.2.11.7", "request problem information 255",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02\x17\xff\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.3.2.3", "payload format 255 of a will",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x02\x01\xff\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 3.3.2.3.2", "payload format 255",
        UP5, "0\x07\x00\x01t\x02\x01\xffx", ENDED("82"))
HOSTILE("section 3.8.2.1.2", "subscription identifier 0",
        UP5, "\x82\x09\x00\x01\x02\x0b\x00\x00\x01t\x00", ENDED("82"))
HOSTILE("MQTT-1.5.5-1", "subscription identifier 0 in two bytes",
        UP5, "\x82\x0a\x00\x01\x03\x0b\x80\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "subscription identifier 1 in four bytes",
        UP5, "\x82\x0c\x00\x01\x05\x0b\x81\x80\x80\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("section 1.5.5", "subscription identifier of five bytes",
        UP5, "\x82\x0d\x00\x01\x06\x0b\x81\x80\x80\x80\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 1.5.5", "subscription identifier that is cut",
        UP5, "\x82\x09\x00\x01\x02\x0b\x81\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.3.2-14", "response topic a/+",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03" "a/+x", ENDED("82"))
HOSTILE("MQTT-3.3.2-14", "response topic a/+ of a will",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x08\x00\x03" "a/+\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("MQTT-3.3.2-14", "response topic #",
        UP5, "0\x09\x00\x01t\x04\x08\x00\x01#x", ENDED("82"))
HOSTILE("MQTT-3.3.2-14", "response topic # of a will",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x08\x00\x01#\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 3.3.2.3.5", "an empty response topic",
        UP5, "0\x08\x00\x01t\x03\x08\x00\x00x", ENDED("82"))
HOSTILE("section 3.3.2.3.5", "an empty response topic of a will",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x03\x08\x00\x00\x00\x01t\x00\x01w", REFUSED("82"))
HOSTILE("section 3.1.2.11.10", "authentication data without a method",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x16\x00\x01" "d\x00\x04lamp", REFUSED("82"))
HOSTILE("section 3.1.2.11.10", "empty authentication data without a method",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x03\x16\x00\x00\x00\x04lamp", REFUSED("82"))
HOSTILE("MQTT-4.12.0-1", "an authentication method that there is not",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x15\x00\x01m\x00\x04lamp", REFUSED("8c"))
HOSTILE("MQTT-4.12.0-1", "one of no letters",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x03\x15\x00\x00\x00\x04lamp", REFUSED("8c"))
HOSTILE("MQTT-4.12.0-1", "a method and data, and AUTH behind it",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08\x15\x00\x01m\x16\x00\x01" "d\x00\x04lamp\xf0\x06\x18\x04\x15\x00\x01m", REFUSED("8c"))

/* properties that are cut */
HOSTILE("section 2.2.2", "CONNECT: session expiry that is cut",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x11\x00\x00\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: receive maximum that is cut",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02!\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: request problem information that is cut",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x01\x17\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: maximum packet size that is cut",
        NEW5, "\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x02'\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: authentication method that is cut",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x15\x00\x02m\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: authentication data that is cut",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08\x15\x00\x01m\x16\x00\x02" "d\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: user property: no value that is cut",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04&\x00\x01n\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: user property: half a value that is cut",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x02\x00\x00\x07&\x00\x01n\x00\x02v\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "CONNECT: user property: a name beyond the packet that is cut",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04&\xff\xffn\x00\x04lamp", REFUSED("81"))
HOSTILE("section 2.2.2", "PUBLISH: payload format that is cut",
        UP5, "0\x06\x00\x01t\x01\x01x", ENDED("81"))
HOSTILE("section 2.2.2", "PUBLISH: message expiry that is cut",
        UP5, "0\x07\x00\x01t\x02\x02\x00x", ENDED("81"))
HOSTILE("section 2.2.2", "PUBLISH: content type that is cut",
        UP5, "0\x09\x00\x01t\x04\x03\x00\x02" "cx", ENDED("81"))
HOSTILE("section 2.2.2", "PUBLISH: response topic that is cut",
        UP5, "0\x09\x00\x01t\x04\x08\xff\xffrx", ENDED("81"))
HOSTILE("section 2.2.2", "PUBLISH: correlation data that is cut",
        UP5, "0\x07\x00\x01t\x02\x09\x00x", ENDED("81"))
HOSTILE("section 2.2.2", "PUBLISH: topic alias that is cut",
        UP5, "0\x07\x00\x01t\x02#\x00x", ENDED("81"))
HOSTILE("section 2.2.2", "SUBSCRIBE: subscription identifier that is cut",
        UP5, "\x82\x08\x00\x01\x01\x0b\x00\x01t\x00", ENDED("81"))
HOSTILE("section 2.2.2", "will: will delay that is cut",
        NEW5, "\x10\x1b\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x03\x18\x00\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("section 2.2.2", "PUBACK: reason string that is cut",
        UP5, "@\x08\x00\x01\x00\x04\x1f\x00\x02r", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "will: user property without a value",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04&\x00\x01n\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1", "PUBLISH: user property without a value",
        UP5, "0\x09\x00\x01t\x04&\x00\x01nx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "PUBACK: user property without a value",
        UP5, "@\x08\x00\x01\x00\x04&\x00\x01n", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "PUBREC: user property without a value",
        UP5, "P\x08\x00\x01\x00\x04&\x00\x01n", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "PUBREL: user property without a value",
        UP5, "b\x08\x00\x01\x00\x04&\x00\x01n", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "PUBCOMP: user property without a value",
        UP5, "p\x08\x00\x01\x00\x04&\x00\x01n", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "SUBSCRIBE: user property without a value",
        UP5, "\x82\x0b\x00\x01\x04&\x00\x01n\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "UNSUBSCRIBE: user property without a value",
        UP5, "\xa2\x0a\x00\x01\x04&\x00\x01n\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "DISCONNECT: user property without a value",
        UP5, "\xe0\x06\x04\x04&\x00\x01n", ENDED("81"))
HOSTILE("MQTT-1.5.7-1", "AUTH: user property without a value",
        UP5, "\xf0\x06\x18\x04&\x00\x01n", ENDED("81"))

/* properties: text */
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-2", "PUBLISH: response topic: U+0000",
        UP5, "0\x09\x00\x01t\x04\x08\x00\x01\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-2", "PUBLISH: response topic: U+0000 within",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03" "a\x00" "bx", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a surrogate",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03\xed\xa0\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: the last surrogate",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03\xed\xbf\xbfx", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a pair of surrogates",
        UP5, "0\x0e\x00\x01t\x09\x08\x00\x06\xed\xa0\xbd\xed\xb2\xa9x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: overlong U+0000",
        UP5, "0\x0a\x00\x01t\x05\x08\x00\x02\xc0\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: overlong '/'",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03\xe0\x80\xafx", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: overlong 'A' of four bytes",
        UP5, "0\x0c\x00\x01t\x07\x08\x00\x04\xf0\x80\x81\x81x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a lone continuation",
        UP5, "0\x09\x00\x01t\x04\x08\x00\x01\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a cut sequence",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03" "a\xe2\x82x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a broken sequence",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03\xc3(xx", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: beyond U+10FFFF",
        UP5, "0\x0c\x00\x01t\x07\x08\x00\x04\xf4\x90\x80\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a sequence of five bytes",
        UP5, "0\x0d\x00\x01t\x08\x08\x00\x05\xf8\x88\x80\x80\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a byte FE",
        UP5, "0\x09\x00\x01t\x04\x08\x00\x01\xfex", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "PUBLISH: response topic: a byte FF",
        UP5, "0\x0b\x00\x01t\x06\x08\x00\x03" "a/\xffx", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-2", "PUBLISH: content type: U+0000",
        UP5, "0\x09\x00\x01t\x04\x03\x00\x01\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-2", "PUBLISH: content type: U+0000 within",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03" "a\x00" "bx", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a surrogate",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03\xed\xa0\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: the last surrogate",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03\xed\xbf\xbfx", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a pair of surrogates",
        UP5, "0\x0e\x00\x01t\x09\x03\x00\x06\xed\xa0\xbd\xed\xb2\xa9x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: overlong U+0000",
        UP5, "0\x0a\x00\x01t\x05\x03\x00\x02\xc0\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: overlong '/'",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03\xe0\x80\xafx", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: overlong 'A' of four bytes",
        UP5, "0\x0c\x00\x01t\x07\x03\x00\x04\xf0\x80\x81\x81x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a lone continuation",
        UP5, "0\x09\x00\x01t\x04\x03\x00\x01\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a cut sequence",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03" "a\xe2\x82x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a broken sequence",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03\xc3(xx", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: beyond U+10FFFF",
        UP5, "0\x0c\x00\x01t\x07\x03\x00\x04\xf4\x90\x80\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a sequence of five bytes",
        UP5, "0\x0d\x00\x01t\x08\x03\x00\x05\xf8\x88\x80\x80\x80x", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a byte FE",
        UP5, "0\x09\x00\x01t\x04\x03\x00\x01\xfex", ENDED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "PUBLISH: content type: a byte FF",
        UP5, "0\x0b\x00\x01t\x06\x03\x00\x03" "a/\xffx", ENDED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-2", "will: response topic: U+0000",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x08\x00\x01\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-2", "will: response topic: U+0000 within",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x08\x00\x03" "a\x00" "b\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "will: response topic: a surrogate",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x08\x00\x03\xed\xa0\x80\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "will: response topic: overlong U+0000",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x05\x08\x00\x02\xc0\x80\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "will: response topic: a cut sequence",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x08\x00\x03" "a\xe2\x82\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-13, MQTT-1.5.4-1", "will: response topic: a byte FF",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x08\x00\x03" "a/\xff\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-2", "will: content type: U+0000",
        NEW5, "\x10\x1c\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x04\x03\x00\x01\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-2", "will: content type: U+0000 within",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x03\x00\x03" "a\x00" "b\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "will: content type: a surrogate",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x03\x00\x03\xed\xa0\x80\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "will: content type: overlong U+0000",
        NEW5, "\x10\x1d\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x05\x03\x00\x02\xc0\x80\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "will: content type: a cut sequence",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x03\x00\x03" "a\xe2\x82\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-3.3.2-19, MQTT-1.5.4-1", "will: content type: a byte FF",
        NEW5, "\x10\x1e\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x06\x03\x00\x03" "a/\xff\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.4-2", "CONNECT: authentication method: U+0000",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x04\x15\x00\x01\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.4-2", "CONNECT: authentication method: U+0000 within",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x02\x00\x00\x06\x15\x00\x03" "a\x00" "b\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.4-1", "CONNECT: authentication method: a surrogate",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x02\x00\x00\x06\x15\x00\x03\xed\xa0\x80\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.4-1", "CONNECT: authentication method: overlong U+0000",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x05\x15\x00\x02\xc0\x80\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.4-1", "CONNECT: authentication method: a cut sequence",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x02\x00\x00\x06\x15\x00\x03" "a\xe2\x82\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.4-1", "CONNECT: authentication method: a byte FF",
        NEW5, "\x10\x17\x00\x04MQTT\x05\x02\x00\x00\x06\x15\x00\x03" "a/\xff\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.4-2", "AUTH: authentication method: U+0000",
        UP5, "\xf0\x06\x18\x04\x15\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "AUTH: authentication method: U+0000 within",
        UP5, "\xf0\x08\x18\x06\x15\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: authentication method: a surrogate",
        UP5, "\xf0\x08\x18\x06\x15\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: authentication method: overlong U+0000",
        UP5, "\xf0\x07\x18\x05\x15\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: authentication method: a cut sequence",
        UP5, "\xf0\x08\x18\x06\x15\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: authentication method: a byte FF",
        UP5, "\xf0\x08\x18\x06\x15\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBACK: reason string: U+0000",
        UP5, "@\x08\x00\x01\x00\x04\x1f\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBACK: reason string: U+0000 within",
        UP5, "@\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBACK: reason string: a surrogate",
        UP5, "@\x0a\x00\x01\x00\x06\x1f\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBACK: reason string: overlong U+0000",
        UP5, "@\x09\x00\x01\x00\x05\x1f\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBACK: reason string: a cut sequence",
        UP5, "@\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBACK: reason string: a byte FF",
        UP5, "@\x0a\x00\x01\x00\x06\x1f\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBREC: reason string: U+0000",
        UP5, "P\x08\x00\x01\x00\x04\x1f\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBREC: reason string: U+0000 within",
        UP5, "P\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREC: reason string: a surrogate",
        UP5, "P\x0a\x00\x01\x00\x06\x1f\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREC: reason string: overlong U+0000",
        UP5, "P\x09\x00\x01\x00\x05\x1f\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREC: reason string: a cut sequence",
        UP5, "P\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREC: reason string: a byte FF",
        UP5, "P\x0a\x00\x01\x00\x06\x1f\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBREL: reason string: U+0000",
        UP5, "b\x08\x00\x01\x00\x04\x1f\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBREL: reason string: U+0000 within",
        UP5, "b\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREL: reason string: a surrogate",
        UP5, "b\x0a\x00\x01\x00\x06\x1f\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREL: reason string: overlong U+0000",
        UP5, "b\x09\x00\x01\x00\x05\x1f\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREL: reason string: a cut sequence",
        UP5, "b\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBREL: reason string: a byte FF",
        UP5, "b\x0a\x00\x01\x00\x06\x1f\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBCOMP: reason string: U+0000",
        UP5, "p\x08\x00\x01\x00\x04\x1f\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "PUBCOMP: reason string: U+0000 within",
        UP5, "p\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBCOMP: reason string: a surrogate",
        UP5, "p\x0a\x00\x01\x00\x06\x1f\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBCOMP: reason string: overlong U+0000",
        UP5, "p\x09\x00\x01\x00\x05\x1f\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBCOMP: reason string: a cut sequence",
        UP5, "p\x0a\x00\x01\x00\x06\x1f\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "PUBCOMP: reason string: a byte FF",
        UP5, "p\x0a\x00\x01\x00\x06\x1f\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "DISCONNECT: reason string: U+0000",
        UP5, "\xe0\x06\x04\x04\x1f\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "DISCONNECT: reason string: U+0000 within",
        UP5, "\xe0\x08\x04\x06\x1f\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "DISCONNECT: reason string: a surrogate",
        UP5, "\xe0\x08\x04\x06\x1f\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "DISCONNECT: reason string: overlong U+0000",
        UP5, "\xe0\x07\x04\x05\x1f\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "DISCONNECT: reason string: a cut sequence",
        UP5, "\xe0\x08\x04\x06\x1f\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "DISCONNECT: reason string: a byte FF",
        UP5, "\xe0\x08\x04\x06\x1f\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "AUTH: reason string: U+0000",
        UP5, "\xf0\x0a\x18\x08\x15\x00\x01m\x1f\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.4-2", "AUTH: reason string: U+0000 within",
        UP5, "\xf0\x0c\x18\x0a\x15\x00\x01m\x1f\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: reason string: a surrogate",
        UP5, "\xf0\x0c\x18\x0a\x15\x00\x01m\x1f\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: reason string: overlong U+0000",
        UP5, "\xf0\x0b\x18\x09\x15\x00\x01m\x1f\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: reason string: a cut sequence",
        UP5, "\xf0\x0c\x18\x0a\x15\x00\x01m\x1f\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-1.5.4-1", "AUTH: reason string: a byte FF",
        UP5, "\xf0\x0c\x18\x0a\x15\x00\x01m\x1f\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "CONNECT: name of a user property: U+0000",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x02\x00\x00\x07&\x00\x01\x00\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "CONNECT: name of a user property: U+0000 within",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x03" "a\x00" "b\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: name of a user property: a surrogate",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x03\xed\xa0\x80\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: name of a user property: overlong U+0000",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08&\x00\x02\xc0\x80\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: name of a user property: a cut sequence",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x03" "a\xe2\x82\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: name of a user property: a byte FF",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x03" "a/\xff\x00\x01v\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "CONNECT: value of a user property: U+0000",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x02\x00\x00\x07&\x00\x01n\x00\x01\x00\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "CONNECT: value of a user property: U+0000 within",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x01n\x00\x03" "a\x00" "b\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: value of a user property: a surrogate",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x01n\x00\x03\xed\xa0\x80\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: value of a user property: overlong U+0000",
        NEW5, "\x10\x19\x00\x04MQTT\x05\x02\x00\x00\x08&\x00\x01n\x00\x02\xc0\x80\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: value of a user property: a cut sequence",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x01n\x00\x03" "a\xe2\x82\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "CONNECT: value of a user property: a byte FF",
        NEW5, "\x10\x1a\x00\x04MQTT\x05\x02\x00\x00\x09&\x00\x01n\x00\x03" "a/\xff\x00\x04lamp", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "will: name of a user property: U+0000",
        NEW5, "\x10\x1f\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x07&\x00\x01\x00\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "will: name of a user property: U+0000 within",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x03" "a\x00" "b\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: name of a user property: a surrogate",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x03\xed\xa0\x80\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: name of a user property: overlong U+0000",
        NEW5, "\x10 \x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x08&\x00\x02\xc0\x80\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: name of a user property: a cut sequence",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x03" "a\xe2\x82\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: name of a user property: a byte FF",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x03" "a/\xff\x00\x01v\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "will: value of a user property: U+0000",
        NEW5, "\x10\x1f\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x07&\x00\x01n\x00\x01\x00\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "will: value of a user property: U+0000 within",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x01n\x00\x03" "a\x00" "b\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: value of a user property: a surrogate",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x01n\x00\x03\xed\xa0\x80\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: value of a user property: overlong U+0000",
        NEW5, "\x10 \x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x08&\x00\x01n\x00\x02\xc0\x80\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: value of a user property: a cut sequence",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x01n\x00\x03" "a\xe2\x82\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "will: value of a user property: a byte FF",
        NEW5, "\x10!\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x09&\x00\x01n\x00\x03" "a/\xff\x00\x01t\x00\x01w", REFUSED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBLISH: name of a user property: U+0000",
        UP5, "0\x0c\x00\x01t\x07&\x00\x01\x00\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBLISH: name of a user property: U+0000 within",
        UP5, "0\x0e\x00\x01t\x09&\x00\x03" "a\x00" "b\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: name of a user property: a surrogate",
        UP5, "0\x0e\x00\x01t\x09&\x00\x03\xed\xa0\x80\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: name of a user property: overlong U+0000",
        UP5, "0\x0d\x00\x01t\x08&\x00\x02\xc0\x80\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: name of a user property: a cut sequence",
        UP5, "0\x0e\x00\x01t\x09&\x00\x03" "a\xe2\x82\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: name of a user property: a byte FF",
        UP5, "0\x0e\x00\x01t\x09&\x00\x03" "a/\xff\x00\x01vx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBLISH: value of a user property: U+0000",
        UP5, "0\x0c\x00\x01t\x07&\x00\x01n\x00\x01\x00x", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBLISH: value of a user property: U+0000 within",
        UP5, "0\x0e\x00\x01t\x09&\x00\x01n\x00\x03" "a\x00" "bx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: value of a user property: a surrogate",
        UP5, "0\x0e\x00\x01t\x09&\x00\x01n\x00\x03\xed\xa0\x80x", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: value of a user property: overlong U+0000",
        UP5, "0\x0d\x00\x01t\x08&\x00\x01n\x00\x02\xc0\x80x", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: value of a user property: a cut sequence",
        UP5, "0\x0e\x00\x01t\x09&\x00\x01n\x00\x03" "a\xe2\x82x", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBLISH: value of a user property: a byte FF",
        UP5, "0\x0e\x00\x01t\x09&\x00\x01n\x00\x03" "a/\xffx", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBACK: name of a user property: U+0000",
        UP5, "@\x0b\x00\x01\x00\x07&\x00\x01\x00\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBACK: name of a user property: a byte FF",
        UP5, "@\x0d\x00\x01\x00\x09&\x00\x03" "a/\xff\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBACK: value of a user property: U+0000",
        UP5, "@\x0b\x00\x01\x00\x07&\x00\x01n\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBACK: value of a user property: a byte FF",
        UP5, "@\x0d\x00\x01\x00\x09&\x00\x01n\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBREC: name of a user property: U+0000",
        UP5, "P\x0b\x00\x01\x00\x07&\x00\x01\x00\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBREC: name of a user property: a byte FF",
        UP5, "P\x0d\x00\x01\x00\x09&\x00\x03" "a/\xff\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBREC: value of a user property: U+0000",
        UP5, "P\x0b\x00\x01\x00\x07&\x00\x01n\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBREC: value of a user property: a byte FF",
        UP5, "P\x0d\x00\x01\x00\x09&\x00\x01n\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBREL: name of a user property: U+0000",
        UP5, "b\x0b\x00\x01\x00\x07&\x00\x01\x00\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBREL: name of a user property: a byte FF",
        UP5, "b\x0d\x00\x01\x00\x09&\x00\x03" "a/\xff\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBREL: value of a user property: U+0000",
        UP5, "b\x0b\x00\x01\x00\x07&\x00\x01n\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBREL: value of a user property: a byte FF",
        UP5, "b\x0d\x00\x01\x00\x09&\x00\x01n\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBCOMP: name of a user property: U+0000",
        UP5, "p\x0b\x00\x01\x00\x07&\x00\x01\x00\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBCOMP: name of a user property: a byte FF",
        UP5, "p\x0d\x00\x01\x00\x09&\x00\x03" "a/\xff\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "PUBCOMP: value of a user property: U+0000",
        UP5, "p\x0b\x00\x01\x00\x07&\x00\x01n\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "PUBCOMP: value of a user property: a byte FF",
        UP5, "p\x0d\x00\x01\x00\x09&\x00\x01n\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "SUBSCRIBE: name of a user property: U+0000",
        UP5, "\x82\x0e\x00\x01\x07&\x00\x01\x00\x00\x01v\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "SUBSCRIBE: name of a user property: a byte FF",
        UP5, "\x82\x10\x00\x01\x09&\x00\x03" "a/\xff\x00\x01v\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "SUBSCRIBE: value of a user property: U+0000",
        UP5, "\x82\x0e\x00\x01\x07&\x00\x01n\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "SUBSCRIBE: value of a user property: a byte FF",
        UP5, "\x82\x10\x00\x01\x09&\x00\x01n\x00\x03" "a/\xff\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "UNSUBSCRIBE: name of a user property: U+0000",
        UP5, "\xa2\x0d\x00\x01\x07&\x00\x01\x00\x00\x01v\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "UNSUBSCRIBE: name of a user property: a byte FF",
        UP5, "\xa2\x0f\x00\x01\x09&\x00\x03" "a/\xff\x00\x01v\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "UNSUBSCRIBE: value of a user property: U+0000",
        UP5, "\xa2\x0d\x00\x01\x07&\x00\x01n\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "UNSUBSCRIBE: value of a user property: a byte FF",
        UP5, "\xa2\x0f\x00\x01\x09&\x00\x01n\x00\x03" "a/\xff\x00\x01t", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "DISCONNECT: name of a user property: U+0000",
        UP5, "\xe0\x09\x04\x07&\x00\x01\x00\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "DISCONNECT: name of a user property: a byte FF",
        UP5, "\xe0\x0b\x04\x09&\x00\x03" "a/\xff\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "DISCONNECT: value of a user property: U+0000",
        UP5, "\xe0\x09\x04\x07&\x00\x01n\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "DISCONNECT: value of a user property: a byte FF",
        UP5, "\xe0\x0b\x04\x09&\x00\x01n\x00\x03" "a/\xff", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "AUTH: name of a user property: U+0000",
        UP5, "\xf0\x0d\x18\x0b\x15\x00\x01m&\x00\x01\x00\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "AUTH: name of a user property: a byte FF",
        UP5, "\xf0\x0f\x18\x0d\x15\x00\x01m&\x00\x03" "a/\xff\x00\x01v", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-2", "AUTH: value of a user property: U+0000",
        UP5, "\xf0\x0d\x18\x0b\x15\x00\x01m&\x00\x01n\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-1.5.7-1, MQTT-1.5.4-1", "AUTH: value of a user property: a byte FF",
        UP5, "\xf0\x0f\x18\x0d\x15\x00\x01m&\x00\x01n\x00\x03" "a/\xff", ENDED("81"))

/* types and flags */
HOSTILE("section 2.1.2", "reserved type 0",
        UP5, "\x00\x00", ENDED("81"))
HOSTILE("section 2.1.2", "reserved type 0 with flags",
        UP5, "\x0f\x00", ENDED("81"))
HOSTILE("section 2.1.2", "CONNACK, which only servers send",
        UP5, " \x03\x00\x00\x00", ENDED("82"))
HOSTILE("section 2.1.2", "SUBACK, which only servers send",
        UP5, "\x90\x04\x00\x01\x00\x00", ENDED("82"))
HOSTILE("section 2.1.2", "UNSUBACK, which only servers send",
        UP5, "\xb0\x04\x00\x01\x00\x00", ENDED("82"))
HOSTILE("section 2.1.2", "PINGRESP, which only servers send",
        UP5, "\xd0\x00", ENDED("82"))
HOSTILE("MQTT-3.1.0-2", "a second CONNECT",
        UP5, "\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", ENDED("82"))
HOSTILE("MQTT-3.1.0-2", "a second CONNECT of somebody else",
        UP5, "\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05other", ENDED("82"))
HOSTILE("MQTT-3.1.0-2", "a second CONNECT, of MQTT 3.1.1",
        UP5, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", ENDED("82"))
HOSTILE("MQTT-3.1.0-2", "a second CONNECT that is malformed",
        UP5, "\x10\x11\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x04lamp", ENDED("82"))
HOSTILE("MQTT-4.13.1-1", "HTTP in the middle",
        UP5, "GET / HTTP/1.1\x0d\x0a\x0d\x0a", ENDED("81"))
HOSTILE("MQTT-4.13.1-1", "a hello of TLS in the middle",
        UP5, "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", ENDED("81"))
HOSTILE("MQTT-4.13.1-1", "zeroes in the middle",
        UP5, "\x00\x00\x00\x00\x00\x00\x00\x00", ENDED("81"))
HOSTILE("MQTT-4.13.1-1", "ones in the middle",
        UP5, "\xff\xff\xff\xff\xff\xff\xff\xff", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 1",
        UP5, "\x11\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 2",
        UP5, "\x12\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 4",
        UP5, "\x14\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags 8",
        UP5, "\x18\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNECT with flags f",
        UP5, "\x1f\x11\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x04lamp", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNACK with flags 1",
        UP5, "!\x03\x00\x00\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNACK with flags 2",
        UP5, "\x22\x03\x00\x00\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNACK with flags 4",
        UP5, "$\x03\x00\x00\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNACK with flags 8",
        UP5, "(\x03\x00\x00\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "CONNACK with flags f",
        UP5, "/\x03\x00\x00\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBACK with flags 1",
        UP5, "A\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBACK with flags 2",
        UP5, "B\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBACK with flags 4",
        UP5, "D\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBACK with flags 8",
        UP5, "H\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBACK with flags f",
        UP5, "O\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBREC with flags 1",
        UP5, "Q\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBREC with flags 2",
        UP5, "R\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBREC with flags 4",
        UP5, "T\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBREC with flags 8",
        UP5, "X\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBREC with flags f",
        UP5, "_\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 0",
        UP5, "`\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 3",
        UP5, "c\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 6",
        UP5, "f\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags a",
        UP5, "j\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags f",
        UP5, "o\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBCOMP with flags 1",
        UP5, "q\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBCOMP with flags 2",
        UP5, "r\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBCOMP with flags 4",
        UP5, "t\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBCOMP with flags 8",
        UP5, "x\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PUBCOMP with flags f",
        UP5, "\x7f\x03\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 0",
        UP5, "\x80\x07\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 3",
        UP5, "\x83\x07\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 6",
        UP5, "\x86\x07\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags a",
        UP5, "\x8a\x07\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags f",
        UP5, "\x8f\x07\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 0",
        UP5, "\xa0\x06\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 3",
        UP5, "\xa3\x06\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 6",
        UP5, "\xa6\x06\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags a",
        UP5, "\xaa\x06\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags f",
        UP5, "\xaf\x06\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PINGREQ with flags 1",
        UP5, "\xc1\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PINGREQ with flags 2",
        UP5, "\xc2\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PINGREQ with flags 4",
        UP5, "\xc4\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PINGREQ with flags 8",
        UP5, "\xc8\x00", ENDED("81"))
HOSTILE("MQTT-2.1.3-1", "PINGREQ with flags f",
        UP5, "\xcf\x00", ENDED("81"))
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 1",
        UP5, "\xe1\x02\x04\x00", ENDED("81"))
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 2",
        UP5, "\xe2\x02\x04\x00", ENDED("81"))
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 4",
        UP5, "\xe4\x02\x04\x00", ENDED("81"))
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 8",
        UP5, "\xe8\x02\x04\x00", ENDED("81"))
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags f",
        UP5, "\xef\x02\x04\x00", ENDED("81"))
HOSTILE("MQTT-3.15.1-1", "AUTH with flags 1",
        UP5, "\xf1\x06\x18\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("MQTT-3.15.1-1", "AUTH with flags 2",
        UP5, "\xf2\x06\x18\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("MQTT-3.15.1-1", "AUTH with flags 4",
        UP5, "\xf4\x06\x18\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("MQTT-3.15.1-1", "AUTH with flags 8",
        UP5, "\xf8\x06\x18\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("MQTT-3.15.1-1", "AUTH with flags f",
        UP5, "\xff\x06\x18\x04\x15\x00\x01m", ENDED("81"))
HOSTILE("MQTT-3.3.1-2", "PUBLISH of QoS 0 with DUP",
        UP5, "8\x05\x00\x01t\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.1-2", "retained, QoS 0 with DUP",
        UP5, "9\x05\x00\x01t\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags 6",
        UP5, "6\x07\x00\x01t\x00\x01\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags 7",
        UP5, "7\x07\x00\x01t\x00\x01\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags e",
        UP5, ">\x07\x00\x01t\x00\x01\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags f",
        UP5, "\x3f\x07\x00\x01t\x00\x01\x00x", ENDED("81"))

/* lengths of packets */
HOSTILE("MQTT-3.2.2-15", "PUBLISH of the largest length",
        UP5, "0\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "PUBLISH: a length of five bytes",
        UP5, "0\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBLISH: a length of 5 in two bytes",
        UP5, "0\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBLISH: a length of 0 in four bytes",
        UP5, "0\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "PUBACK of the largest length",
        UP5, "@\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "PUBACK: a length of five bytes",
        UP5, "@\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBACK: a length of 5 in two bytes",
        UP5, "@\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PUBACK: a length of 0 in four bytes",
        UP5, "@\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "SUBSCRIBE of the largest length",
        UP5, "\x82\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "SUBSCRIBE: a length of five bytes",
        UP5, "\x82\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "SUBSCRIBE: a length of 5 in two bytes",
        UP5, "\x82\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "SUBSCRIBE: a length of 0 in four bytes",
        UP5, "\x82\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "PINGREQ of the largest length",
        UP5, "\xc0\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "PINGREQ: a length of five bytes",
        UP5, "\xc0\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PINGREQ: a length of 5 in two bytes",
        UP5, "\xc0\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "PINGREQ: a length of 0 in four bytes",
        UP5, "\xc0\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "DISCONNECT of the largest length",
        UP5, "\xe0\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "DISCONNECT: a length of five bytes",
        UP5, "\xe0\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "DISCONNECT: a length of 5 in two bytes",
        UP5, "\xe0\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "DISCONNECT: a length of 0 in four bytes",
        UP5, "\xe0\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "AUTH of the largest length",
        UP5, "\xf0\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "AUTH: a length of five bytes",
        UP5, "\xf0\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "AUTH: a length of 5 in two bytes",
        UP5, "\xf0\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "AUTH: a length of 0 in four bytes",
        UP5, "\xf0\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "CONNECT of the largest length",
        UP5, "\x10\xff\xff\xff\x7f", ENDED("95"))
HOSTILE("section 1.5.5", "CONNECT: a length of five bytes",
        UP5, "\x10\xff\xff\xff\xff\x0f", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "CONNECT: a length of 5 in two bytes",
        UP5, "\x10\x85\x00", ENDED("81"))
HOSTILE("MQTT-1.5.5-1", "CONNECT: a length of 0 in four bytes",
        UP5, "\x10\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.2.2-15", "one byte above mqtt.max_packet",
        UP5, "0\xfe\x1f", ENDED("95"))
HOSTILE("section 3.12", "PINGREQ with a body",
        UP5, "\xc0\x01\x00", ENDED("81"))
HOSTILE("section 3.4.1", "PUBACK without a body",
        UP5, "@\x00", ENDED("81"))
HOSTILE("section 3.4.1", "PUBACK of one byte",
        UP5, "@\x01\x00", ENDED("81"))
HOSTILE("section 3.5.1", "PUBREC without a body",
        UP5, "P\x00", ENDED("81"))
HOSTILE("section 3.5.1", "PUBREC of one byte",
        UP5, "P\x01\x00", ENDED("81"))
HOSTILE("section 3.6.1", "PUBREL without a body",
        UP5, "b\x00", ENDED("81"))
HOSTILE("section 3.6.1", "PUBREL of one byte",
        UP5, "b\x01\x00", ENDED("81"))
HOSTILE("section 3.7.1", "PUBCOMP without a body",
        UP5, "p\x00", ENDED("81"))
HOSTILE("section 3.7.1", "PUBCOMP of one byte",
        UP5, "p\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-2", "SUBSCRIBE without a body",
        UP5, "\x82\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-2", "SUBSCRIBE of one byte",
        UP5, "\x82\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.10.3-2", "UNSUBSCRIBE without a body",
        UP5, "\xa2\x00", ENDED("81"))
HOSTILE("MQTT-3.10.3-2", "UNSUBSCRIBE of one byte",
        UP5, "\xa2\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.3.2-1", "PUBLISH without a body",
        UP5, "0\x00", ENDED("81"))
HOSTILE("MQTT-3.3.2-1", "PUBLISH of one byte",
        UP5, "0\x01\x00", ENDED("81"))

/* PUBLISH */
HOSTILE("MQTT-3.3.2-1", "half the length of a topic",
        UP5, "0\x03\x00\x02t", ENDED("81"))
HOSTILE("MQTT-3.3.2-1", "a topic that ends beyond it",
        UP5, "0\x05\xff\xfft\x00x", ENDED("81"))
HOSTILE("section 3.3.2.1", "neither topic nor alias",
        UP5, "0\x04\x00\x00\x00x", ENDED("82"))
HOSTILE("section 3.3.2.1", "neither topic nor alias, QoS 1",
        UP5, "2\x06\x00\x00\x00\x01\x00x", ENDED("82"))
HOSTILE("MQTT-2.2.1-3", "identifier 0, QoS 1",
        UP5, "2\x07\x00\x01t\x00\x00\x00x", ENDED("82"))
HOSTILE("MQTT-2.2.1-3", "no identifier, QoS 1",
        UP5, "2\x03\x00\x01t", ENDED("81"))
HOSTILE("MQTT-2.2.1-3", "half an identifier, QoS 1",
        UP5, "2\x04\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-2.2.1-3", "identifier 0, QoS 2",
        UP5, "4\x07\x00\x01t\x00\x00\x00x", ENDED("82"))
HOSTILE("MQTT-2.2.1-3", "no identifier, QoS 2",
        UP5, "4\x03\x00\x01t", ENDED("81"))
HOSTILE("MQTT-2.2.1-3", "half an identifier, QoS 2",
        UP5, "4\x04\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "the name #",
        UP5, "0\x05\x00\x01#\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "the name +",
        UP5, "0\x05\x00\x01+\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "the name a/+/b",
        UP5, "0\x09\x00\x05" "a/+/b\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "the name a/#",
        UP5, "0\x07\x00\x03" "a/#\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "the name a#",
        UP5, "0\x06\x00\x02" "a#\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-2, MQTT-4.7.0-1", "the name +a",
        UP5, "0\x06\x00\x02+a\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-2", "the name #, QoS 2",
        UP5, "4\x07\x00\x01#\x00\x01\x00x", ENDED("90"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-2, MQTT-4.7.3-2", "name: U+0000",
        UP5, "0\x05\x00\x01\x00\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-2, MQTT-4.7.3-2", "name: U+0000 within",
        UP5, "0\x07\x00\x03" "a\x00" "b\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a surrogate",
        UP5, "0\x07\x00\x03\xed\xa0\x80\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: the last surrogate",
        UP5, "0\x07\x00\x03\xed\xbf\xbf\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a pair of surrogates",
        UP5, "0\x0a\x00\x06\xed\xa0\xbd\xed\xb2\xa9\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: overlong U+0000",
        UP5, "0\x06\x00\x02\xc0\x80\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: overlong '/'",
        UP5, "0\x07\x00\x03\xe0\x80\xaf\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: overlong 'A' of four bytes",
        UP5, "0\x08\x00\x04\xf0\x80\x81\x81\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a lone continuation",
        UP5, "0\x05\x00\x01\x80\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a cut sequence",
        UP5, "0\x07\x00\x03" "a\xe2\x82\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a broken sequence",
        UP5, "0\x07\x00\x03\xc3(x\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: beyond U+10FFFF",
        UP5, "0\x08\x00\x04\xf4\x90\x80\x80\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a sequence of five bytes",
        UP5, "0\x09\x00\x05\xf8\x88\x80\x80\x80\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a byte FE",
        UP5, "0\x05\x00\x01\xfe\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-1, MQTT-1.5.4-1", "name: a byte FF",
        UP5, "0\x07\x00\x03" "a/\xff\x00x", ENDED("81"))
HOSTILE("MQTT-3.3.2-8", "alias 0",
        UP5, "0\x08\x00\x01t\x03#\x00\x00x", ENDED("94"))
HOSTILE("MQTT-3.3.2-8", "alias 0 without a name",
        UP5, "0\x07\x00\x00\x03#\x00\x00x", ENDED("94"))
HOSTILE("MQTT-3.3.2-9, MQTT-3.2.2-17", "an alias above the maximum",
        UP5, "0\x08\x00\x01t\x03#\x00\x04x", ENDED("94"))
HOSTILE("MQTT-3.3.2-9, MQTT-3.2.2-17", "the largest alias",
        UP5, "2\x0a\x00\x01t\x00\x01\x03#\xff\xffx", ENDED("94"))
HOSTILE("section 3.3.2.3.4", "an alias that was not set",
        UP5, "0\x07\x00\x00\x03#\x00\x01x", ENDED("82"))
HOSTILE("section 3.3.2.3.4", "one alias set, another used",
        UP5, "0\x08\x00\x01t\x03#\x00\x01x0\x07\x00\x00\x03#\x00\x02x", ENDED("82"))
HOSTILE("section 3.3.2.3.2", "a payload that is not the text it says it is",
        UP5, "0\x07\x00\x01t\x02\x01\x01\xff", ENDED("99"))
HOSTILE("MQTT-3.3.4-7", "more in flight than the receive maximum",
        UP5, "4\x07\x00\x01t\x00\x01\x00x4\x07\x00\x01t\x00\x02\x00x4\x07\x00\x01t\x00\x03\x00x4\x07\x00\x01t\x00\x04\x00x", "pubrec#1:10 pubrec#2:10 pubrec#3:10 " ENDED("93"))
HOSTILE("MQTT-3.3.4-7", "the last of them of QoS 1",
        UP5, "4\x07\x00\x01t\x00\x01\x00x4\x07\x00\x01t\x00\x02\x00x4\x07\x00\x01t\x00\x03\x00x2\x07\x00\x01t\x00\x04\x00x", "pubrec#1:10 pubrec#2:10 pubrec#3:10 " ENDED("93"))

/* acknowledgements */
HOSTILE("MQTT-2.2.1-5", "PUBACK with identifier 0",
        UP5, "@\x02\x00\x00", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code 01",
        UP5, "@\x03\x00\x01\x01", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code 11",
        UP5, "@\x03\x00\x01\x11", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code 7f",
        UP5, "@\x03\x00\x01\x7f", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code 81",
        UP5, "@\x03\x00\x01\x81", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code 8e",
        UP5, "@\x03\x00\x01\x8e", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code 92",
        UP5, "@\x03\x00\x01\x92", ENDED("82"))
HOSTILE("MQTT-3.4.2-1", "PUBACK with code ff",
        UP5, "@\x03\x00\x01\xff", ENDED("82"))
HOSTILE("section 2.1.4", "PUBACK with bytes behind it",
        UP5, "@\x05\x00\x01\x00\x00x", ENDED("81"))
HOSTILE("MQTT-2.2.1-5", "PUBREC with identifier 0",
        UP5, "P\x02\x00\x00", ENDED("82"))
HOSTILE("MQTT-3.5.2-1", "PUBREC with code 01",
        UP5, "P\x03\x00\x01\x01", ENDED("82"))
HOSTILE("MQTT-3.5.2-1", "PUBREC with code 8e",
        UP5, "P\x03\x00\x01\x8e", ENDED("82"))
HOSTILE("MQTT-3.5.2-1", "PUBREC with code 92",
        UP5, "P\x03\x00\x01\x92", ENDED("82"))
HOSTILE("MQTT-3.5.2-1", "PUBREC with code ff",
        UP5, "P\x03\x00\x01\xff", ENDED("82"))
HOSTILE("section 2.1.4", "PUBREC with bytes behind it",
        UP5, "P\x05\x00\x01\x00\x00x", ENDED("81"))
HOSTILE("MQTT-2.2.1-5", "PUBREL with identifier 0",
        UP5, "b\x02\x00\x00", ENDED("82"))
HOSTILE("MQTT-3.6.2-1", "PUBREL with code 01",
        UP5, "b\x03\x00\x01\x01", ENDED("82"))
HOSTILE("MQTT-3.6.2-1", "PUBREL with code 10",
        UP5, "b\x03\x00\x01\x10", ENDED("82"))
HOSTILE("MQTT-3.6.2-1", "PUBREL with code 80",
        UP5, "b\x03\x00\x01\x80", ENDED("82"))
HOSTILE("MQTT-3.6.2-1", "PUBREL with code 8e",
        UP5, "b\x03\x00\x01\x8e", ENDED("82"))
HOSTILE("section 2.1.4", "PUBREL with bytes behind it",
        UP5, "b\x05\x00\x01\x00\x00x", ENDED("81"))
HOSTILE("MQTT-2.2.1-5", "PUBCOMP with identifier 0",
        UP5, "p\x02\x00\x00", ENDED("82"))
HOSTILE("MQTT-3.7.2-1", "PUBCOMP with code 01",
        UP5, "p\x03\x00\x01\x01", ENDED("82"))
HOSTILE("MQTT-3.7.2-1", "PUBCOMP with code 10",
        UP5, "p\x03\x00\x01\x10", ENDED("82"))
HOSTILE("MQTT-3.7.2-1", "PUBCOMP with code 80",
        UP5, "p\x03\x00\x01\x80", ENDED("82"))
HOSTILE("MQTT-3.7.2-1", "PUBCOMP with code 8e",
        UP5, "p\x03\x00\x01\x8e", ENDED("82"))
HOSTILE("section 2.1.4", "PUBCOMP with bytes behind it",
        UP5, "p\x05\x00\x01\x00\x00x", ENDED("81"))

/* SUBSCRIBE */
HOSTILE("MQTT-2.2.1-3", "identifier 0",
        UP5, "\x82\x07\x00\x00\x00\x00\x01t\x00", ENDED("82"))
HOSTILE("MQTT-3.8.3-2", "without a filter",
        UP5, "\x82\x03\x00\x01\x00", ENDED("82"))
HOSTILE("MQTT-3.8.3-2", "properties, but no filter",
        UP5, "\x82\x05\x00\x01\x02\x0b\x01", ENDED("82"))
HOSTILE("MQTT-2.2.2-1", "without properties",
        UP5, "\x82\x06\x00\x01\x00\x01t\x00", ENDED("81"))
HOSTILE("section 3.8.3", "half the length of a filter",
        UP5, "\x82\x04\x00\x01\x00\x00", ENDED("81"))
HOSTILE("section 3.8.3", "a filter that is cut",
        UP5, "\x82\x06\x00\x01\x00\x00\x02t", ENDED("81"))
HOSTILE("section 3.8.3", "a filter without options",
        UP5, "\x82\x06\x00\x01\x00\x00\x01t", ENDED("81"))
HOSTILE("section 3.8.3", "a second filter without options",
        UP5, "\x82\x0a\x00\x01\x00\x00\x01t\x00\x00\x01u", ENDED("81"))
HOSTILE("MQTT-3.8.3-5", "options: bit 6",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t@", ENDED("81"))
HOSTILE("MQTT-3.8.3-5", "options: bit 7",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t\x80", ENDED("81"))
HOSTILE("MQTT-3.8.3-5", "options: bits 6 and 7",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t\xc1", ENDED("81"))
HOSTILE("MQTT-3.8.3-5", "options: all bits",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t\xff", ENDED("81"))
HOSTILE("section 3.8.3.1", "options: QoS 3",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t\x03", ENDED("82"))
HOSTILE("section 3.8.3.1", "options: retain handling 3",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t0", ENDED("82"))
HOSTILE("MQTT-3.8.3-5", "bad options behind good ones",
        UP5, "\x82\x0b\x00\x01\x00\x00\x01t\x01\x00\x01uA", ENDED("81"))
HOSTILE("MQTT-3.8.3-4", "a shared subscription without what is local",
        UP5, "\x82\x10\x00\x01\x00\x00\x0a$share/g/t\x05", ENDED("82"))
HOSTILE("MQTT-4.7.3-1", "the filter of no letters",
        UP5, "\x82\x06\x00\x01\x00\x00\x00\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter a#",
        UP5, "\x82\x08\x00\x01\x00\x00\x02" "a#\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter #/a",
        UP5, "\x82\x09\x00\x01\x00\x00\x03#/a\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter a/#/b",
        UP5, "\x82\x0b\x00\x01\x00\x00\x05" "a/#/b\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter ##",
        UP5, "\x82\x08\x00\x01\x00\x00\x02##\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter a+",
        UP5, "\x82\x08\x00\x01\x00\x00\x02" "a+\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter +a",
        UP5, "\x82\x08\x00\x01\x00\x00\x02+a\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter a/b+/c",
        UP5, "\x82\x0c\x00\x01\x00\x00\x06" "a/b+/c\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter ++",
        UP5, "\x82\x08\x00\x01\x00\x00\x02++\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-1", "the filter $share/",
        UP5, "\x82\x0d\x00\x01\x00\x00\x07$share/\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-1", "the filter $share//t",
        UP5, "\x82\x0f\x00\x01\x00\x00\x09$share//t\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/g",
        UP5, "\x82\x0e\x00\x01\x00\x00\x08$share/g\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/g/",
        UP5, "\x82\x0f\x00\x01\x00\x00\x09$share/g/\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/a+/t",
        UP5, "\x82\x11\x00\x01\x00\x00\x0b$share/a+/t\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/a#/t",
        UP5, "\x82\x11\x00\x01\x00\x00\x0b$share/a#/t\x01", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/+/t",
        UP5, "\x82\x10\x00\x01\x00\x00\x0a$share/+/t\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter $share/g/a#",
        UP5, "\x82\x11\x00\x01\x00\x00\x0b$share/g/a#\x01", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter $share/g/a+",
        UP5, "\x82\x11\x00\x01\x00\x00\x0b$share/g/a+\x01", ENDED("8f"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-2, MQTT-4.7.3-2", "filter: U+0000",
        UP5, "\x82\x07\x00\x01\x00\x00\x01\x00\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-2, MQTT-4.7.3-2", "filter: U+0000 within",
        UP5, "\x82\x09\x00\x01\x00\x00\x03" "a\x00" "b\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a surrogate",
        UP5, "\x82\x09\x00\x01\x00\x00\x03\xed\xa0\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: the last surrogate",
        UP5, "\x82\x09\x00\x01\x00\x00\x03\xed\xbf\xbf\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a pair of surrogates",
        UP5, "\x82\x0c\x00\x01\x00\x00\x06\xed\xa0\xbd\xed\xb2\xa9\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: overlong U+0000",
        UP5, "\x82\x08\x00\x01\x00\x00\x02\xc0\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: overlong '/'",
        UP5, "\x82\x09\x00\x01\x00\x00\x03\xe0\x80\xaf\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: overlong 'A' of four bytes",
        UP5, "\x82\x0a\x00\x01\x00\x00\x04\xf0\x80\x81\x81\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a lone continuation",
        UP5, "\x82\x07\x00\x01\x00\x00\x01\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a cut sequence",
        UP5, "\x82\x09\x00\x01\x00\x00\x03" "a\xe2\x82\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a broken sequence",
        UP5, "\x82\x09\x00\x01\x00\x00\x03\xc3(x\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: beyond U+10FFFF",
        UP5, "\x82\x0a\x00\x01\x00\x00\x04\xf4\x90\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a sequence of five bytes",
        UP5, "\x82\x0b\x00\x01\x00\x00\x05\xf8\x88\x80\x80\x80\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a byte FE",
        UP5, "\x82\x07\x00\x01\x00\x00\x01\xfe\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1, MQTT-1.5.4-1", "filter: a byte FF",
        UP5, "\x82\x09\x00\x01\x00\x00\x03" "a/\xff\x00", ENDED("81"))
HOSTILE("MQTT-3.8.3-1", "a bad filter behind a good one",
        UP5, "\x82\x0b\x00\x01\x00\x00\x01t\x00\x00\x01\xff\x00", ENDED("81"))

/* UNSUBSCRIBE */
HOSTILE("MQTT-2.2.1-3", "identifier 0",
        UP5, "\xa2\x06\x00\x00\x00\x00\x01t", ENDED("82"))
HOSTILE("MQTT-3.10.3-2", "without a filter",
        UP5, "\xa2\x03\x00\x01\x00", ENDED("82"))
HOSTILE("MQTT-2.2.2-1", "without properties",
        UP5, "\xa2\x05\x00\x01\x00\x01t", ENDED("81"))
HOSTILE("section 3.10.3", "a filter that is cut",
        UP5, "\xa2\x06\x00\x01\x00\x00\x02t", ENDED("81"))
HOSTILE("section 3.10.3", "options, as in SUBSCRIBE",
        UP5, "\xa2\x07\x00\x01\x00\x00\x01t\x00", ENDED("81"))
HOSTILE("MQTT-4.7.3-1", "the filter of no letters",
        UP5, "\xa2\x05\x00\x01\x00\x00\x00", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter a#",
        UP5, "\xa2\x07\x00\x01\x00\x00\x02" "a#", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter #/a",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03#/a", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter a/#/b",
        UP5, "\xa2\x0a\x00\x01\x00\x00\x05" "a/#/b", ENDED("8f"))
HOSTILE("MQTT-4.7.1-1", "the filter ##",
        UP5, "\xa2\x07\x00\x01\x00\x00\x02##", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter a+",
        UP5, "\xa2\x07\x00\x01\x00\x00\x02" "a+", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter +a",
        UP5, "\xa2\x07\x00\x01\x00\x00\x02+a", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter a/b+/c",
        UP5, "\xa2\x0b\x00\x01\x00\x00\x06" "a/b+/c", ENDED("8f"))
HOSTILE("MQTT-4.7.1-2", "the filter ++",
        UP5, "\xa2\x07\x00\x01\x00\x00\x02++", ENDED("8f"))
HOSTILE("MQTT-4.8.2-1", "the filter $share/",
        UP5, "\xa2\x0c\x00\x01\x00\x00\x07$share/", ENDED("8f"))
HOSTILE("MQTT-4.8.2-1", "the filter $share//t",
        UP5, "\xa2\x0e\x00\x01\x00\x00\x09$share//t", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/g",
        UP5, "\xa2\x0d\x00\x01\x00\x00\x08$share/g", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/g/",
        UP5, "\xa2\x0e\x00\x01\x00\x00\x09$share/g/", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/a+/t",
        UP5, "\xa2\x10\x00\x01\x00\x00\x0b$share/a+/t", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/a#/t",
        UP5, "\xa2\x10\x00\x01\x00\x00\x0b$share/a#/t", ENDED("8f"))
HOSTILE("MQTT-4.8.2-2", "the filter $share/+/t",
        UP5, "\xa2\x0f\x00\x01\x00\x00\x0a$share/+/t", ENDED("8f"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-2, MQTT-4.7.3-2", "filter: U+0000",
        UP5, "\xa2\x06\x00\x01\x00\x00\x01\x00", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-2, MQTT-4.7.3-2", "filter: U+0000 within",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03" "a\x00" "b", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a surrogate",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03\xed\xa0\x80", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: the last surrogate",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03\xed\xbf\xbf", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a pair of surrogates",
        UP5, "\xa2\x0b\x00\x01\x00\x00\x06\xed\xa0\xbd\xed\xb2\xa9", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: overlong U+0000",
        UP5, "\xa2\x07\x00\x01\x00\x00\x02\xc0\x80", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: overlong '/'",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03\xe0\x80\xaf", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: overlong 'A' of four bytes",
        UP5, "\xa2\x09\x00\x01\x00\x00\x04\xf0\x80\x81\x81", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a lone continuation",
        UP5, "\xa2\x06\x00\x01\x00\x00\x01\x80", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a cut sequence",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03" "a\xe2\x82", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a broken sequence",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03\xc3(x", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: beyond U+10FFFF",
        UP5, "\xa2\x09\x00\x01\x00\x00\x04\xf4\x90\x80\x80", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a sequence of five bytes",
        UP5, "\xa2\x0a\x00\x01\x00\x00\x05\xf8\x88\x80\x80\x80", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a byte FE",
        UP5, "\xa2\x06\x00\x01\x00\x00\x01\xfe", ENDED("81"))
HOSTILE("MQTT-3.10.3-1, MQTT-1.5.4-1", "filter: a byte FF",
        UP5, "\xa2\x08\x00\x01\x00\x00\x03" "a/\xff", ENDED("81"))

/* DISCONNECT, AUTH; every code of both: test_mqtt5_hostile.c */
HOSTILE("section 3.14.2", "DISCONNECT with bytes behind it",
        UP5, "\xe0\x03\x04\x00x", ENDED("81"))
HOSTILE("section 3.14.2", "DISCONNECT, all is well, with bytes behind it",
        UP5, "\xe0\x03\x00\x00x", ENDED("81"))
HOSTILE("section 3.15.2", "AUTH with bytes behind it",
        UP5, "\xf0\x07\x18\x04\x15\x00\x01mx", ENDED("81"))
HOSTILE("section 3.15.2.2.2", "AUTH without a method",
        UP5, "\xf0\x02\x18\x00", ENDED("82"))
HOSTILE("section 3.15.2.2.2", "AUTH with data, without a method",
        UP5, "\xf0\x06\x18\x04\x16\x00\x01" "d", ENDED("82"))
HOSTILE("MQTT-4.12.0-7", "AUTH of no bytes",
        UP5, "\xf0\x00", ENDED("82"))
HOSTILE("MQTT-4.12.0-7", "AUTH that goes on",
        UP5, "\xf0\x0a\x18\x08\x15\x00\x01m\x16\x00\x01" "d", ENDED("82"))
HOSTILE("MQTT-4.12.1-1", "AUTH that begins again",
        UP5, "\xf0\x0a\x19\x08\x15\x00\x01m\x16\x00\x01" "d", ENDED("82"))

/* odd, but allowed: before */
HOSTILE("MQTT-1.5.4-3", "U+FEFF as an identifier",
        NEW5, "\x10\x10\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x03\xef\xbb\xbf", ACCEPTED)
HOSTILE("MQTT-3.1.3-5", "wildcards in an identifier",
        NEW5, "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x08+/#/$SYS", ACCEPTED)
HOSTILE("section 1.5.4", "control characters and U+FFFF in an identifier",
        NEW5, "\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x07\x01\x7f\xc2\x85\xef\xbf\xbf", ACCEPTED)
HOSTILE("section 3.1.2.11.8", "user properties that are the same, and empty ones",
        NEW5, "\x10$\x00\x04MQTT\x05\x02\x00\x00\x13&\x00\x01n\x00\x01v&\x00\x01n\x00\x01v&\x00\x00\x00\x00\x00\x04lamp", ACCEPTED)
HOSTILE("section 2.2.2.2", "every property that CONNECT may have but the method",
        NEW5, "\x10 \x00\x04MQTT\x05\x02\x00\x00\x0f\x22\xff\xff\x17\x00\x19\x01!\xff\xff'\xff\xff\xff\xff\x00\x04lamp", ACCEPTED)
HOSTILE("MQTT-3.1.2-9", "a will of any bytes, with all of its properties",
        NEW5, "\x10;\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x04lamp\x1f\x18\x00\x00\x00\x00\x01\x00\x02\x00\x00\x00\x00\x03\x00\x00\x08\x00\x01r\x09\x00\x02\x00\xff&\x00\x01n\x00\x01v\x00\x01t\x00\x05\x00\xff\xed\xa0\x80", ACCEPTED)
HOSTILE("section 3.1.2.11.4", "one that takes no packet as long as CONNACK",
        NEW5, "\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x05'\x00\x00\x00\x01\x00\x04lamp", CLOSED)

/* odd, but allowed: behind it */
HOSTILE("section 4.3.2", "PUBACK of nothing",
        UP5, "@\x03\x00M\x80", LIVES(""))
HOSTILE("section 4.3.2", "PUBACK with all that it may have",
        UP5, "@\x16\x00M\x10\x12\x1f\x00\x01r&\x00\x01n\x00\x01v&\x00\x01n\x00\x01v", LIVES(""))
HOSTILE("section 4.3.3", "PUBCOMP of nothing",
        UP5, "p\x03\x00M\x92", LIVES(""))
HOSTILE("section 4.3.3", "PUBREC of nothing",
        UP5, "P\x03\x00M\x00", LIVES("pubrel#77:92 "))
HOSTILE("section 4.3.3", "PUBREC of nothing, refused",
        UP5, "P\x03\x00M\x97", LIVES(""))
HOSTILE("MQTT-4.3.3-11", "PUBREL of nothing",
        UP5, "b\x03\x00M\x00", LIVES("pubcomp#77:92 "))
HOSTILE("MQTT-4.3.3-11", "PUBREL of nothing, which says so",
        UP5, "b\x04\x00M\x92\x00", LIVES("pubcomp#77:92 "))
HOSTILE("MQTT-3.10.4-5", "UNSUBSCRIBE from what is not",
        UP5, "\xa2\x0a\x00\x07\x00\x00\x05never", LIVES("unsuback#7:11 "))
HOSTILE("section 3.3.2.3.4", "aliases up to the maximum",
        UP5, "0\x08\x00\x01t\x03#\x00\x01x0\x08\x00\x01u\x03#\x00\x03x2\x09\x00\x00\x00\x01\x03#\x00\x03x", LIVES("puback#1:10 "))
HOSTILE("section 3.3.2.3.4", "an alias that is set again",
        UP5, "0\x08\x00\x01t\x03#\x00\x01x0\x08\x00\x01u\x03#\x00\x01x2\x09\x00\x00\x00\x01\x03#\x00\x01x", LIVES("puback#1:10 "))
HOSTILE("MQTT-3.3.4-7", "as many in flight as the receive maximum",
        UP5, "4\x07\x00\x01t\x00\x01\x00x4\x07\x00\x01t\x00\x02\x00x4\x07\x00\x01t\x00\x03\x00x", LIVES("pubrec#1:10 pubrec#2:10 pubrec#3:10 "))
HOSTILE("MQTT-3.3.4-7", "room again behind PUBCOMP",
        UP5, "4\x07\x00\x01t\x00\x01\x00x4\x07\x00\x01t\x00\x02\x00x4\x07\x00\x01t\x00\x03\x00xb\x03\x00\x02\x00" "4\x07\x00\x01t\x00\x04\x00x", LIVES("pubrec#1:10 pubrec#2:10 pubrec#3:10 pubcomp#2 pubrec#4:10 "))
HOSTILE("MQTT-3.3.4-7", "more than that of QoS 1, one behind the other",
        UP5, "2\x07\x00\x01t\x00\x01\x00x2\x07\x00\x01t\x00\x02\x00x2\x07\x00\x01t\x00\x03\x00x2\x07\x00\x01t\x00\x04\x00x2\x07\x00\x01t\x00\x05\x00x", LIVES("puback#1:10 puback#2:10 puback#3:10 puback#4:10 puback#5:10 "))
HOSTILE("section 3.3.2.3", "every property of PUBLISH, and user properties",
        UP5, "2%\x00\x01t\x00\x01\x1e\x01\x01\x02\x00\x00\x00\x0a\x03\x00\x00\x08\x00\x01r\x09\x00\x00#\x00\x01&\x00\x00\x00\x00&\x00\x00\x00\x00x", LIVES("puback#1:10 "))
HOSTILE("section 3.3.2.3.2", "a payload that is not the text it says it is, QoS 1",
        UP5, "2\x0b\x00\x01t\x00\x01\x02\x01\x01\xed\xa0\x80", LIVES("puback#1:99{why} "))
HOSTILE("section 3.3.2.3.2", "the same, QoS 2",
        UP5, "4\x0b\x00\x01t\x00\x01\x02\x01\x01\xed\xa0\x80", LIVES("pubrec#1:99{why} "))
HOSTILE("MQTT-1.5.4-3", "U+FEFF in a name",
        UP5, "2\x0a\x00\x04\xef\xbb\xbft\x00\x01\x00x", LIVES("puback#1:10 "))
HOSTILE("MQTT-4.7.3-1", "a name of separators",
        UP5, "2\x09\x00\x03///\x00\x01\x00x", LIVES("puback#1:10 "))
HOSTILE("section 3.4.2.1", "deeper than mqtt.max_topic_levels",
        UP5, "2\x16\x00\x10////////////////\x00\x01\x00x", LIVES("puback#1:90 "))
HOSTILE("section 3.4.2.1", "a name that nobody may have",
        UP5, "2\x0c\x00\x06$SYS/x\x00\x01\x00x", LIVES("puback#1:87 "))
HOSTILE("section 3.4.2.1", "the same, QoS 0",
        UP5, "0\x0a\x00\x06$SYS/x\x00x", LIVES(""))
HOSTILE("MQTT-3.8.4-3", "the same filter three times, with all options",
        UP5, "\x82\x0f\x00\x01\x00\x00\x01t\x00\x00\x01t-\x00\x01t\x12", LIVES("suback#1:0:1:2 "))
HOSTILE("MQTT-4.8.2-2", "a shared filter with wildcards",
        UP5, "\x82\x12\x00\x01\x00\x00\x0c$share/g/+/#\x00", LIVES("suback#1:0 "))
HOSTILE("section 3.8.2.1.2", "the largest subscription identifier",
        UP5, "\x82\x0c\x00\x01\x05\x0b\xff\xff\xff\x7f\x00\x01t\x00", LIVES("suback#1:0 "))
HOSTILE("MQTT-3.8.4-7", "a filter deeper than mqtt.max_topic_levels",
        UP5, "\x82'\x00\x01\x00\x00!+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+\x00", LIVES("suback#1:8f "))
HOSTILE("MQTT-3.8.4-7", "a filter that nobody may have, and one more",
        UP5, "\x82\x16\x00\x01\x00\x00\x0c$aws/rules/r\x00\x00\x01t\x02", LIVES("suback#1:87:2 "))
HOSTILE("section 3.12", "PINGREQ",
        UP5, "\xc0\x00", LIVES("pingresp "))

/* hub.profile = aws-strict */
HOSTILE_STRICT("MQTT-3.2.2-11", "PUBLISH of QoS 2",
        UP5, "4\x07\x00\x01t\x00\x01\x00x", ENDED("9b"))
HOSTILE_STRICT("MQTT-3.2.2-12", "a will of QoS 2",
        NEW5, "\x10\x18\x00\x04MQTT\x05\x16\x00\x00\x00\x00\x04lamp\x00\x00\x01t\x00\x01w", REFUSED("9b"))
HOSTILE_STRICT("section 3.2.2.3.12", "a subscription identifier",
        UP5, "\x82\x09\x00\x01\x02\x0b\x01\x00\x01t\x00", ENDED("a1"))
HOSTILE_STRICT("section 3.14.2.1", "nine filters",
        UP5, "\x82'\x00\x01\x00\x00\x01" "1\x00\x00\x01" "2\x00\x00\x01" "3\x00\x00\x01" "4\x00\x00\x01" "5\x00\x00\x01" "6\x00\x00\x01" "7\x00\x00\x01" "8\x00\x00\x01" "9\x00", ENDED("97"))
HOSTILE_STRICT("section 3.1.3.1", "an identifier that begins with a dollar sign",
        NEW5, "\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05$lamp", REFUSED("85"))
HOSTILE_STRICT("MQTT-3.2.2-10", "SUBSCRIBE of QoS 2",
        UP5, "\x82\x07\x00\x01\x00\x00\x01t\x02", LIVES("suback#1:1 "))
/* clang-format on */
#undef CLOSED
#undef REFUSED
#undef ENDED
#undef LIVES
#undef ACCEPTED
#undef HOSTILE
#undef HOSTILE_STRICT
