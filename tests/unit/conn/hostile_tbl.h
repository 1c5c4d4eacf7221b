/* hostile_tbl.h — what hostile and broken clients send, and what comes of it. Define HOSTILE before including:
 *   statement  of MQTT 3.1.1 which it breaks, or which allows it; a section where nothing is numbered
 *   title      what it is
 *   state      NEW: nothing was sent before; NEW5: the same, and the answer has the form of level 5; UP: connected,
 *              a will is set; UP31: the same in MQTT 3.1
 *   bytes      what is sent then
 *   outcome    CLOSED, without a word; REFUSED: by CONNACK with this code, and closed; REFUSED5: the same, with a
 *              reason string; LIVES: these answers (see mqtt_peer.h), and it goes on
 * The limits are those of the test: packets of 4096 bytes, 16 topic levels. */
#ifndef HOSTILE
#define HOSTILE(...)
#endif
#define CLOSED         "end"
#define REFUSED(code)  "connack:" code " end"
#define REFUSED5(code) "connack:" code "{why} end"
#define LIVES(text)    text
#define I16            "iiiiiiiiiiiiiiii"
#define ID257          I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 I16 "i"
/* clang-format off */
/* the first packet */
HOSTILE("MQTT-3.1.0-1", "CONNACK before CONNECT",
        NEW, "\x20\x02\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBLISH of QoS 0 before CONNECT",
        NEW, "\x30\x03\x00\x01t", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBLISH of QoS 1 before CONNECT",
        NEW, "\x32\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBLISH of QoS 2 before CONNECT",
        NEW, "\x34\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBACK before CONNECT",
        NEW, "\x40\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBREL before CONNECT",
        NEW, "\x62\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PUBCOMP before CONNECT",
        NEW, "\x70\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.1.0-1", "SUBSCRIBE before CONNECT",
        NEW, "\x82\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "SUBACK before CONNECT",
        NEW, "\x90\x03\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "UNSUBSCRIBE before CONNECT",
        NEW, "\xa2\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-3.1.0-1", "UNSUBACK before CONNECT",
        NEW, "\xb0\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PINGREQ before CONNECT",
        NEW, "\xc0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "PINGRESP before CONNECT",
        NEW, "\xd0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "DISCONNECT before CONNECT",
        NEW, "\xe0\x00", CLOSED)
HOSTILE("section 2.2.1", "reserved type 0",
        NEW, "\x00\x00", CLOSED)
HOSTILE("section 2.2.1", "reserved type 15",
        NEW, "\xf0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "a hello of TLS",
        NEW, "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", CLOSED)
HOSTILE("MQTT-3.1.0-1", "ones",
        NEW, "\xff\xff\xff\xff\xff\xff\xff\xff", CLOSED)
HOSTILE("MQTT-3.1.0-1", "zeroes",
        NEW, "\x00\x00\x00\x00\x00\x00\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.0-1", "HTTP in small letters",
        NEW, "\x67" "et / http/1.1\x0d\x0a\x0d\x0a", CLOSED)
HOSTILE("MQTT-3.1.0-1", "a greeting of SSH",
        NEW, "\x20SSH-2.0-x\x0d\x0a", CLOSED)
HOSTILE("MQTT-3.1.0-1", "a PROXY header of version 2",
        NEW, "\x0d\x0a\x0d\x0a\x00\x0d\x0aQUIT\x0a!\x11\x00\x0c", CLOSED)
