/* ws_cases_tbl.h — conformance cases of RFC 6455, sections 5 to 7, a row each. ws_cases.c defines the words:
 *   name, limits (0 is none), what is sent, what is delivered, how it ends, which Pings came.
 * FRAME(first byte, payload) is masked as the role of its sender asks, its length in the shortest form; FORM chooses
 * that, BARE and MASKED the mask; LACKS announces more bytes than it has; RAW is bytes as they are. T is a text, N(n)
 * a pattern of n bytes. A CLIENT_CASE is sent by a server. */
/* clang-format off */

/* ---- nothing, and heads that are not whole: section 5.2 ---- */
CASE("nothing", NO_LIMIT, WIRE(RAW("")), NOTHING, OPEN, NOTHING)
CASE("one byte of a head", NO_LIMIT, WIRE(RAW("\x82")), NOTHING, OPEN, NOTHING)
CASE("a head without its key", NO_LIMIT, WIRE(RAW("\x82\x85")), NOTHING, OPEN, NOTHING)
CASE("a head with half a key", NO_LIMIT, WIRE(RAW("\x82\x85\x01\x02")), NOTHING, OPEN, NOTHING)
CASE("a head with its key, no payload", NO_LIMIT, WIRE(RAW("\x82\x85\x01\x02\x03\x04")), NOTHING, OPEN, NOTHING)
CASE("half a length of 16 bits", NO_LIMIT, WIRE(RAW("\x82\xfe\x01")), NOTHING, OPEN, NOTHING)
CASE("half a length of 64 bits", NO_LIMIT, WIRE(RAW("\x82\xff\x00\x00\x00\x00")), NOTHING, OPEN, NOTHING)
CASE("a long head without the last byte of its key", NO_LIMIT,
     WIRE(RAW("\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03")), NOTHING, OPEN, NOTHING)
CASE("a frame, then half a head", NO_LIMIT, WIRE(BINARY(T("abc")), RAW("\x82\x85\x01")), GIVES(T("abc")), OPEN,
     NOTHING)
