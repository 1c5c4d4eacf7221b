/* sub_format_tbl.h — what may stand behind '%' in a format of `thingd sub`, once: sub_format.c makes its
 * table of it, commands.c the help and the manual. Define FIELD before including; it is undefined at the
 * end.
 *   letter   behind the '%'
 *   written  the same, as text
 *   takes    PAD: '-' and a width; ZEROES: '0'; CUT: '.' and the most characters
 *   put      the function that appends it
 *   text     what it is */
#ifndef FIELD
#define FIELD(...)
#endif
/* clang-format off */
/*    letter written takes         put                text                                     */
FIELD('t',   "%t",   PAD | CUT,    put_topic,         "topic")
FIELD('p',   "%p",   PAD,          put_payload,       "payload, as it is")
FIELD('x',   "%x",   PAD | ZEROES, put_hex,           "payload in hexadecimal")
FIELD('X',   "%X",   PAD | ZEROES, put_hex,           "the same in capitals")
FIELD('l',   "%l",   PAD | ZEROES, put_length,        "bytes of the payload")
FIELD('q',   "%q",   PAD | ZEROES, put_qos,           "QoS")
FIELD('r',   "%r",   PAD | ZEROES, put_retain,        "1 for a retained message, else 0")
FIELD('m',   "%m",   PAD | ZEROES, put_id,            "packet identifier, 0 with QoS 0")
FIELD('A',   "%A",   PAD | ZEROES, put_property,      "topic alias")
FIELD('C',   "%C",   PAD | CUT,    put_property,      "content type")
FIELD('D',   "%D",   0,            put_property,      "correlation data, as it is")
FIELD('E',   "%E",   PAD | ZEROES, put_property,      "seconds until it expires")
FIELD('F',   "%F",   PAD | ZEROES, put_property,      "payload format: 1 for text")
FIELD('P',   "%P",   0,            put_pairs,         "user properties as name:value, a blank between")
FIELD('R',   "%R",   PAD | CUT,    put_property,      "response topic")
FIELD('S',   "%S",   PAD | ZEROES, put_property,      "subscription identifier, the first")
FIELD('I',   "%I",   PAD | CUT,    put_iso,           "local time of arrival, ISO 8601")
FIELD('U',   "%U",   0,            put_unix,          "seconds since 1970, with nine decimals")
FIELD('j',   "%j",   0,            put_json_text,     "JSON object, the payload as a string in it")
FIELD('J',   "%J",   0,            put_json_document, "JSON object, the payload as JSON in it")
/* clang-format on */
#undef FIELD