HOSTILE("MQTT-2.2.2-2", "CONNECT with flags 1",
        NEW, "\x11\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.2.2-2", "CONNECT with flags 2",
        NEW, "\x12\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.2.2-2", "CONNECT with flags 4",
        NEW, "\x14\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.2.2-2", "CONNECT with flags 8",
        NEW, "\x18\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-2.2.2-2", "CONNECT with flags f",
        NEW, "\x1f\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)

/* CONNECT: lengths */
HOSTILE("section 2.2.3", "length of five bytes",
        NEW, "\x10\x8e\x80\x80\x80\x00", CLOSED)
HOSTILE("section 2.2.3", "length that never ends",
        NEW, "\x10\xff\xff\xff\xff\xff", CLOSED)
HOSTILE("section 2.2.3", "the largest length",
        NEW, "\x10\xff\xff\xff\x7f", CLOSED)
HOSTILE("section 2.2.3", "longer than mqtt.max_packet",
        NEW, "\x10\x81 ", CLOSED)
HOSTILE("section 3.1.2", "no body",
        NEW, "\x10\x00", CLOSED)
HOSTILE("section 3.1.2", "one byte",
        NEW, "\x10\x01\x00", CLOSED)
HOSTILE("section 3.1.2", "a body of eleven bytes",
        NEW, "\x10\x0b\x00\x04MQTT\x04\x02\x00\x00\x00", CLOSED)

/* CONNECT: protocol */
HOSTILE("MQTT-3.1.2-1", "the name of no letters",
        NEW, "\x10\x0c\x00\x00\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name M",
        NEW, "\x10\x0d\x00\x01M\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQT",
        NEW, "\x10\x0f\x00\x03MQT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name mqtt",
        NEW, "\x10\x10\x00\x04mqtt\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQTX",
        NEW, "\x10\x10\x00\x04MQTX\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQTTX",
        NEW, "\x10\x11\x00\x05MQTTX\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQIsdq",
        NEW, "\x10\x12\x00\x06MQIsdq\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name mqisdp",
        NEW, "\x10\x12\x00\x06mqisdp\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name AMQP",
        NEW, "\x10\x10\x00\x04" "AMQP\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name HTTP/1.1",
        NEW, "\x10\x14\x00\x08HTTP/1.1\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name MQTT and U+0000",
        NEW, "\x10\x11\x00\x05MQTT\x00\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "the name U+FEFF MQTT",
        NEW, "\x10\x13\x00\x07\xef\xbb\xbfMQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "a name that ends beyond the packet",
        NEW, "\x10\x10\xff\xffMQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "a name that takes the rest",
        NEW, "\x10\x10\x00\x0fMQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-1", "a length with its bytes swapped",
        NEW, "\x10\x10\x04\x00MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-2", "level 0",
        NEW, "\x10\x10\x00\x04MQTT\x00\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 1",
        NEW, "\x10\x10\x00\x04MQTT\x01\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 2",
        NEW, "\x10\x10\x00\x04MQTT\x02\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 3",
        NEW, "\x10\x10\x00\x04MQTT\x03\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 6",
        NEW5, "\x10\x10\x00\x04MQTT\x06\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.2-2", "level 7",
        NEW5, "\x10\x10\x00\x04MQTT\x07\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.2-2", "level 127",
        NEW5, "\x10\x10\x00\x04MQTT\x7f\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.2-2", "level 128",
        NEW, "\x10\x10\x00\x04MQTT\x80\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 131",
        NEW, "\x10\x10\x00\x04MQTT\x83\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 132",
        NEW, "\x10\x10\x00\x04MQTT\x84\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "level 133",
        NEW5, "\x10\x10\x00\x04MQTT\x85\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.2-2", "level 255",
        NEW5, "\x10\x10\x00\x04MQTT\xff\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 0",
        NEW, "\x10\x12\x00\x06MQIsdp\x00\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 2",
        NEW, "\x10\x12\x00\x06MQIsdp\x02\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 4",
        NEW, "\x10\x12\x00\x06MQIsdp\x04\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 5",
        NEW5, "\x10\x12\x00\x06MQIsdp\x05\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 131",
        NEW, "\x10\x12\x00\x06MQIsdp\x83\x02\x00\x00\x00\x04lamp", REFUSED("1"))
HOSTILE("MQTT-3.1.2-2", "MQIsdp of level 255",
        NEW5, "\x10\x12\x00\x06MQIsdp\xff\x02\x00\x00\x00\x04lamp", REFUSED5("84"))
HOSTILE("MQTT-3.1.4-5", "an unknown level, and more behind it",
        NEW5, "\x10\x10\x00\x04MQTT\x09\x02\x00\x00\x00\x04lamp\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp\xc0\x00", REFUSED5("84"))

/* CONNECT: flags */
HOSTILE("MQTT-3.1.2-3", "flags: reserved",
        NEW, "\x10\x10\x00\x04MQTT\x04\x01\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-3", "flags: reserved and clean",
        NEW, "\x10\x10\x00\x04MQTT\x04\x03\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-3", "flags: reserved, and a will",
        NEW, "\x10\x16\x00\x04MQTT\x04\x07\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.2-3", "flags: all",
        NEW, "\x10\x1c\x00\x04MQTT\x04\xff\x00\x00\x00\x04lamp\x00\x01t\x00\x01w\x00\x01u\x00\x01p", CLOSED)
HOSTILE("MQTT-3.1.2-13", "will QoS 1 without a will",
        NEW, "\x10\x10\x00\x04MQTT\x04\x0a\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-13", "will QoS 2 without a will",
        NEW, "\x10\x10\x00\x04MQTT\x04\x12\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-13", "will QoS 3 without a will",
        NEW, "\x10\x10\x00\x04MQTT\x04\x1a\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-15", "will retain without a will",
        NEW, "\x10\x10\x00\x04MQTT\x04\x22\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-11", "all will flags but the will",
        NEW, "\x10\x10\x00\x04MQTT\x04:\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-14", "will QoS 3",
        NEW, "\x10\x16\x00\x04MQTT\x04\x1e\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.2-14", "will QoS 3, retained",
        NEW, "\x10\x16\x00\x04MQTT\x04>\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.2-14", "will QoS 3 in MQTT 3.1",
        NEW, "\x10\x18\x00\x06MQIsdp\x03\x1e\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.2-22", "password without user name",
        NEW, "\x10\x13\x00\x04MQTT\x04" "B\x00\x00\x00\x04lamp\x00\x01p", CLOSED)
HOSTILE("MQTT-3.1.2-22", "password without user name, and a will",
        NEW, "\x10\x19\x00\x04MQTT\x04" "F\x00\x00\x00\x04lamp\x00\x01t\x00\x01w\x00\x01p", CLOSED)
HOSTILE("MQTT-3.1.2-22", "password without user name in MQTT 3.1",
        NEW, "\x10\x15\x00\x06MQIsdp\x03" "B\x00\x00\x00\x04lamp\x00\x01p", CLOSED)

/* CONNECT: payload */
HOSTILE("MQTT-3.1.3-3", "no client identifier in MQTT 3.1",
        NEW, "\x10\x0c\x00\x06MQIsdp\x03\x02\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.3-3", "half the length of one",
        NEW, "\x10\x0d\x00\x06MQIsdp\x03\x02\x00\x00\x00", CLOSED)
HOSTILE("MQTT-3.1.3-3", "a client identifier cut short",
        NEW, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x05lamp", CLOSED)
HOSTILE("MQTT-3.1.3-3", "one that ends beyond the packet",
        NEW, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\xff\xfflamp", CLOSED)
HOSTILE("MQTT-3.1.2-9", "no will topic",
        NEW, "\x10\x10\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-9", "half the length of a will topic",
        NEW, "\x10\x11\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00", CLOSED)
HOSTILE("MQTT-3.1.2-9", "a will topic cut short",
        NEW, "\x10\x13\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x02t", CLOSED)
HOSTILE("MQTT-3.1.2-9", "no will message",
        NEW, "\x10\x13\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01t", CLOSED)
HOSTILE("MQTT-3.1.2-9", "half the length of a will message",
        NEW, "\x10\x14\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.1.2-9", "a will message cut short",
        NEW, "\x10\x16\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01t\x00\x02w", CLOSED)
HOSTILE("MQTT-3.1.2-19", "no user name",
        NEW, "\x10\x10\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.2-19", "half the length of a user name",
        NEW, "\x10\x11\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00", CLOSED)
HOSTILE("MQTT-3.1.2-19", "a user name cut short",
        NEW, "\x10\x13\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x02u", CLOSED)
HOSTILE("MQTT-3.1.2-19", "no user name behind a will",
        NEW, "\x10\x16\x00\x04MQTT\x04\x86\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.2-21", "no password",
        NEW, "\x10\x13\x00\x04MQTT\x04\xc2\x00\x00\x00\x04lamp\x00\x01u", CLOSED)
HOSTILE("MQTT-3.1.2-21", "half the length of a password",
        NEW, "\x10\x14\x00\x04MQTT\x04\xc2\x00\x00\x00\x04lamp\x00\x01u\x00", CLOSED)
HOSTILE("MQTT-3.1.2-21", "a password cut short",
        NEW, "\x10\x16\x00\x04MQTT\x04\xc2\x00\x00\x00\x04lamp\x00\x01u\x00\x02p", CLOSED)
HOSTILE("MQTT-3.1.3-1", "a byte behind the payload",
        NEW, "\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x04lampx", CLOSED)
HOSTILE("MQTT-3.1.2-11", "a will that is not announced",
        NEW, "\x10\x16\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp\x00\x01t\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.2-18", "a user name that is not announced",
        NEW, "\x10\x13\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp\x00\x01u", CLOSED)
HOSTILE("MQTT-3.1.2-20", "a password that is not announced",
        NEW, "\x10\x16\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x01u\x00\x01p", CLOSED)
HOSTILE("MQTT-3.1.3-1", "bytes behind all fields",
        NEW, "\x10\x1d\x00\x04MQTT\x04\xc6\x00\x00\x00\x04lamp\x00\x01t\x00\x01w\x00\x01u\x00\x01p\x00", CLOSED)
HOSTILE("MQTT-3.1.3-1", "a field too many in MQTT 3.1",
        NEW, "\x10\x15\x00\x06MQIsdp\x03\x02\x00\x00\x00\x04lamp\x00\x01u", CLOSED)

/* CONNECT: text */
HOSTILE("MQTT-3.1.3-4", "client identifier: U+0000",
        NEW, "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: U+0000 within",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03" "a\x00" "b", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a surrogate",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03\xed\xa0\x80", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: the last surrogate",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03\xed\xbf\xbf", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a pair of surrogates",
        NEW, "\x10\x12\x00\x04MQTT\x04\x02\x00\x00\x00\x06\xed\xa0\xbd\xed\xb2\xa9", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: overlong U+0000",
        NEW, "\x10\x0e\x00\x04MQTT\x04\x02\x00\x00\x00\x02\xc0\x80", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: overlong '/'",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03\xe0\x80\xaf", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: overlong 'A' of four bytes",
        NEW, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04\xf0\x80\x81\x81", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a lone continuation",
        NEW, "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01\x80", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a cut sequence",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03" "a\xe2\x82", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a broken sequence",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03\xc3(x", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: beyond U+10FFFF",
        NEW, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04\xf4\x90\x80\x80", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a sequence of five bytes",
        NEW, "\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05\xf8\x88\x80\x80\x80", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a byte FE",
        NEW, "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01\xfe", CLOSED)
HOSTILE("MQTT-3.1.3-4", "client identifier: a byte FF",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03" "a/\xff", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: U+0000",
        NEW, "\x10\x16\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01\x00\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: U+0000 within",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03" "a\x00" "b\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a surrogate",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03\xed\xa0\x80\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: the last surrogate",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03\xed\xbf\xbf\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a pair of surrogates",
        NEW, "\x10\x1b\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x06\xed\xa0\xbd\xed\xb2\xa9\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: overlong U+0000",
        NEW, "\x10\x17\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x02\xc0\x80\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: overlong '/'",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03\xe0\x80\xaf\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: overlong 'A' of four bytes",
        NEW, "\x10\x19\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x04\xf0\x80\x81\x81\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a lone continuation",
        NEW, "\x10\x16\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01\x80\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a cut sequence",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03" "a\xe2\x82\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a broken sequence",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03\xc3(x\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: beyond U+10FFFF",
        NEW, "\x10\x19\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x04\xf4\x90\x80\x80\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a sequence of five bytes",
        NEW, "\x10\x1a\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x05\xf8\x88\x80\x80\x80\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a byte FE",
        NEW, "\x10\x16\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01\xfe\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-10", "will topic: a byte FF",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03" "a/\xff\x00\x01w", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: U+0000",
        NEW, "\x10\x13\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: U+0000 within",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03" "a\x00" "b", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a surrogate",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03\xed\xa0\x80", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: the last surrogate",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03\xed\xbf\xbf", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a pair of surrogates",
        NEW, "\x10\x18\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x06\xed\xa0\xbd\xed\xb2\xa9", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: overlong U+0000",
        NEW, "\x10\x14\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x02\xc0\x80", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: overlong '/'",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03\xe0\x80\xaf", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: overlong 'A' of four bytes",
        NEW, "\x10\x16\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x04\xf0\x80\x81\x81", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a lone continuation",
        NEW, "\x10\x13\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x01\x80", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a cut sequence",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03" "a\xe2\x82", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a broken sequence",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03\xc3(x", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: beyond U+10FFFF",
        NEW, "\x10\x16\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x04\xf4\x90\x80\x80", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a sequence of five bytes",
        NEW, "\x10\x17\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x05\xf8\x88\x80\x80\x80", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a byte FE",
        NEW, "\x10\x13\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x01\xfe", CLOSED)
HOSTILE("MQTT-3.1.3-11", "user name: a byte FF",
        NEW, "\x10\x15\x00\x04MQTT\x04\x82\x00\x00\x00\x04lamp\x00\x03" "a/\xff", CLOSED)
HOSTILE("MQTT-4.7.3-1", "will topic: empty",
        NEW, "\x10\x15\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x00\x00\x01w", CLOSED)
HOSTILE("MQTT-4.7.1-1", "will topic: #",
        NEW, "\x10\x16\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01#\x00\x01w", CLOSED)
HOSTILE("MQTT-4.7.1-1", "will topic: +",
        NEW, "\x10\x16\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01+\x00\x01w", CLOSED)
HOSTILE("MQTT-4.7.1-1", "will topic: a/+/b",
        NEW, "\x10\x1a\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x05" "a/+/b\x00\x01w", CLOSED)
HOSTILE("MQTT-4.7.1-1", "will topic: a/#",
        NEW, "\x10\x18\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x03" "a/#\x00\x01w", CLOSED)
HOSTILE("MQTT-4.7.1-1", "will topic: a#",
        NEW, "\x10\x17\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x02" "a#\x00\x01w", CLOSED)
HOSTILE("MQTT-3.3.5-2", "a will that it may not publish",
        NEW, "\x10\x1b\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x06$SYS/x\x00\x01w", REFUSED("5"))
HOSTILE("section 3.2.2.3", "a will deeper than mqtt.max_topic_levels",
        NEW, "\x10%\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x10////////////////\x00\x01w", REFUSED("5"))
HOSTILE("MQTT-3.1.3-8", "no identifier for a kept session",
        NEW, "\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00", REFUSED("2"))
HOSTILE("MQTT-3.1.3-8", "no identifier for a kept session, and a will",
        NEW, "\x10\x12\x00\x04MQTT\x04\x04\x00\x00\x00\x00\x00\x01t\x00\x01w", REFUSED("2"))
HOSTILE("MQTT-3.1.3-9", "no identifier in MQTT 3.1",
        NEW, "\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x00\x00\x00", REFUSED("2"))
HOSTILE("MQTT-3.1.3-9", "an identifier of 257 bytes",
        NEW, "\x10\x8d\x02\x00\x04MQTT\x04\x02\x00\x00\x01\x01" ID257, REFUSED("2"))
HOSTILE("section 3.2.2.3", "a user whom nobody knows",
        NEW, "\x10\x1b\x00\x04MQTT\x04\xc2\x00\x00\x00\x04lamp\x00\x06nobody\x00\x01x", REFUSED("4"))
HOSTILE("section 3.2.2.3", "a password of any bytes",
        NEW, "\x10\x1f\x00\x04MQTT\x04\xc2\x00\x00\x00\x04lamp\x00\x06nobody\x00\x05\x00\xff\xed\xa0\x80", REFUSED("4"))
HOSTILE("MQTT-3.1.4-5", "a refusal, and more behind it",
        NEW, "\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00" "1\x04\x00\x01tx\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", REFUSED("2"))

/* CONNECT: odd, but allowed */
HOSTILE("MQTT-1.5.3-3", "U+FEFF as an identifier",
        NEW, "\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03\xef\xbb\xbf", LIVES("connack:0 "))
HOSTILE("section 1.5.3", "control characters and U+FFFF in an identifier",
        NEW, "\x10\x13\x00\x04MQTT\x04\x02\x00\x00\x00\x07\x01\x7f\xc2\x85\xef\xbf\xbf", LIVES("connack:0 "))
HOSTILE("MQTT-3.1.3-5", "wildcards in an identifier",
        NEW, "\x10\x14\x00\x04MQTT\x04\x02\x00\x00\x00\x08+/#/$SYS", LIVES("connack:0 "))
HOSTILE("section 2.2.3", "a length longer than it need be",
        NEW, "\x10\x90\x80\x00\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", LIVES("connack:0 "))
HOSTILE("MQTT-3.1.2-23", "the longest keep-alive",
        NEW, "\x10\x10\x00\x04MQTT\x04\x02\xff\xff\x00\x04lamp", LIVES("connack:0 "))
HOSTILE("MQTT-3.1.2-9", "a will without a payload",
        NEW, "\x10\x15\x00\x04MQTT\x04.\x00\x00\x00\x04lamp\x00\x01t\x00\x00", LIVES("connack:0 "))
HOSTILE("MQTT-3.1.2-9", "a will of any bytes",
        NEW, "\x10\x1a\x00\x04MQTT\x04\x06\x00\x00\x00\x04lamp\x00\x01t\x00\x05\x00\xff\xed\xa0\x80", LIVES("connack:0 "))
HOSTILE("MQTT 3.1", "flags that 3.1 disregards",
        NEW, "\x10\x12\x00\x06MQIsdp\x03;\x00\x00\x00\x04lamp", LIVES("connack:0 "))
HOSTILE("MQTT 3.1", "user name and password that are not there",
        NEW, "\x10\x12\x00\x06MQIsdp\x03\xc2\x00\x00\x00\x04lamp", LIVES("connack:0 "))

/* types and flags */
HOSTILE("section 2.2.1", "reserved type 0",
        UP, "\x00\x00", CLOSED)
HOSTILE("section 2.2.1", "reserved type 0 with flags",
        UP, "\x0f\x00", CLOSED)
HOSTILE("section 2.2.1", "reserved type 15",
        UP, "\xf0\x00", CLOSED)
HOSTILE("section 2.2.1", "AUTH of MQTT 5",
        UP, "\xf0\x02\x18\x00", CLOSED)
HOSTILE("section 2.2.1", "CONNACK",
        UP, "\x20\x02\x00\x00", CLOSED)
HOSTILE("section 2.2.1", "SUBACK",
        UP, "\x90\x03\x00\x01\x00", CLOSED)
HOSTILE("section 2.2.1", "UNSUBACK",
        UP, "\xb0\x02\x00\x01", CLOSED)
HOSTILE("section 2.2.1", "PINGRESP",
        UP, "\xd0\x00", CLOSED)
HOSTILE("MQTT-3.1.0-2", "a second CONNECT",
        UP, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.0-2", "a second CONNECT of somebody else",
        UP, "\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05other", CLOSED)
HOSTILE("MQTT-3.1.0-2", "a second CONNECT, of MQTT 3.1",
        UP, "\x10\x12\x00\x06MQIsdp\x03\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.1.0-2", "a second CONNECT that is malformed",
        UP, "\x10\x10\x00\x04MQTT\x04\x03\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-4.8.0-1", "HTTP in the middle",
        UP, "\x47" "ET / HTTP/1.1\x0d\x0a\x0d\x0a", CLOSED)
HOSTILE("MQTT-4.8.0-1", "a hello of TLS in the middle",
        UP, "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", CLOSED)
HOSTILE("MQTT-4.8.0-1", "zeroes in the middle",
        UP, "\x00\x00\x00\x00\x00\x00\x00\x00", CLOSED)
HOSTILE("MQTT-4.8.0-1", "ones in the middle",
        UP, "\xff\xff\xff\xff\xff\xff\xff\xff", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBACK with flags 1",
        UP, "\x41\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBACK with flags 2",
        UP, "\x42\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBACK with flags 4",
        UP, "\x44\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBACK with flags 8",
        UP, "\x48\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBACK with flags f",
        UP, "\x4f\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBREC with flags 1",
        UP, "\x51\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBREC with flags 2",
        UP, "\x52\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBREC with flags 4",
        UP, "\x54\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBREC with flags 8",
        UP, "\x58\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBREC with flags f",
        UP, "\x5f\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBCOMP with flags 1",
        UP, "\x71\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBCOMP with flags 2",
        UP, "\x72\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBCOMP with flags 4",
        UP, "\x74\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBCOMP with flags 8",
        UP, "\x78\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBCOMP with flags f",
        UP, "\x7f\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PINGREQ with flags 1",
        UP, "\xc1\x00", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PINGREQ with flags 2",
        UP, "\xc2\x00", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PINGREQ with flags 4",
        UP, "\xc4\x00", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PINGREQ with flags 8",
        UP, "\xc8\x00", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PINGREQ with flags f",
        UP, "\xcf\x00", CLOSED)
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 1",
        UP, "\xe1\x00", CLOSED)
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 2",
        UP, "\xe2\x00", CLOSED)
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 4",
        UP, "\xe4\x00", CLOSED)
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags 8",
        UP, "\xe8\x00", CLOSED)
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with flags f",
        UP, "\xef\x00", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 0",
        UP, "\x60\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 1",
        UP, "\x61\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 3",
        UP, "\x63\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 6",
        UP, "\x66\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags a",
        UP, "\x6a\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags f",
        UP, "\x6f\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 0",
        UP, "\x80\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 1",
        UP, "\x81\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 3",
        UP, "\x83\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 6",
        UP, "\x86\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags a",
        UP, "\x8a\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags f",
        UP, "\x8f\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 0",
        UP, "\xa0\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 1",
        UP, "\xa1\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 3",
        UP, "\xa3\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 6",
        UP, "\xa6\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags a",
        UP, "\xaa\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags f",
        UP, "\xaf\x05\x00\x01\x00\x01t", CLOSED)