CASE("half a payload", NO_LIMIT, WIRE(LACKS(3, 0x82, T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CASE("all of a payload but a byte", NO_LIMIT, WIRE(LACKS(1, 0x82, N(300))), GIVES(N(300)), OPEN, NOTHING)
CASE("half a Ping", NO_LIMIT, WIRE(LACKS(1, 0x89, T("pin"))), NOTHING, OPEN, NOTHING)
CASE("half a Pong", NO_LIMIT, WIRE(LACKS(1, 0x8a, T("pon"))), NOTHING, OPEN, NOTHING)
CASE("half a Close", NO_LIMIT, WIRE(LACKS(4, 0x88, T("\x03\xe8"))), NOTHING, OPEN, NOTHING)

/* ---- lengths: section 5.2 ---- */
CASE("0 bytes", NO_LIMIT, WIRE(BINARY(T(""))), NOTHING, OPEN, NOTHING)
CASE("1 byte", NO_LIMIT, WIRE(BINARY(T("a"))), GIVES(T("a")), OPEN, NOTHING)
CASE("2 bytes", NO_LIMIT, WIRE(BINARY(T("ab"))), GIVES(T("ab")), OPEN, NOTHING)
CASE("3 bytes", NO_LIMIT, WIRE(BINARY(T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CASE("4 bytes", NO_LIMIT, WIRE(BINARY(T("abcd"))), GIVES(T("abcd")), OPEN, NOTHING)
CASE("5 bytes", NO_LIMIT, WIRE(BINARY(T("abcde"))), GIVES(T("abcde")), OPEN, NOTHING)
CASE("7 bytes", NO_LIMIT, WIRE(BINARY(T("abcdefg"))), GIVES(T("abcdefg")), OPEN, NOTHING)
CASE("8 bytes", NO_LIMIT, WIRE(BINARY(T("abcdefgh"))), GIVES(T("abcdefgh")), OPEN, NOTHING)
CASE("31 bytes", NO_LIMIT, WIRE(BINARY(N(31))), GIVES(N(31)), OPEN, NOTHING)
CASE("32 bytes", NO_LIMIT, WIRE(BINARY(N(32))), GIVES(N(32)), OPEN, NOTHING)
CASE("33 bytes", NO_LIMIT, WIRE(BINARY(N(33))), GIVES(N(33)), OPEN, NOTHING)
CASE("all bytes there are", NO_LIMIT, WIRE(BINARY(N(256))), GIVES(N(256)), OPEN, NOTHING)
CASE("124 bytes", NO_LIMIT, WIRE(BINARY(N(124))), GIVES(N(124)), OPEN, NOTHING)
CASE("125 bytes, the most in 7 bits", NO_LIMIT, WIRE(BINARY(N(125))), GIVES(N(125)), OPEN, NOTHING)
CASE("126 bytes, the least in 16 bits", NO_LIMIT, WIRE(BINARY(N(126))), GIVES(N(126)), OPEN, NOTHING)
CASE("127 bytes", NO_LIMIT, WIRE(BINARY(N(127))), GIVES(N(127)), OPEN, NOTHING)
CASE("128 bytes", NO_LIMIT, WIRE(BINARY(N(128))), GIVES(N(128)), OPEN, NOTHING)
CASE("a frame that fills wslay's buffer but a byte", NO_LIMIT, WIRE(BINARY(N(4091))), GIVES(N(4091)), OPEN, NOTHING)
CASE("a frame that fills wslay's buffer", NO_LIMIT, WIRE(BINARY(N(4092))), GIVES(N(4092)), OPEN, NOTHING)
CASE("a frame a byte longer than wslay's buffer", NO_LIMIT, WIRE(BINARY(N(4093))), GIVES(N(4093)), OPEN, NOTHING)
CASE("4096 bytes", NO_LIMIT, WIRE(BINARY(N(4096))), GIVES(N(4096)), OPEN, NOTHING)
CASE("a frame that fills wslay's buffer twice", NO_LIMIT, WIRE(BINARY(N(8188))), GIVES(N(8188)), OPEN, NOTHING)
CASE("65534 bytes", NO_LIMIT, WIRE(BINARY(N(65534))), GIVES(N(65534)), OPEN, NOTHING)
CASE("65535 bytes, the most in 16 bits", NO_LIMIT, WIRE(BINARY(N(65535))), GIVES(N(65535)), OPEN, NOTHING)
CASE("65536 bytes, the least in 64 bits", NO_LIMIT, WIRE(BINARY(N(65536))), GIVES(N(65536)), OPEN, NOTHING)
CASE("65537 bytes", NO_LIMIT, WIRE(BINARY(N(65537))), GIVES(N(65537)), OPEN, NOTHING)
CASE("0 bytes in 16 bits", NO_LIMIT, WIRE(FORM(16, 0x82, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("1 byte in 16 bits", NO_LIMIT, WIRE(FORM(16, 0x82, T("a"))), NOTHING, REFUSED(1002), NOTHING)
CASE("125 bytes in 16 bits", NO_LIMIT, WIRE(FORM(16, 0x82, N(125))), NOTHING, REFUSED(1002), NOTHING)
CASE("0 bytes in 64 bits", NO_LIMIT, WIRE(FORM(64, 0x82, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("125 bytes in 64 bits", NO_LIMIT, WIRE(FORM(64, 0x82, N(125))), NOTHING, REFUSED(1002), NOTHING)
CASE("126 bytes in 64 bits", NO_LIMIT, WIRE(FORM(64, 0x82, N(126))), NOTHING, REFUSED(1002), NOTHING)
CASE("65535 bytes in 64 bits", NO_LIMIT, WIRE(FORM(64, 0x82, N(65535))), NOTHING, REFUSED(1002), NOTHING)
CASE("a fragment of 5 bytes in 16 bits", NO_LIMIT, WIRE(FIRST(T("abc")), FORM(16, 0x80, T("defgh"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("the longest length, nothing of it", NO_LIMIT, WIRE(LACKS(0x7fffffffffffffff, 0x82, T(""))), NOTHING, OPEN,
     NOTHING)
CASE("the longest length, some of it", NO_LIMIT, WIRE(LACKS(0x7ffffffffffffff0, 0x82, T("abcde"))), GIVES(T("abcde")),
     OPEN, NOTHING)
CASE("a length with the top bit", NO_LIMIT, WIRE(LACKS(0x8000000000000000, 0x82, T(""))), NOTHING, REFUSED(1002),
     NOTHING)
CASE("a length of 64 ones", NO_LIMIT, WIRE(LACKS(0xffffffffffffffff, 0x82, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("a good frame, then a length with the top bit", NO_LIMIT,
     WIRE(BINARY(T("abc")), LACKS(0x8000000000000000, 0x82, T(""))), GIVES(T("abc")), REFUSED(1002), NOTHING)

/* ---- opcodes: section 5.2 ---- */
CASE("opcode 3", NO_LIMIT, WIRE(FRAME(0x83, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 4", NO_LIMIT, WIRE(FRAME(0x84, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 5", NO_LIMIT, WIRE(FRAME(0x85, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 6", NO_LIMIT, WIRE(FRAME(0x86, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 7", NO_LIMIT, WIRE(FRAME(0x87, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 11", NO_LIMIT, WIRE(FRAME(0x8b, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 12", NO_LIMIT, WIRE(FRAME(0x8c, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 13", NO_LIMIT, WIRE(FRAME(0x8d, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 14", NO_LIMIT, WIRE(FRAME(0x8e, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 15", NO_LIMIT, WIRE(FRAME(0x8f, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 3, a fragment", NO_LIMIT, WIRE(FRAME(0x03, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 15, a fragment", NO_LIMIT, WIRE(FRAME(0x0f, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 3, empty", NO_LIMIT, WIRE(FRAME(0x83, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 11, empty", NO_LIMIT, WIRE(FRAME(0x8b, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 3, two bytes of the head", NO_LIMIT, WIRE(RAW("\x83\x83")), NOTHING, REFUSED(1002), NOTHING)
CASE("opcode 5 after a good frame", NO_LIMIT, WIRE(BINARY(T("abc")), FRAME(0x85, T("def"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("opcode 12 between fragments", NO_LIMIT, WIRE(FIRST(T("abc")), FRAME(0x8c, T("")), LAST(T("def"))),
     GIVES(T("abc")), REFUSED(1002), NOTHING)

/* ---- reserved bits: section 5.2, no extension is agreed on ---- */
CASE("RSV1", NO_LIMIT, WIRE(FRAME(0xc2, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV2", NO_LIMIT, WIRE(FRAME(0xa2, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV3", NO_LIMIT, WIRE(FRAME(0x92, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 and RSV2", NO_LIMIT, WIRE(FRAME(0xe2, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 and RSV3", NO_LIMIT, WIRE(FRAME(0xd2, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV2 and RSV3", NO_LIMIT, WIRE(FRAME(0xb2, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("all reserved bits", NO_LIMIT, WIRE(FRAME(0xf2, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 of an empty frame", NO_LIMIT, WIRE(FRAME(0xc2, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 of a first fragment", NO_LIMIT, WIRE(FRAME(0x42, T("abc")), LAST(T("def"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 of a continuation", NO_LIMIT, WIRE(FIRST(T("abc")), FRAME(0xc0, T("def"))), GIVES(T("abc")), REFUSED(1002),
     NOTHING)
CASE("RSV2 of a Ping", NO_LIMIT, WIRE(FRAME(0xa9, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV3 of a Pong", NO_LIMIT, WIRE(FRAME(0x9a, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 of a Close", NO_LIMIT, WIRE(FRAME(0xc8, T("\x03\xe8"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 of a text frame", NO_LIMIT, WIRE(FRAME(0xc1, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("RSV1 after good frames", NO_LIMIT, WIRE(BINARY(T("abc")), PING(T("p")), FRAME(0xc2, T("def"))), GIVES(T("abc")),
     REFUSED(1002), PINGS(T("p")))

/* ---- masks: sections 5.1 and 5.3 ---- */
CASE("no mask", NO_LIMIT, WIRE(BARE(0x82, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask, empty", NO_LIMIT, WIRE(BARE(0x82, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask, 16 bits of length", NO_LIMIT, WIRE(BARE(0x82, N(300))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask in a Ping", NO_LIMIT, WIRE(BARE(0x89, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask in a Pong", NO_LIMIT, WIRE(BARE(0x8a, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask in a Close", NO_LIMIT, WIRE(BARE(0x88, T("\x03\xe8"))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask in an empty Close", NO_LIMIT, WIRE(BARE(0x88, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask in a text frame", NO_LIMIT, WIRE(BARE(0x81, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("no mask in the second frame", NO_LIMIT, WIRE(BINARY(T("abc")), BARE(0x82, T("def"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("no mask in the last fragment", NO_LIMIT, WIRE(FIRST(T("abc")), BARE(0x80, T("def"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("no mask, beyond the limit", FRAME_MAX(2), WIRE(BARE(0x82, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a key of zeros", NO_LIMIT, WIRE(RAW("\x82\x83\x00\x00\x00\x00" "abc")), GIVES(T("abc")), OPEN, NOTHING)
CASE("a key of ones", NO_LIMIT, WIRE(RAW("\x82\x83\xff\xff\xff\xff\x9e\x9d\x9c")), GIVES(T("abc")), OPEN, NOTHING)
CASE("the masked Hello of the standard, as binary", NO_LIMIT,
     WIRE(RAW("\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")), GIVES(T("Hello")), OPEN, NOTHING)
CASE("the masked Ping of the standard", NO_LIMIT, WIRE(RAW("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")), NOTHING,
     OPEN, PINGS(T("Hello")))
CASE("a key that looks like a head", NO_LIMIT, WIRE(RAW("\x82\x84\x82\x84\x88\x80" "\xe3\xe6\xeb\xe4")),
     GIVES(T("abcd")), OPEN, NOTHING)

/* ---- text: what is not taken, section 7.4.1 ---- */
CASE("a text frame", NO_LIMIT, WIRE(TEXT(T("hello"))), NOTHING, REFUSED(1003), NOTHING)
CASE("an empty text frame", NO_LIMIT, WIRE(TEXT(T(""))), NOTHING, REFUSED(1003), NOTHING)
CASE("a text frame that is not UTF-8", NO_LIMIT, WIRE(TEXT(T("\xff\xfe"))), NOTHING, REFUSED(1003), NOTHING)
CASE("a long text frame", NO_LIMIT, WIRE(TEXT(N(70000))), NOTHING, REFUSED(1003), NOTHING)
CASE("a text message in fragments", NO_LIMIT, WIRE(FRAME(0x01, T("hel")), LAST(T("lo"))), NOTHING, REFUSED(1003),
     NOTHING)
CASE("an empty first fragment of a text message", NO_LIMIT, WIRE(FRAME(0x01, T(""))), NOTHING, REFUSED(1003), NOTHING)
CASE("a text frame after binary", NO_LIMIT, WIRE(BINARY(T("abc")), TEXT(T("def")), BINARY(T("ghi"))), GIVES(T("abc")),
     REFUSED(1003), NOTHING)
CASE("a text frame beyond the limit", FRAME_MAX(2), WIRE(TEXT(T("hello"))), NOTHING, REFUSED(1003), NOTHING)
CASE("a text frame within a binary message", NO_LIMIT, WIRE(FIRST(T("abc")), TEXT(T("def")), LAST(T("ghi"))),
     GIVES(T("abc")), REFUSED(1002), NOTHING)

/* ---- fragments: section 5.4 ---- */
CASE("2 fragments", NO_LIMIT, WIRE(FIRST(T("abc")), LAST(T("def"))), GIVES(T("abcdef")), OPEN, NOTHING)
CASE("3 fragments", NO_LIMIT, WIRE(FIRST(T("abc")), NEXT(T("def")), LAST(T("ghi"))), GIVES(T("abcdefghi")), OPEN,
     NOTHING)
CASE("a byte in each of 6 fragments", NO_LIMIT,
     WIRE(FIRST(T("a")), NEXT(T("b")), NEXT(T("c")), NEXT(T("d")), NEXT(T("e")), LAST(T("f"))), GIVES(T("abcdef")),
     OPEN, NOTHING)
CASE("an empty first fragment", NO_LIMIT, WIRE(FIRST(T("")), LAST(T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CASE("an empty last fragment", NO_LIMIT, WIRE(FIRST(T("abc")), LAST(T(""))), GIVES(T("abc")), OPEN, NOTHING)
CASE("an empty fragment in the middle", NO_LIMIT, WIRE(FIRST(T("abc")), NEXT(T("")), LAST(T("def"))),
     GIVES(T("abcdef")), OPEN, NOTHING)
CASE("nothing but empty fragments", NO_LIMIT, WIRE(FIRST(T("")), NEXT(T("")), NEXT(T("")), LAST(T(""))), NOTHING, OPEN,
     NOTHING)
CASE("fragments of all forms of length", NO_LIMIT, WIRE(FIRST(N(5)), NEXT(N(65536)), NEXT(N(126)), LAST(N(125))),
     GIVES(N(5), N(65536), N(126), N(125)), OPEN, NOTHING)
CASE("a fragment, and no more", NO_LIMIT, WIRE(FIRST(T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CASE("two fragments, and no end", NO_LIMIT, WIRE(FIRST(T("abc")), NEXT(T("def"))), GIVES(T("abcdef")), OPEN, NOTHING)
CASE("two messages in fragments", NO_LIMIT, WIRE(FIRST(T("a")), LAST(T("b")), FIRST(T("c")), LAST(T("d"))),
     GIVES(T("abcd")), OPEN, NOTHING)
CASE("a message in fragments, then a whole one", NO_LIMIT, WIRE(FIRST(T("a")), LAST(T("b")), BINARY(T("c"))),
     GIVES(T("abc")), OPEN, NOTHING)
CASE("a whole message, then one in fragments", NO_LIMIT, WIRE(BINARY(T("a")), FIRST(T("b")), LAST(T("c"))),
     GIVES(T("abc")), OPEN, NOTHING)
CASE("the end of a message that did not begin", NO_LIMIT, WIRE(LAST(T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("the middle of a message that did not begin", NO_LIMIT, WIRE(NEXT(T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CASE("an empty end of a message that did not begin", NO_LIMIT, WIRE(LAST(T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("a continuation after a whole message", NO_LIMIT, WIRE(BINARY(T("abc")), LAST(T("def"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("a continuation after the last fragment", NO_LIMIT, WIRE(FIRST(T("abc")), LAST(T("def")), LAST(T("ghi"))),
     GIVES(T("abcdef")), REFUSED(1002), NOTHING)
CASE("a continuation after a Ping", NO_LIMIT, WIRE(PING(T("p")), LAST(T("abc"))), NOTHING, REFUSED(1002), PINGS(T("p")))
CASE("a message within a message", NO_LIMIT, WIRE(FIRST(T("abc")), BINARY(T("def")), LAST(T("ghi"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("a message begins twice", NO_LIMIT, WIRE(FIRST(T("abc")), FIRST(T("def")), LAST(T("ghi"))), GIVES(T("abc")),
     REFUSED(1002), NOTHING)
CASE("a message within an empty fragment", NO_LIMIT, WIRE(FIRST(T("")), BINARY(T("def"))), NOTHING, REFUSED(1002),
     NOTHING)
CASE("a first fragment, a middle, a new message", NO_LIMIT, WIRE(FIRST(T("a")), NEXT(T("b")), BINARY(T("c"))),
     GIVES(T("ab")), REFUSED(1002), NOTHING)

/* ---- control frames between fragments: sections 5.4 and 5.5 ---- */
CASE("a Ping between fragments", NO_LIMIT, WIRE(FIRST(T("abc")), PING(T("p")), LAST(T("def"))), GIVES(T("abcdef")),
     OPEN, PINGS(T("p")))
CASE("a Pong between fragments", NO_LIMIT, WIRE(FIRST(T("abc")), PONG(T("p")), LAST(T("def"))), GIVES(T("abcdef")),
     OPEN, NOTHING)
CASE("an empty Ping between fragments", NO_LIMIT, WIRE(FIRST(T("abc")), PING(T("")), LAST(T("def"))),
     GIVES(T("abcdef")), OPEN, PINGS(T("")))
CASE("a Ping after every fragment", NO_LIMIT,
     WIRE(FIRST(T("a")), PING(T("1")), NEXT(T("b")), PING(T("2")), NEXT(T("c")), PING(T("3")), LAST(T("d")),
          PING(T("4"))), GIVES(T("abcd")), OPEN, PINGS(T("1"), T("2"), T("3"), T("4")))
CASE("Pings and a Pong in a row between fragments", NO_LIMIT,
     WIRE(FIRST(T("a")), PING(T("1")), PONG(T("x")), PING(T("2")), LAST(T("b"))), GIVES(T("ab")), OPEN,
     PINGS(T("1"), T("2")))
CASE("a Ping of 125 bytes between long fragments", NO_LIMIT, WIRE(FIRST(N(5000)), PING(N(125)), LAST(N(5000))),
     GIVES(N(5000), N(5000)), OPEN, PINGS(N(125)))
CASE("a Close between fragments", NO_LIMIT, WIRE(FIRST(T("abc")), CLOSE(T("\x03\xe8")), LAST(T("def"))),
     GIVES(T("abc")), CLOSED(1000), NOTHING)
CASE("an empty Close between fragments", NO_LIMIT, WIRE(FIRST(T("abc")), CLOSE(T(""))), GIVES(T("abc")), CLOSED(1005),
     NOTHING)
CASE("a message that continues after a Ping, twice begun", NO_LIMIT,
     WIRE(FIRST(T("abc")), PING(T("p")), FIRST(T("def"))), GIVES(T("abc")), REFUSED(1002), PINGS(T("p")))

/* ---- Ping and Pong: sections 5.5.2 and 5.5.3 ---- */
CASE("an empty Ping", NO_LIMIT, WIRE(PING(T(""))), NOTHING, OPEN, PINGS(T("")))
CASE("a Ping", NO_LIMIT, WIRE(PING(T("hello"))), NOTHING, OPEN, PINGS(T("hello")))
CASE("a Ping with zeros and bytes that are no text", NO_LIMIT, WIRE(PING(T("\x00\xff\xfe\x00\x80"))), NOTHING, OPEN,
     PINGS(T("\x00\xff\xfe\x00\x80")))
CASE("a Ping of 125 bytes", NO_LIMIT, WIRE(PING(N(125))), NOTHING, OPEN, PINGS(N(125)))
CASE("a Ping of 126 bytes", NO_LIMIT, WIRE(PING(N(126))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Ping of 65536 bytes", NO_LIMIT, WIRE(PING(N(65536))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Ping of 5 bytes in 16 bits", NO_LIMIT, WIRE(FORM(16, 0x89, T("hello"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Ping of 5 bytes in 64 bits", NO_LIMIT, WIRE(FORM(64, 0x89, T("hello"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Ping in fragments", NO_LIMIT, WIRE(FRAME(0x09, T("hello"))), NOTHING, REFUSED(1002), NOTHING)
CASE("an empty Ping in fragments", NO_LIMIT, WIRE(FRAME(0x09, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Ping in fragments within a message", NO_LIMIT, WIRE(FIRST(T("abc")), FRAME(0x09, T("p")), LAST(T("def"))),
     GIVES(T("abc")), REFUSED(1002), NOTHING)
CASE("5 Pings", NO_LIMIT, WIRE(PING(T("1")), PING(T("22")), PING(T("")), PING(T("4")), PING(T("55"))), NOTHING, OPEN,
     PINGS(T("1"), T("22"), T(""), T("4"), T("55")))
CASE("a Ping between messages", NO_LIMIT, WIRE(BINARY(T("abc")), PING(T("p")), BINARY(T("def"))), GIVES(T("abcdef")),
     OPEN, PINGS(T("p")))
CASE("an empty Pong", NO_LIMIT, WIRE(PONG(T(""))), NOTHING, OPEN, NOTHING)
CASE("a Pong that nobody asked for", NO_LIMIT, WIRE(PONG(T("hello")), BINARY(T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CASE("a Pong of 125 bytes", NO_LIMIT, WIRE(PONG(N(125)), BINARY(T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CASE("a Pong of 126 bytes", NO_LIMIT, WIRE(PONG(N(126))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Pong in fragments", NO_LIMIT, WIRE(FRAME(0x0a, T("hello"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Pong, then a Ping", NO_LIMIT, WIRE(PONG(T("long before")), PING(T("p"))), NOTHING, OPEN, PINGS(T("p")))

/* ---- Close: sections 5.5.1 and 7.4 ---- */
CASE("an empty Close", NO_LIMIT, WIRE(CLOSE(T(""))), NOTHING, CLOSED(1005), NOTHING)
CASE("a Close of 1 byte", NO_LIMIT, WIRE(CLOSE(T("\x03"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Close of 1 byte after a Ping of a code", NO_LIMIT, WIRE(PING(T("\x03\xe8")), CLOSE(T("\x03"))), NOTHING,
     REFUSED(1002), PINGS(T("\x03\xe8")))
CASE("a Close of a zero", NO_LIMIT, WIRE(CLOSE(T("\x00"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 0", NO_LIMIT, WIRE(CLOSE(T("\x00\x00"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 999", NO_LIMIT, WIRE(CLOSE(T("\x03\xe7"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 1000", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8"))), NOTHING, CLOSED(1000), NOTHING)
CASE("code 1001", NO_LIMIT, WIRE(CLOSE(T("\x03\xe9"))), NOTHING, CLOSED(1001), NOTHING)
CASE("code 1002", NO_LIMIT, WIRE(CLOSE(T("\x03\xea"))), NOTHING, CLOSED(1002), NOTHING)
CASE("code 1003", NO_LIMIT, WIRE(CLOSE(T("\x03\xeb"))), NOTHING, CLOSED(1003), NOTHING)
CASE("code 1004, reserved", NO_LIMIT, WIRE(CLOSE(T("\x03\xec"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 1005, never sent", NO_LIMIT, WIRE(CLOSE(T("\x03\xed"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 1006, never sent", NO_LIMIT, WIRE(CLOSE(T("\x03\xee"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 1007", NO_LIMIT, WIRE(CLOSE(T("\x03\xef"))), NOTHING, CLOSED(1007), NOTHING)
CASE("code 1008", NO_LIMIT, WIRE(CLOSE(T("\x03\xf0"))), NOTHING, CLOSED(1008), NOTHING)
CASE("code 1009", NO_LIMIT, WIRE(CLOSE(T("\x03\xf1"))), NOTHING, CLOSED(1009), NOTHING)
CASE("code 1010", NO_LIMIT, WIRE(CLOSE(T("\x03\xf2"))), NOTHING, CLOSED(1010), NOTHING)
CASE("code 1011", NO_LIMIT, WIRE(CLOSE(T("\x03\xf3"))), NOTHING, CLOSED(1011), NOTHING)
CASE("code 1012", NO_LIMIT, WIRE(CLOSE(T("\x03\xf4"))), NOTHING, CLOSED(1012), NOTHING)
CASE("code 1013", NO_LIMIT, WIRE(CLOSE(T("\x03\xf5"))), NOTHING, CLOSED(1013), NOTHING)
CASE("code 1014", NO_LIMIT, WIRE(CLOSE(T("\x03\xf6"))), NOTHING, CLOSED(1014), NOTHING)
CASE("code 1015, never sent", NO_LIMIT, WIRE(CLOSE(T("\x03\xf7"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 1016", NO_LIMIT, WIRE(CLOSE(T("\x03\xf8"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 1100", NO_LIMIT, WIRE(CLOSE(T("\x04\x4c"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 2000", NO_LIMIT, WIRE(CLOSE(T("\x07\xd0"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 2999", NO_LIMIT, WIRE(CLOSE(T("\x0b\xb7"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 3000", NO_LIMIT, WIRE(CLOSE(T("\x0b\xb8"))), NOTHING, CLOSED(3000), NOTHING)
CASE("code 3999", NO_LIMIT, WIRE(CLOSE(T("\x0f\x9f"))), NOTHING, CLOSED(3999), NOTHING)
CASE("code 4000", NO_LIMIT, WIRE(CLOSE(T("\x0f\xa0"))), NOTHING, CLOSED(4000), NOTHING)
CASE("code 4999", NO_LIMIT, WIRE(CLOSE(T("\x13\x87"))), NOTHING, CLOSED(4999), NOTHING)
CASE("code 5000", NO_LIMIT, WIRE(CLOSE(T("\x13\x88"))), NOTHING, REFUSED(1002), NOTHING)
CASE("code 65535", NO_LIMIT, WIRE(CLOSE(T("\xff\xff"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a reason", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8" "bye"))), NOTHING, CLOSED(1000), NOTHING)
CASE("a reason with a zero", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8" "a\x00z"))), NOTHING, CLOSED(1000), NOTHING)
CASE("a reason of 2, 3 and 4 bytes a character", NO_LIMIT,
     WIRE(CLOSE(T("\x03\xe8\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\xa5"))), NOTHING, CLOSED(1000), NOTHING)
CASE("the highest code point in a reason", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8\xf4\x8f\xbf\xbf"))), NOTHING, CLOSED(1000),
     NOTHING)
CASE("a reason of 123 bytes, the longest", NO_LIMIT,
     WIRE(CLOSE(T("\x03\xe9" "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
                  "89012345678901234567890123456789012"))), NOTHING, CLOSED(1001), NOTHING)
CASE("a reason of 124 bytes", NO_LIMIT,
     WIRE(CLOSE(T("\x03\xe9" "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
                  "890123456789012345678901234567890123"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a reason that is not UTF-8", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8" "ab\xff" "c"))), NOTHING, REFUSED(1007), NOTHING)
CASE("a reason that begins within a character", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8\x82\xac"))), NOTHING, REFUSED(1007),
     NOTHING)
CASE("a reason that ends within a character", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8" "a\xe2\x82"))), NOTHING, REFUSED(1007),
     NOTHING)
CASE("an overlong character in a reason", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8\xc0\xaf"))), NOTHING, REFUSED(1007), NOTHING)
CASE("a surrogate in a reason", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8\xed\xa0\x80"))), NOTHING, REFUSED(1007), NOTHING)
CASE("beyond the highest code point in a reason", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8\xf4\x90\x80\x80"))), NOTHING,
     REFUSED(1007), NOTHING)
CASE("a bad code and a reason that is not UTF-8", NO_LIMIT, WIRE(CLOSE(T("\x03\xed\xff"))), NOTHING, REFUSED(1002),
     NOTHING)
CASE("a code of one's own with a reason", NO_LIMIT, WIRE(CLOSE(T("\x0f\xa1" "my reason"))), NOTHING, CLOSED(4001),
     NOTHING)
CASE("a Close of 2 bytes in 16 bits", NO_LIMIT, WIRE(FORM(16, 0x88, T("\x03\xe8"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Close of 2 bytes in 64 bits", NO_LIMIT, WIRE(FORM(64, 0x88, T("\x03\xe8"))), NOTHING, REFUSED(1002), NOTHING)
CASE("a Close in fragments", NO_LIMIT, WIRE(FRAME(0x08, T("\x03\xe8"))), NOTHING, REFUSED(1002), NOTHING)
CASE("an empty Close in fragments", NO_LIMIT, WIRE(FRAME(0x08, T(""))), NOTHING, REFUSED(1002), NOTHING)
CASE("data, then Close", NO_LIMIT, WIRE(BINARY(T("abc")), CLOSE(T("\x03\xe8"))), GIVES(T("abc")), CLOSED(1000), NOTHING)
CASE("a Ping, then Close", NO_LIMIT, WIRE(PING(T("p")), CLOSE(T("\x03\xe8"))), NOTHING, CLOSED(1000), PINGS(T("p")))

/* ---- after Close nothing counts: section 5.5.1 ---- */
CASE("data after Close", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8")), BINARY(T("abc"))), NOTHING, CLOSED(1000), NOTHING)
CASE("a Ping after Close", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8")), PING(T("p"))), NOTHING, CLOSED(1000), NOTHING)
CASE("a second Close", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8")), CLOSE(T("\x03\xe9"))), NOTHING, CLOSED(1000), NOTHING)
CASE("a bad Close after Close", NO_LIMIT, WIRE(CLOSE(T("")), CLOSE(T("\x03"))), NOTHING, CLOSED(1005), NOTHING)
CASE("garbage after Close", NO_LIMIT, WIRE(CLOSE(T("\x03\xe8")), RAW("\xff\xff\xff\x00\x00 garbage")), NOTHING,
     CLOSED(1000), NOTHING)
CASE("data after a violation", NO_LIMIT, WIRE(BINARY(T("a")), FRAME(0x83, T("x")), BINARY(T("b")), PING(T("p"))),
     GIVES(T("a")), REFUSED(1002), NOTHING)
CASE("a Close after a violation", NO_LIMIT, WIRE(LAST(T("x")), CLOSE(T("\x03\xe8"))), NOTHING, REFUSED(1002), NOTHING)

/* ---- limits: section 10.4 ---- */
CASE("a frame of the limit", FRAME_MAX(5), WIRE(BINARY(T("abcde"))), GIVES(T("abcde")), OPEN, NOTHING)
CASE("a frame a byte beyond the limit", FRAME_MAX(5), WIRE(BINARY(T("abcdef"))), NOTHING, REFUSED(1009), NOTHING)
CASE("a head beyond the limit, nothing of its payload", FRAME_MAX(5), WIRE(LACKS(6, 0x82, T(""))), NOTHING,
     REFUSED(1009), NOTHING)
CASE("a head far beyond the limit", FRAME_MAX(100000), WIRE(LACKS(0x7fffffffffffffff, 0x82, T(""))), NOTHING,
     REFUSED(1009), NOTHING)
CASE("a long frame of the limit", FRAME_MAX(65536), WIRE(BINARY(N(65536))), GIVES(N(65536)), OPEN, NOTHING)
CASE("a long frame beyond the limit", FRAME_MAX(65535), WIRE(BINARY(N(65536))), NOTHING, REFUSED(1009), NOTHING)
CASE("frames of the limit one after the other", FRAME_MAX(3), WIRE(BINARY(T("abc")), BINARY(T("def"))),
     GIVES(T("abcdef")), OPEN, NOTHING)
CASE("fragments of the limit of a frame", FRAME_MAX(3), WIRE(FIRST(T("abc")), NEXT(T("def")), LAST(T("ghi"))),
     GIVES(T("abcdefghi")), OPEN, NOTHING)
CASE("a fragment beyond the limit of a frame", FRAME_MAX(3), WIRE(FIRST(T("abc")), LAST(T("defg"))), GIVES(T("abc")),
     REFUSED(1009), NOTHING)
CASE("a good frame, then one beyond the limit", FRAME_MAX(3), WIRE(BINARY(T("abc")), BINARY(T("defg"))),
     GIVES(T("abc")), REFUSED(1009), NOTHING)
CASE("a message of the limit in one frame", MESSAGE_MAX(6), WIRE(BINARY(T("abcdef"))), GIVES(T("abcdef")), OPEN,
     NOTHING)
CASE("a message beyond the limit in one frame", MESSAGE_MAX(6), WIRE(BINARY(T("abcdefg"))), NOTHING, REFUSED(1009),
     NOTHING)
CASE("a message of the limit in fragments", MESSAGE_MAX(6), WIRE(FIRST(T("ab")), NEXT(T("cd")), LAST(T("ef"))),
     GIVES(T("abcdef")), OPEN, NOTHING)
CASE("a message beyond the limit in fragments", MESSAGE_MAX(6), WIRE(FIRST(T("ab")), NEXT(T("cd")), LAST(T("efg"))),
     GIVES(T("abcd")), REFUSED(1009), NOTHING)
CASE("an empty fragment at the limit of a message", MESSAGE_MAX(6), WIRE(FIRST(T("abcdef")), NEXT(T("")), LAST(T(""))),
     GIVES(T("abcdef")), OPEN, NOTHING)
CASE("a byte after an empty fragment at the limit", MESSAGE_MAX(6), WIRE(FIRST(T("abcdef")), NEXT(T("")), LAST(T("g"))),
     GIVES(T("abcdef")), REFUSED(1009), NOTHING)
CASE("the limit counts anew for each message", MESSAGE_MAX(4),
     WIRE(FIRST(T("ab")), LAST(T("cd")), FIRST(T("ef")), LAST(T("gh")), BINARY(T("ijkl"))), GIVES(T("abcdefghijkl")),
     OPEN, NOTHING)
CASE("a fragment that overflows the sum", MESSAGE_MAX(4), WIRE(FIRST(T("ab")), LACKS(0x7fffffffffffffff, 0x80, T(""))),
     GIVES(T("ab")), REFUSED(1009), NOTHING)
CASE("a fragment of 64 ones within the limit", MESSAGE_MAX(4), WIRE(FIRST(T("ab")), LACKS(0xffffffffffffffff, 0x80, T(""))),
     GIVES(T("ab")), REFUSED(1002), NOTHING)
CASE("Pings do not count for a message", MESSAGE_MAX(6),
     WIRE(FIRST(T("abc")), PING(T("0123456789")), LAST(T("def"))), GIVES(T("abcdef")), OPEN, PINGS(T("0123456789")))
CASE("a Ping beyond the limit of a frame", FRAME_MAX(3), WIRE(PING(N(125)), BINARY(T("abc"))), GIVES(T("abc")), OPEN,
     PINGS(N(125)))
CASE("a Close beyond the limit of a frame", FRAME_MAX(3), WIRE(CLOSE(T("\x03\xe8" "going"))), NOTHING, CLOSED(1000),
     NOTHING)
CASE("both limits, the message's is met", BOTH_MAX(4, 6), WIRE(FIRST(T("abcd")), LAST(T("efg"))), GIVES(T("abcd")),
     REFUSED(1009), NOTHING)
CASE("both limits, the frame's is met", BOTH_MAX(4, 60), WIRE(FIRST(T("abcd")), LAST(T("efghi"))), GIVES(T("abcd")),
     REFUSED(1009), NOTHING)
CASE("both limits, neither is met", BOTH_MAX(4, 8), WIRE(FIRST(T("abcd")), LAST(T("efgh"))), GIVES(T("abcdefgh")), OPEN,
     NOTHING)
CASE("beyond the limit and not the shortest form", FRAME_MAX(100), WIRE(FORM(64, 0x82, N(200))), NOTHING, REFUSED(1002),
     NOTHING)
CASE("beyond the limit and the top bit", FRAME_MAX(100), WIRE(LACKS(0x8000000000000000, 0x82, T(""))), NOTHING,
     REFUSED(1002), NOTHING)
CASE("beyond the limit after Close", FRAME_MAX(3), WIRE(CLOSE(T("")), BINARY(T("abcdef"))), NOTHING, CLOSED(1005),
     NOTHING)

/* ---- many at once ---- */
CASE("20 frames", NO_LIMIT,
     WIRE(BINARY(T("a")), BINARY(T("b")), BINARY(T("c")), BINARY(T("d")), BINARY(T("e")), BINARY(T("f")),
          BINARY(T("g")), BINARY(T("h")), BINARY(T("i")), BINARY(T("j")), BINARY(T("k")), BINARY(T("l")),
          BINARY(T("m")), BINARY(T("n")), BINARY(T("o")), BINARY(T("p")), BINARY(T("q")), BINARY(T("r")),
          BINARY(T("s")), BINARY(T("t"))), GIVES(T("abcdefghijklmnopqrst")), OPEN, NOTHING)
CASE("empty frames between others", NO_LIMIT,
     WIRE(BINARY(T("")), BINARY(T("a")), BINARY(T("")), BINARY(T("")), BINARY(T("b")), BINARY(T(""))), GIVES(T("ab")),
     OPEN, NOTHING)
CASE("short and long frames in turn", NO_LIMIT,
     WIRE(BINARY(N(3)), BINARY(N(4093)), BINARY(N(1)), BINARY(N(300)), BINARY(N(9000)), BINARY(N(7))),
     GIVES(N(3), N(4093), N(1), N(300), N(9000), N(7)), OPEN, NOTHING)
CASE("everything that is allowed, then Close", BOTH_MAX(200, 400),
     WIRE(BINARY(N(200)), PING(T("1")), FIRST(N(200)), PONG(T("")), NEXT(N(0)), PING(T("2")), LAST(N(200)),
          BINARY(T("")), BINARY(T("end")), CLOSE(T("\x03\xe9" "away")), BINARY(T("late"))),
     GIVES(N(200), N(200), N(200), T("end")), CLOSED(1001), PINGS(T("1"), T("2")))

/* ---- what is no WebSocket at all ---- */
CASE("a request of HTTP", NO_LIMIT, WIRE(RAW("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), NOTHING, REFUSED(1002), NOTHING)
CASE("an MQTT CONNECT without a frame", NO_LIMIT, WIRE(RAW("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01" "a")), NOTHING,
     REFUSED(1002), NOTHING)
CASE("a hello of TLS", NO_LIMIT, WIRE(RAW("\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03")), NOTHING, REFUSED(1002),
     NOTHING)
CASE("zeros", NO_LIMIT, WIRE(RAW("\x00\x00\x00\x00\x00\x00\x00\x00")), NOTHING, REFUSED(1002), NOTHING)
CASE("ones", NO_LIMIT, WIRE(RAW("\xff\xff\xff\xff\xff\xff\xff\xff")), NOTHING, REFUSED(1002), NOTHING)

/* ---- from a server: section 5.1 ---- */
CLIENT_CASE("from a server: a frame", WIRE(BINARY(T("abc"))), GIVES(T("abc")), OPEN, NOTHING)
CLIENT_CASE("from a server: an empty frame", WIRE(BINARY(T(""))), NOTHING, OPEN, NOTHING)
CLIENT_CASE("from a server: frames of all forms of length", WIRE(BINARY(N(125)), BINARY(N(126)), BINARY(N(65536))),
            GIVES(N(125), N(126), N(65536)), OPEN, NOTHING)
CLIENT_CASE("from a server: a Ping between fragments", WIRE(FIRST(T("abc")), PING(T("p")), LAST(T("def"))),
            GIVES(T("abcdef")), OPEN, PINGS(T("p")))
CLIENT_CASE("from a server: a mask", WIRE(MASKED(0x82, T("abc"))), NOTHING, REFUSED(1002), NOTHING)
CLIENT_CASE("from a server: a mask in a Ping", WIRE(MASKED(0x89, T(""))), NOTHING, REFUSED(1002), NOTHING)
CLIENT_CASE("from a server: a mask in the second frame", WIRE(BINARY(T("abc")), MASKED(0x82, T("def"))),
            GIVES(T("abc")), REFUSED(1002), NOTHING)
CLIENT_CASE("from a server: a Close", WIRE(BINARY(T("abc")), CLOSE(T("\x03\xe9" "away"))), GIVES(T("abc")), CLOSED(1001),
            NOTHING)
CLIENT_CASE("from a server: text", WIRE(TEXT(T("abc"))), NOTHING, REFUSED(1003), NOTHING)
CLIENT_CASE("from a server: a length in 16 bits that fits into 7", WIRE(FORM(16, 0x82, T("abc"))), NOTHING,
            REFUSED(1002), NOTHING)
CLIENT_CASE("from a server: a Ping of 126 bytes", WIRE(PING(N(126))), NOTHING, REFUSED(1002), NOTHING)
/* clang-format on */