/* lengths */
HOSTILE("section 2.2.3", "length of five bytes",
        UP, "\x30\x80\x80\x80\x80\x01", CLOSED)
HOSTILE("section 2.2.3", "length of five bytes that is small",
        UP, "\xc0\x80\x80\x80\x80\x00", CLOSED)
HOSTILE("section 2.2.3", "the largest length",
        UP, "\x30\xff\xff\xff\x7f", CLOSED)
HOSTILE("section 2.2.3", "SUBSCRIBE longer than mqtt.max_packet",
        UP, "\x82\x80\x80\x01", CLOSED)
HOSTILE("section 2.2.3", "PINGREQ longer than mqtt.max_packet",
        UP, "\xc0\xff\xff\x7f", CLOSED)
HOSTILE("section 3.4.1", "PUBACK without a body",
        UP, "\x40\x00", CLOSED)
HOSTILE("section 3.4.1", "PUBACK of one byte",
        UP, "\x40\x01\x00", CLOSED)
HOSTILE("section 3.4.1", "PUBACK with a byte too many",
        UP, "\x40\x03\x00\x01x", CLOSED)
HOSTILE("section 3.4.1", "PUBACK of MQTT 5 with properties",
        UP, "\x40\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("section 3.5.1", "PUBREC without a body",
        UP, "\x50\x00", CLOSED)
HOSTILE("section 3.5.1", "PUBREC of one byte",
        UP, "\x50\x01\x00", CLOSED)
HOSTILE("section 3.5.1", "PUBREC with a byte too many",
        UP, "\x50\x03\x00\x01x", CLOSED)
HOSTILE("section 3.5.1", "PUBREC of MQTT 5 with properties",
        UP, "\x50\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("section 3.6.1", "PUBREL without a body",
        UP, "\x62\x00", CLOSED)
HOSTILE("section 3.6.1", "PUBREL of one byte",
        UP, "\x62\x01\x00", CLOSED)
HOSTILE("section 3.6.1", "PUBREL with a byte too many",
        UP, "\x62\x03\x00\x01x", CLOSED)
HOSTILE("section 3.6.1", "PUBREL of MQTT 5 with properties",
        UP, "\x62\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("section 3.7.1", "PUBCOMP without a body",
        UP, "\x70\x00", CLOSED)
HOSTILE("section 3.7.1", "PUBCOMP of one byte",
        UP, "\x70\x01\x00", CLOSED)
HOSTILE("section 3.7.1", "PUBCOMP with a byte too many",
        UP, "\x70\x03\x00\x01x", CLOSED)
HOSTILE("section 3.7.1", "PUBCOMP of MQTT 5 with properties",
        UP, "\x70\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("section 3.12", "PINGREQ with a body",
        UP, "\xc0\x01x", CLOSED)
HOSTILE("section 3.14", "DISCONNECT with a body",
        UP, "\xe0\x01\x00", CLOSED)
HOSTILE("section 3.14", "DISCONNECT of MQTT 5 with a reason",
        UP, "\xe0\x02\x04\x00", CLOSED)

/* packet identifiers */
HOSTILE("MQTT-2.3.1-1", "PUBLISH of QoS 1 with identifier 0",
        UP, "\x32\x05\x00\x01t\x00\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "PUBLISH of QoS 2 with identifier 0",
        UP, "\x34\x06\x00\x01t\x00\x00x", CLOSED)
HOSTILE("MQTT-2.3.1-1", "a repeated PUBLISH with identifier 0",
        UP, "\x3a\x05\x00\x01t\x00\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "PUBACK with identifier 0",
        UP, "\x40\x02\x00\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "PUBREC with identifier 0",
        UP, "\x50\x02\x00\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "PUBREL with identifier 0",
        UP, "\x62\x02\x00\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "PUBCOMP with identifier 0",
        UP, "\x70\x02\x00\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "SUBSCRIBE with identifier 0",
        UP, "\x82\x06\x00\x00\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-2.3.1-1", "UNSUBSCRIBE with identifier 0",
        UP, "\xa2\x05\x00\x00\x00\x01t", CLOSED)

/* PUBLISH */
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags 6",
        UP, "\x36\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags 7",
        UP, "\x37\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags e",
        UP, "\x3e\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.3.1-4", "QoS 3, flags f",
        UP, "\x3f\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.3.1-2", "DUP with QoS 0, flags 8",
        UP, "\x38\x03\x00\x01t", CLOSED)
HOSTILE("MQTT-3.3.1-2", "DUP with QoS 0, flags 9",
        UP, "\x39\x03\x00\x01t", CLOSED)
HOSTILE("MQTT-3.3.2-1", "PUBLISH without a body",
        UP, "\x30\x00", CLOSED)
HOSTILE("MQTT-3.3.2-1", "PUBLISH of one byte",
        UP, "\x30\x01\x00", CLOSED)
HOSTILE("MQTT-3.3.2-1", "PUBLISH of an empty name and no more",
        UP, "\x30\x02\x00\x00", CLOSED)
HOSTILE("MQTT-3.3.2-1", "PUBLISH whose name is cut",
        UP, "\x30\x03\x00\x02t", CLOSED)
HOSTILE("MQTT-3.3.2-1", "PUBLISH whose name ends beyond it",
        UP, "\x30\x05\xff\xffttt", CLOSED)
HOSTILE("MQTT-3.3.2-1", "PUBLISH of QoS 1 whose name takes the identifier",
        UP, "\x32\x05\x00\x04t\x00\x01", CLOSED)
HOSTILE("MQTT-2.3.1-1", "no identifier",
        UP, "\x32\x03\x00\x01t", CLOSED)
HOSTILE("MQTT-2.3.1-1", "half an identifier",
        UP, "\x32\x04\x00\x01t\x01", CLOSED)
HOSTILE("MQTT-2.3.1-1", "no identifier with QoS 2",
        UP, "\x34\x03\x00\x01t", CLOSED)
HOSTILE("MQTT-4.7.3-1", "an empty name",
        UP, "\x30\x03\x00\x00x", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name #",
        UP, "\x30\x04\x00\x01#x", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name +",
        UP, "\x30\x04\x00\x01+x", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name a/#",
        UP, "\x30\x06\x00\x03" "a/#x", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name a/+/b",
        UP, "\x30\x08\x00\x05" "a/+/bx", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name +a",
        UP, "\x30\x05\x00\x02+ax", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name a#",
        UP, "\x30\x05\x00\x02" "a#x", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name $a/+",
        UP, "\x30\x07\x00\x04$a/+x", CLOSED)
HOSTILE("MQTT-3.3.2-2", "the name /+",
        UP, "\x30\x05\x00\x02/+x", CLOSED)
HOSTILE("MQTT-1.5.3-2, MQTT-4.7.3-2", "name: U+0000",
        UP, "\x30\x04\x00\x01\x00x", CLOSED)
HOSTILE("MQTT-1.5.3-2, MQTT-4.7.3-2", "name: U+0000 within",
        UP, "\x30\x06\x00\x03" "a\x00" "bx", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a surrogate",
        UP, "\x30\x06\x00\x03\xed\xa0\x80x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: the last surrogate",
        UP, "\x30\x06\x00\x03\xed\xbf\xbfx", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a pair of surrogates",
        UP, "\x30\x09\x00\x06\xed\xa0\xbd\xed\xb2\xa9x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: overlong U+0000",
        UP, "\x30\x05\x00\x02\xc0\x80x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: overlong '/'",
        UP, "\x30\x06\x00\x03\xe0\x80\xafx", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: overlong 'A' of four bytes",
        UP, "\x30\x07\x00\x04\xf0\x80\x81\x81x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a lone continuation",
        UP, "\x30\x04\x00\x01\x80x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a cut sequence",
        UP, "\x30\x06\x00\x03" "a\xe2\x82x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a broken sequence",
        UP, "\x30\x06\x00\x03\xc3(xx", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: beyond U+10FFFF",
        UP, "\x30\x07\x00\x04\xf4\x90\x80\x80x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a sequence of five bytes",
        UP, "\x30\x08\x00\x05\xf8\x88\x80\x80\x80x", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a byte FE",
        UP, "\x30\x04\x00\x01\xfex", CLOSED)
HOSTILE("MQTT-1.5.3-1", "name: a byte FF",
        UP, "\x30\x06\x00\x03" "a/\xffx", CLOSED)
HOSTILE("MQTT-3.3.5-2", "to $SYS",
        UP, "\x30\x09\x00\x06$SYS/xx", CLOSED)
HOSTILE("MQTT-3.3.5-2", "to $aws",
        UP, "\x32\x12\x00\x0d$aws/events/x\x00\x01x", CLOSED)
HOSTILE("MQTT-3.3.5-2", "to $ alone",
        UP, "\x30\x03\x00\x01$", CLOSED)
HOSTILE("MQTT-3.3.5-2", "deeper than mqtt.max_topic_levels",
        UP, "\x34\x15\x00\x10////////////////\x00\x01x", CLOSED)

/* SUBSCRIBE */
HOSTILE("MQTT-3.8.3-3", "without a body",
        UP, "\x82\x00", CLOSED)
HOSTILE("MQTT-3.8.3-3", "of one byte",
        UP, "\x82\x01\x00", CLOSED)
HOSTILE("MQTT-3.8.3-3", "without a filter",
        UP, "\x82\x02\x00\x01", CLOSED)
HOSTILE("section 3.8.3", "half the length of a filter",
        UP, "\x82\x03\x00\x01\x00", CLOSED)
HOSTILE("section 3.8.3", "a filter without its QoS",
        UP, "\x82\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("section 3.8.3", "a filter that takes its QoS",
        UP, "\x82\x06\x00\x01\x00\x02t\x00", CLOSED)
HOSTILE("section 3.8.3", "a filter that ends beyond it",
        UP, "\x82\x06\x00\x01\xff\xfft\x00", CLOSED)
HOSTILE("section 3.8.3", "a second filter that is cut",
        UP, "\x82\x0a\x00\x01\x00\x01t\x00\x00\x05u\x00", CLOSED)
HOSTILE("section 3.8.3", "a second filter without its QoS",
        UP, "\x82\x09\x00\x01\x00\x01t\x00\x00\x01u", CLOSED)
HOSTILE("section 3.8.3", "a byte behind the last filter",
        UP, "\x82\x07\x00\x01\x00\x01t\x00\x00", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 03",
        UP, "\x82\x06\x00\x01\x00\x01t\x03", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 04",
        UP, "\x82\x06\x00\x01\x00\x01t\x04", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 08",
        UP, "\x82\x06\x00\x01\x00\x01t\x08", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 10",
        UP, "\x82\x06\x00\x01\x00\x01t\x10", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 20",
        UP, "\x82\x06\x00\x01\x00\x01t ", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 40",
        UP, "\x82\x06\x00\x01\x00\x01t@", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 80",
        UP, "\x82\x06\x00\x01\x00\x01t\x80", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 2c",
        UP, "\x82\x06\x00\x01\x00\x01t,", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte ff",
        UP, "\x82\x06\x00\x01\x00\x01t\xff", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS 3 in the second filter",
        UP, "\x82\x0a\x00\x01\x00\x01t\x01\x00\x01u\x03", CLOSED)
HOSTILE("MQTT-4.7.3-1", "an empty filter",
        UP, "\x82\x05\x00\x01\x00\x00\x00", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter #/a",
        UP, "\x82\x08\x00\x01\x00\x03#/a\x01", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter a#",
        UP, "\x82\x07\x00\x01\x00\x02" "a#\x01", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter a/#/b",
        UP, "\x82\x0a\x00\x01\x00\x05" "a/#/b\x01", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter ##",
        UP, "\x82\x07\x00\x01\x00\x02##\x01", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter a/#b",
        UP, "\x82\x09\x00\x01\x00\x04" "a/#b\x01", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter #+",
        UP, "\x82\x07\x00\x01\x00\x02#+\x01", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter a+",
        UP, "\x82\x07\x00\x01\x00\x02" "a+\x01", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter +a",
        UP, "\x82\x07\x00\x01\x00\x02+a\x01", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter a/b+/c",
        UP, "\x82\x0b\x00\x01\x00\x06" "a/b+/c\x01", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter ++",
        UP, "\x82\x07\x00\x01\x00\x02++\x01", CLOSED)
HOSTILE("MQTT-4.8.2-2 of MQTT 5", "the filter $share/g",
        UP, "\x82\x0d\x00\x01\x00\x08$share/g\x01", CLOSED)
HOSTILE("MQTT-4.8.2-2 of MQTT 5", "the filter $share//t",
        UP, "\x82\x0e\x00\x01\x00\x09$share//t\x01", CLOSED)
HOSTILE("MQTT-4.8.2-2 of MQTT 5", "the filter $share/+/t",
        UP, "\x82\x0f\x00\x01\x00\x0a$share/+/t\x01", CLOSED)
HOSTILE("MQTT-4.8.2-2 of MQTT 5", "the filter $share/g#/t",
        UP, "\x82\x10\x00\x01\x00\x0b$share/g#/t\x01", CLOSED)
HOSTILE("MQTT-4.7.3-1", "the filter $share/g/",
        UP, "\x82\x0e\x00\x01\x00\x09$share/g/\x01", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter $share/g/a#",
        UP, "\x82\x10\x00\x01\x00\x0b$share/g/a#\x01", CLOSED)
HOSTILE("MQTT-4.8.2-2 of MQTT 5", "the filter $share/g/$share/h/t",
        UP, "\x82\x18\x00\x01\x00\x13$share/g/$share/h/t\x01", CLOSED)
HOSTILE("MQTT-3.8.3-1, MQTT-4.7.3-2", "filter: U+0000",
        UP, "\x82\x06\x00\x01\x00\x01\x00\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1, MQTT-4.7.3-2", "filter: U+0000 within",
        UP, "\x82\x08\x00\x01\x00\x03" "a\x00" "b\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a surrogate",
        UP, "\x82\x08\x00\x01\x00\x03\xed\xa0\x80\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: the last surrogate",
        UP, "\x82\x08\x00\x01\x00\x03\xed\xbf\xbf\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a pair of surrogates",
        UP, "\x82\x0b\x00\x01\x00\x06\xed\xa0\xbd\xed\xb2\xa9\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: overlong U+0000",
        UP, "\x82\x07\x00\x01\x00\x02\xc0\x80\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: overlong '/'",
        UP, "\x82\x08\x00\x01\x00\x03\xe0\x80\xaf\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: overlong 'A' of four bytes",
        UP, "\x82\x09\x00\x01\x00\x04\xf0\x80\x81\x81\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a lone continuation",
        UP, "\x82\x06\x00\x01\x00\x01\x80\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a cut sequence",
        UP, "\x82\x08\x00\x01\x00\x03" "a\xe2\x82\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a broken sequence",
        UP, "\x82\x08\x00\x01\x00\x03\xc3(x\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: beyond U+10FFFF",
        UP, "\x82\x09\x00\x01\x00\x04\xf4\x90\x80\x80\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a sequence of five bytes",
        UP, "\x82\x0a\x00\x01\x00\x05\xf8\x88\x80\x80\x80\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a byte FE",
        UP, "\x82\x06\x00\x01\x00\x01\xfe\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "filter: a byte FF",
        UP, "\x82\x08\x00\x01\x00\x03" "a/\xff\x00", CLOSED)
HOSTILE("MQTT-3.8.3-1", "a bad filter behind a good one",
        UP, "\x82\x0a\x00\x01\x00\x01t\x00\x00\x01\xff\x00", CLOSED)

/* UNSUBSCRIBE */
HOSTILE("MQTT-3.10.3-2", "without a body",
        UP, "\xa2\x00", CLOSED)
HOSTILE("MQTT-3.10.3-2", "of one byte",
        UP, "\xa2\x01\x00", CLOSED)
HOSTILE("MQTT-3.10.3-2", "without a filter",
        UP, "\xa2\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.10.3-1", "half the length of a filter",
        UP, "\xa2\x03\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.10.3-1", "a filter that is cut",
        UP, "\xa2\x05\x00\x01\x00\x02t", CLOSED)
HOSTILE("MQTT-3.10.3-1", "a filter that ends beyond it",
        UP, "\xa2\x05\x00\x01\xff\xfft", CLOSED)
HOSTILE("MQTT-3.10.3-1", "a second filter that is cut",
        UP, "\xa2\x08\x00\x01\x00\x01t\x00\x05u", CLOSED)
HOSTILE("MQTT-3.10.3-1", "a QoS, as in SUBSCRIBE",
        UP, "\xa2\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-4.7.3-1", "an empty filter",
        UP, "\xa2\x04\x00\x01\x00\x00", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter #/a",
        UP, "\xa2\x07\x00\x01\x00\x03#/a", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter a#",
        UP, "\xa2\x06\x00\x01\x00\x02" "a#", CLOSED)
HOSTILE("MQTT-4.7.1-2", "the filter a/#/b",
        UP, "\xa2\x09\x00\x01\x00\x05" "a/#/b", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter a+",
        UP, "\xa2\x06\x00\x01\x00\x02" "a+", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter +a",
        UP, "\xa2\x06\x00\x01\x00\x02+a", CLOSED)
HOSTILE("MQTT-4.7.1-3", "the filter a/b+/c",
        UP, "\xa2\x0a\x00\x01\x00\x06" "a/b+/c", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: U+0000",
        UP, "\xa2\x05\x00\x01\x00\x01\x00", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: U+0000 within",
        UP, "\xa2\x07\x00\x01\x00\x03" "a\x00" "b", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a surrogate",
        UP, "\xa2\x07\x00\x01\x00\x03\xed\xa0\x80", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: the last surrogate",
        UP, "\xa2\x07\x00\x01\x00\x03\xed\xbf\xbf", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a pair of surrogates",
        UP, "\xa2\x0a\x00\x01\x00\x06\xed\xa0\xbd\xed\xb2\xa9", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: overlong U+0000",
        UP, "\xa2\x06\x00\x01\x00\x02\xc0\x80", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: overlong '/'",
        UP, "\xa2\x07\x00\x01\x00\x03\xe0\x80\xaf", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: overlong 'A' of four bytes",
        UP, "\xa2\x08\x00\x01\x00\x04\xf0\x80\x81\x81", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a lone continuation",
        UP, "\xa2\x05\x00\x01\x00\x01\x80", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a cut sequence",
        UP, "\xa2\x07\x00\x01\x00\x03" "a\xe2\x82", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a broken sequence",
        UP, "\xa2\x07\x00\x01\x00\x03\xc3(x", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: beyond U+10FFFF",
        UP, "\xa2\x08\x00\x01\x00\x04\xf4\x90\x80\x80", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a sequence of five bytes",
        UP, "\xa2\x09\x00\x01\x00\x05\xf8\x88\x80\x80\x80", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a byte FE",
        UP, "\xa2\x05\x00\x01\x00\x01\xfe", CLOSED)
HOSTILE("MQTT-3.10.3-1", "filter: a byte FF",
        UP, "\xa2\x07\x00\x01\x00\x03" "a/\xff", CLOSED)

/* odd, but allowed */
HOSTILE("section 4.3.2", "PUBACK of nothing",
        UP, "\x40\x02\x00M", LIVES(""))
HOSTILE("section 4.3.3", "PUBCOMP of nothing",
        UP, "\x70\x02\x00M", LIVES(""))
HOSTILE("section 4.3.3", "PUBREC of nothing",
        UP, "\x50\x02\x00M", LIVES("pubrel#77 "))
HOSTILE("MQTT-4.3.3-2", "PUBREL of nothing",
        UP, "\x62\x02\x00M", LIVES("pubcomp#77 "))
HOSTILE("MQTT-3.10.4-5", "UNSUBSCRIBE from what is not",
        UP, "\xa2\x09\x00\x07\x00\x05never", LIVES("unsuback#7 "))
HOSTILE("section 2.2.3", "lengths longer than they need be",
        UP, "\xc0\x80\x80\x80\x00" "0\x83\x00\x00\x01t", LIVES("pingresp "))
HOSTILE("MQTT-3.3.1-12", "an empty payload",
        UP, "\x32\x05\x00\x01t\x00\x01", LIVES("puback#1 "))
HOSTILE("MQTT-3.3.1-11", "an empty retained payload",
        UP, "\x33\x05\x00\x01t\x00\x01", LIVES("puback#1 "))
HOSTILE("MQTT-4.3.2-2", "the same identifier three times",
        UP, "\x32\x05\x00\x01t\x00\x01:\x05\x00\x01t\x00\x01" "2\x05\x00\x01t\x00\x01", LIVES("puback#1 puback#1 puback#1 "))
HOSTILE("MQTT-1.5.3-3", "U+FEFF in a name",
        UP, "\x32\x09\x00\x04\xef\xbb\xbft\x00\x01x", LIVES("puback#1 "))
HOSTILE("section 1.5.3", "control characters in a name",
        UP, "\x32\x0c\x00\x07\x01\x7f\xc2\x85\xef\xbf\xbf\x00\x01x", LIVES("puback#1 "))
HOSTILE("MQTT-4.7.3-1", "a name of separators",
        UP, "\x32\x08\x00\x03///\x00\x01x", LIVES("puback#1 "))
HOSTILE("MQTT-3.8.4-4", "the same filter three times",
        UP, "\x82\x0e\x00\x01\x00\x01t\x00\x00\x01t\x01\x00\x01t\x02", LIVES("suback#1:0:1:2 "))
HOSTILE("MQTT-3.8.4-5", "a filter deeper than mqtt.max_topic_levels",
        UP, "\x82&\x00\x01\x00!+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+\x00", LIVES("suback#1:80 "))
HOSTILE("MQTT-3.8.4-5", "a filter that nobody may have",
        UP, "\x82\x11\x00\x01\x00\x0c$aws/rules/r\x00", LIVES("suback#1:80 "))
HOSTILE("MQTT-3.8.3-2", "wildcards everywhere",
        UP, "\x82\x0c\x00\x01\x00\x07+/+/+/#\x02", LIVES("suback#1:2 "))

/* MQTT 3.1 */
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags 8",
        UP31, "\x68\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.6.1-1", "PUBREL with flags f",
        UP31, "\x6f\x02\x00\x01", CLOSED)
HOSTILE("MQTT-3.8.1-1", "SUBSCRIBE with flags 8",
        UP31, "\x88\x06\x00\x01\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.10.1-1", "UNSUBSCRIBE with flags 8",
        UP31, "\xa8\x05\x00\x01\x00\x01t", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PUBACK with DUP",
        UP31, "\x48\x02\x00\x01", CLOSED)
HOSTILE("MQTT-2.2.2-2", "PINGREQ with DUP",
        UP31, "\xc8\x00", CLOSED)
HOSTILE("MQTT-3.14.1-1", "DISCONNECT with DUP",
        UP31, "\xe8\x00", CLOSED)
HOSTILE("MQTT-3.1.0-2", "a second CONNECT",
        UP31, "\x10\x12\x00\x06MQIsdp\x03\x02\x00\x00\x00\x04lamp", CLOSED)
HOSTILE("MQTT-3.3.1-4", "QoS 3",
        UP31, "\x36\x05\x00\x01t\x00\x01", CLOSED)
HOSTILE("MQTT-3.3.2-2", "a wildcard in a name",
        UP31, "\x30\x03\x00\x01#", CLOSED)
HOSTILE("MQTT-1.5.3-1", "a name that is not UTF-8",
        UP31, "\x30\x03\x00\x01\xff", CLOSED)
HOSTILE("MQTT-3-8.3-4", "QoS byte 80",
        UP31, "\x82\x06\x00\x01\x00\x01t\x80", CLOSED)
HOSTILE("MQTT-2.3.1-1", "SUBSCRIBE with identifier 0",
        UP31, "\x82\x06\x00\x00\x00\x01t\x00", CLOSED)
HOSTILE("MQTT-3.8.3-3", "SUBSCRIBE without a filter",
        UP31, "\x82\x02\x00\x01", CLOSED)
HOSTILE("section 2.2.3", "length of five bytes",
        UP31, "\x30\x80\x80\x80\x80\x01", CLOSED)
HOSTILE("section 2.2.1", "reserved type 15",
        UP31, "\xf0\x00", CLOSED)
HOSTILE("MQTT 3.1", "PUBREL with DUP",
        UP31, "\x6a\x02\x00\x01", LIVES("pubcomp#1 "))
HOSTILE("MQTT 3.1", "SUBSCRIBE with DUP",
        UP31, "\x8a\x06\x00\x01\x00\x01t\x00", LIVES("suback#1:0 "))
HOSTILE("MQTT 3.1", "UNSUBSCRIBE with DUP",
        UP31, "\xaa\x05\x00\x01\x00\x01t", LIVES("unsuback#1 "))
HOSTILE("MQTT 3.1", "a refusal that has no code",
        UP31, "\x82\x11\x00\x01\x00\x0c$aws/rules/r\x02", LIVES("suback#1:2 "))
/* clang-format on */
#undef CLOSED
#undef REFUSED
#undef REFUSED5
#undef LIVES
#undef I16
#undef ID257
#undef HOSTILE
