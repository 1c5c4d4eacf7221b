/* hostile_tbl.h — what is no request, or one that two readers could take for different ones, and what it is
 * answered with. Request smuggling (RFC 9112, section 11.2) lives of such. Define HOSTILE before including:
 *   title    what it is
 *   bytes    what comes
 *   before   of the bytes what is served first, as test_request.c writes it: "GET /path @host =body; ", or
 *            "continue; " for an interim answer
 *   verdict  the status and the sentence; then the connection is closed, and nothing more of it is served
 * The limits are HOSTILE_LIMITS. */
#ifndef HOSTILE
#define HOSTILE(title, bytes, before, verdict)
#endif
#define H                   "Host: h\r\n"
#define GET(headers)        "GET / HTTP/1.1\r\n" headers "\r\n"
#define POST(headers, body) "POST /p HTTP/1.1\r\n" H headers "\r\n" body
#define CHUNKED(body)       POST("Transfer-Encoding: chunked\r\n", body)
#define S10                 "0123456789"
#define S30                 S10 S10 S10
#define S60                 S30 S30
/* target, head, headers, body */
#define HOSTILE_LIMITS \
    {                  \
        64, 256, 8, 32 \
    }

#define E_BARE_CR 400, "a carriage return that no line feed follows"
#define E_BARE_LF 400, "a line feed without a carriage return before it"
#define E_START   400, "the first line is malformed"
#define E_METHODC 400, "the method has a character that no token may have"
#define E_METHOD  501, "this method is not implemented"
#define E_TCHAR   400, "the target has a character that must be percent-encoded"
#define E_TFORM   400, "the target is neither a path nor an http or https address"
#define E_TLONG   414, "the target is longer than this server takes"
#define E_NOVER   400, "the request line has no HTTP version"
#define E_VERSION 505, "only HTTP/1.0 and HTTP/1.1 are spoken here"
#define E_CONTROL 400, "a control character in the head"
#define E_FOLD    400, "a header line that begins with white space"
#define E_NAME    400, "a header name is empty or no token"
#define E_SPACE   400, "white space between a header name and its colon"
#define E_COLON   400, "a header line without a colon"
#define E_HEAD    431, "the headers are larger than this server takes"
#define E_COUNT   431, "there are more headers than this server takes"
#define E_NOHOST  400, "an HTTP/1.1 request needs a Host header"
#define E_HOSTS   400, "there is more than one Host header"
#define E_HOST    400, "the Host header names no host"
#define E_LENGTH  400, "the Content-Length header is no number"
#define E_LENGTHS 400, "there is more than one Content-Length"
#define E_BOTH    400, "Content-Length and Transfer-Encoding exclude each other"
#define E_CODING  400, "Transfer-Encoding must end in chunked, once"
#define E_UNKNOWN 501, "no transfer coding but chunked is implemented"
#define E_OLD     400, "HTTP/1.0 has no Transfer-Encoding"
#define E_EXPECT  417, "no expectation but 100-continue can be met"
#define E_BODY    413, "the body is larger than this server takes"
#define E_CSIZE   400, "a chunk's size is no hexadecimal number"
#define E_CEXT    400, "the chunk extensions are too long or malformed"
#define E_CEND    400, "a chunk is longer or shorter than its size"
#define E_EMPTY   400, "too many empty lines before the request line"
/* clang-format off */
/* the target */
HOSTILE("absolute without host header", "GET http://o/ HTTP/1.1\r\n\r\n", "", E_NOHOST)
HOSTILE("absolute with user", "GET http://u:p@o/ HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("absolute without host", "GET http:///a HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("absolute ftp", "GET ftp://o/ HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("asterisk of get", "GET * HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("asterisk and more", "OPTIONS *a HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("relative", "GET a HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("authority", "GET h:80 HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("question mark first", "GET ?a HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("fragment", "GET /a#b HTTP/1.1\r\n" H "\r\n", "", E_TCHAR)
HOSTILE("raw utf-8", "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", "", E_TCHAR)
HOSTILE("tab in target", "GET /a\tb HTTP/1.1\r\n" H "\r\n", "", E_TCHAR)
HOSTILE("nul in target", "GET /a\0b HTTP/1.1\r\n" H "\r\n", "", E_TCHAR)
HOSTILE("del in target", "GET /a\x7f HTTP/1.1\r\n" H "\r\n", "", E_TCHAR)
HOSTILE("space in target", "GET /a b HTTP/1.1\r\n" H "\r\n", "", E_START)
HOSTILE("cr in target", "GET /a\rb HTTP/1.1\r\n" H "\r\n", "", E_NOVER)
HOSTILE("lf in target", "GET /a\nb HTTP/1.1\r\n" H "\r\n", "", E_BARE_LF)
HOSTILE("target too long", "GET /" S60 "abcd HTTP/1.1\r\n" H "\r\n", "", E_TLONG)
HOSTILE("query too long", "GET /?" S60 "abc HTTP/1.1\r\n" H "\r\n", "", E_TLONG)
HOSTILE("backslash and user in the host", "GET http://h\\@evil/ HTTP/1.1\r\n" H "\r\n", "", E_TFORM)
HOSTILE("absolute with a bad host header", "GET http://o/ HTTP/1.1\r\nHost: a b\r\n\r\n", "", E_HOST)
HOSTILE("absolute with two host headers", "GET http://o/ HTTP/1.1\r\n" H H "\r\n", "", E_HOSTS)
HOSTILE("a second request in the target", "GET /a\r\nHost:h\r\n\r\n HTTP/1.1\r\n" H "\r\n", "", E_NOVER)
HOSTILE("escape in target", "GET /\x1b[2J HTTP/1.1\r\n" H "\r\n", "", E_TCHAR)

/* the first line */
HOSTILE("unknown method", "BREW / HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("method of another case", "get / HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("method with a tail", "GETX / HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("method too long", S30 " / HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("connect", "CONNECT h:443 HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("trace", "TRACE / HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("propfind", "PROPFIND / HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("m-search", "M-SEARCH * HTTP/1.1\r\n" H "\r\n", "", E_METHOD)
HOSTILE("rtsp", "DESCRIBE /a RTSP/1.0\r\n\r\n", "", E_START)
HOSTILE("get of rtsp", "GET /a RTSP/1.0\r\n\r\n", "", E_START)
HOSTILE("ice", "SOURCE /a ICE/1.0\r\n\r\n", "", E_START)
HOSTILE("space first", " GET / HTTP/1.1\r\n" H "\r\n", "", E_METHODC)
HOSTILE("two spaces", "GET  / HTTP/1.1\r\n" H "\r\n", "", E_START)
HOSTILE("two spaces before version", "GET /  HTTP/1.1\r\n" H "\r\n", "", E_START)
HOSTILE("space after version", "GET / HTTP/1.1 \r\n" H "\r\n", "", E_START)
HOSTILE("tab for space", "GET\t/ HTTP/1.1\r\n" H "\r\n", "", E_METHODC)
HOSTILE("tls", "\x16\x03\x01\x02\x00\x01", "", E_METHODC)
HOSTILE("nul", "\0", "", E_METHODC)
HOSTILE("mqtt", "\x10\x0e\0\4MQTT", "", E_METHODC)
HOSTILE("http 0.9", "GET /\r\n", "", E_NOVER)
HOSTILE("method only", "GET\r\n", "", E_START)
HOSTILE("http 2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", E_VERSION)
HOSTILE("http 1.2", "GET / HTTP/1.2\r\n" H "\r\n", "", E_VERSION)
HOSTILE("http 0.9 with version", "GET / HTTP/0.9\r\n\r\n", "", E_VERSION)
HOSTILE("http 3.1", "GET / HTTP/3.1\r\n" H "\r\n", "", E_VERSION)
HOSTILE("version of two digits", "GET / HTTP/1.10\r\n" H "\r\n", "", E_START)
HOSTILE("version without dot", "GET / HTTP/11\r\n" H "\r\n", "", E_START)
HOSTILE("version with letters", "GET / HTTP/1.x\r\n" H "\r\n", "", E_START)
HOSTILE("http in lower case", "GET / http/1.1\r\n" H "\r\n", "", E_START)
HOSTILE("lf ends the request line", "GET / HTTP/1.1\n" H "\r\n", "", E_BARE_LF)
HOSTILE("cr ends the request line", "GET / HTTP/1.1\r" H "\r\n", "", E_BARE_CR)
HOSTILE("cr cr lf", "GET / HTTP/1.1\r\r\n" H "\r\n", "", E_BARE_CR)
HOSTILE("lf first", "\n" GET(H), "", E_BARE_LF)
HOSTILE("cr first", "\rGET / HTTP/1.1\r\n" H "\r\n", "", E_BARE_CR)
HOSTILE("five empty lines", "\r\n\r\n\r\n\r\n\r\n" GET(H), "", E_EMPTY)
HOSTILE("quoted method", "\"GET\" / HTTP/1.1\r\n" H "\r\n", "", E_METHODC)
HOSTILE("method with a colon", "GET: / HTTP/1.1\r\n" H "\r\n", "", E_METHODC)
HOSTILE("nul in method", "G\0ET / HTTP/1.1\r\n" H "\r\n", "", E_METHODC)
HOSTILE("byte order mark", "\xef\xbb\xbfGET / HTTP/1.1\r\n" H "\r\n", "", E_METHODC)
HOSTILE("a proxy's line", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n" GET(H), "", E_START)
HOSTILE("an answer", "HTTP/1.1 200 OK\r\n\r\n", "", E_METHODC)
HOSTILE("smtp", "EHLO mail.example\r\n", "", E_NOVER)
HOSTILE("nul after version", "GET / HTTP/1.1\0\r\n" H "\r\n", "", E_START)
HOSTILE("version twice", "GET / HTTP/1.1 HTTP/1.1\r\n" H "\r\n", "", E_START)
HOSTILE("vertical tab for space", "GET\v/ HTTP/1.1\r\n" H "\r\n", "", E_METHODC)

/* header lines */
HOSTILE("folding by space", GET(H "X: a\r\n b\r\n"), "", E_FOLD)
HOSTILE("folding by tab", GET(H "X: a\r\n\tb\r\n"), "", E_FOLD)
HOSTILE("folded length", POST("Content-Length:\r\n 3\r\n", "abc"), "", E_FOLD)
HOSTILE("folded coding", POST("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), "", E_FOLD)
HOSTILE("space before the first header", "GET / HTTP/1.1\r\n " H "\r\n", "", E_FOLD)
HOSTILE("line of white space", GET(H " \r\n"), "", E_FOLD)
HOSTILE("space before colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "", E_SPACE)
HOSTILE("tab before colon", GET(H "X\t: a\r\n"), "", E_SPACE)
HOSTILE("length with space before colon", POST("Content-Length : 3\r\n", "abc"), "", E_SPACE)
HOSTILE("space in name", GET(H "X Y: a\r\n"), "", E_SPACE)
HOSTILE("no colon", GET(H "nonsense\r\n"), "", E_COLON)
HOSTILE("empty name", GET(H ": a\r\n"), "", E_NAME)
HOSTILE("parenthesis in name", GET(H "X(: a\r\n"), "", E_NAME)
HOSTILE("high byte in name", GET(H "X\xe4: a\r\n"), "", E_NAME)
HOSTILE("nul in name", GET(H "X\0: a\r\n"), "", E_NAME)
HOSTILE("nul in value", GET(H "X: a\0b\r\n"), "", E_CONTROL)
HOSTILE("escape in value", GET(H "X: \x1b[0m\r\n"), "", E_CONTROL)
HOSTILE("del in value", GET(H "X: \x7f\r\n"), "", E_CONTROL)
HOSTILE("vertical tab around coding", POST("Transfer-Encoding: \vchunked\r\n", ""), "", E_CONTROL)
HOSTILE("cr in value", GET(H "X: a\rY: b\r\n"), "", E_BARE_CR)
HOSTILE("lf in value", GET(H "X: a\nY: b\r\n"), "", E_BARE_LF)
HOSTILE("lf in name", GET(H "X\n: a\r\n"), "", E_BARE_LF)
HOSTILE("lf ends the head", "GET / HTTP/1.1\r\n" H "\n", "", E_BARE_LF)
HOSTILE("cr ends the head", "GET / HTTP/1.1\r\n" H "\rX", "", E_BARE_CR)
HOSTILE("no host", GET(""), "", E_NOHOST)
HOSTILE("two hosts", GET(H "Host: g\r\n"), "", E_HOSTS)
HOSTILE("the same host twice", GET(H "host: h\r\n"), "", E_HOSTS)
HOSTILE("two hosts 1.0", "GET / HTTP/1.0\r\n" H H "\r\n", "", E_HOSTS)
HOSTILE("hosts in a list", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "", E_HOST)
HOSTILE("host with space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "", E_HOST)
HOSTILE("host with user", "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", "", E_HOST)
HOSTILE("host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "", E_HOST)
HOSTILE("nine headers", GET(H "a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\n"), "", E_COUNT)
HOSTILE("head too large", GET(H "X: " S60 S60 S60 S60 S10 "\r\n"), "", E_HEAD)
HOSTILE("name too large", GET(H S60 S60 S60 S60 S10 "\r\n"), "", E_HEAD)
HOSTILE("space in content length's name", POST("Content Length: 3\r\n", "abc"), "", E_SPACE)
HOSTILE("quote behind a name", POST("Content-Length\": 3\r\n", "abc"), "", E_NAME)
HOSTILE("comma in name", GET(H "A,B: c\r\n"), "", E_NAME)
HOSTILE("brackets in name", GET(H "A[]: c\r\n"), "", E_NAME)
HOSTILE("cr before a name", GET(H "\rContent-Length: 3\r\n"), "", E_BARE_CR)
HOSTILE("vertical tab before a name", GET(H "\vX: a\r\n"), "", E_NAME)
HOSTILE("form feed before colon", GET(H "X\f: a\r\n"), "", E_NAME)
HOSTILE("backspace in value", GET(H "X: a\bb\r\n"), "", E_CONTROL)
HOSTILE("coding hidden by a bare lf", POST("Content-Length: 3\r\nX: a\nTransfer-Encoding: chunked\r\n", "abc"), "", E_BARE_LF)
HOSTILE("coding hidden by a bare cr", POST("Content-Length: 3\r\nX: a\rTransfer-Encoding: chunked\r\n", "abc"), "", E_BARE_CR)
HOSTILE("coding with lf before colon", POST("Transfer-Encoding\n: chunked\r\n", "0\r\n\r\n"), "", E_BARE_LF)
HOSTILE("coding with space before colon", POST("Content-Length: 3\r\nTransfer-Encoding : chunked\r\n", "0\r\n\r\n"), "", E_SPACE)
HOSTILE("cr cr lf ends a header", GET(H "X: a\r\r\n"), "", E_BARE_CR)
HOSTILE("lf cr ends a header", GET(H "X: a\n\r"), "", E_BARE_LF)
HOSTILE("host with a comma behind", "GET / HTTP/1.1\r\nHost: a,\r\n\r\n", "", E_HOST)
HOSTILE("host with a query", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", "", E_HOST)
HOSTILE("host with a fragment", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", "", E_HOST)
HOSTILE("host with a backslash", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", "", E_HOST)
HOSTILE("host with a tab", "GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n", "", E_HOST)
HOSTILE("host in quotes", "GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n", "", E_HOST)
HOSTILE("host with a scheme", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "", E_HOST)
HOSTILE("host with a high byte", "GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n", "", E_HOST)
HOSTILE("host folded", "GET / HTTP/1.1\r\nHost:\r\n h\r\n\r\n", "", E_FOLD)
HOSTILE("the second host is empty", GET(H "Host:\r\n"), "", E_HOSTS)

/* where the body ends */
HOSTILE("length and coding", POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n"), "", E_BOTH)
HOSTILE("coding and length", POST("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n"), "", E_BOTH)
HOSTILE("two lengths", POST("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), "", E_LENGTHS)
HOSTILE("the same length twice", POST("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), "", E_LENGTHS)
HOSTILE("lengths in a list", POST("Content-Length: 3, 3\r\n", "abc"), "", E_LENGTH)
HOSTILE("negative length", POST("Content-Length: -1\r\n", ""), "", E_LENGTH)
HOSTILE("length with a tab after", POST("Content-Length: 3\t\r\n", "abc"), "", E_LENGTH)
HOSTILE("coding with a tab after", POST("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("minus zero", POST("Content-Length: -0\r\n", ""), "", E_LENGTH)
HOSTILE("length with plus", POST("Content-Length: +3\r\n", "abc"), "", E_LENGTH)
HOSTILE("hexadecimal length", POST("Content-Length: 0x3\r\n", "abc"), "", E_LENGTH)
HOSTILE("length with a point", POST("Content-Length: 3.0\r\n", "abc"), "", E_LENGTH)
HOSTILE("length with a space", POST("Content-Length: 1 2\r\n", "abc"), "", E_LENGTH)
HOSTILE("empty length", POST("Content-Length:\r\n", ""), "", E_LENGTH)
HOSTILE("length of 21 digits", POST("Content-Length: 999999999999999999999\r\n", ""), "", E_LENGTH)
HOSTILE("length of 2^64", POST("Content-Length: 18446744073709551616\r\n", ""), "", E_LENGTH)
HOSTILE("length of 2^64 - 1", POST("Content-Length: 18446744073709551615\r\n", ""), "", E_BODY)
HOSTILE("body too long", POST("Content-Length: 33\r\n", ""), "", E_BODY)
HOSTILE("other coding", POST("Transfer-Encoding: gzip\r\n", ""), "", E_CODING)
HOSTILE("identity", POST("Transfer-Encoding: identity\r\n", ""), "", E_CODING)
HOSTILE("coding before chunked", POST("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "", E_UNKNOWN)
HOSTILE("chunked is not last", POST("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("chunked twice", POST("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("two codings", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("coding hidden by a second", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("coding with a prefix", POST("Transfer-Encoding: xchunked\r\n", ""), "", E_CODING)
HOSTILE("coding with a parameter", POST("Transfer-Encoding: chunked;q=1\r\n", ""), "", E_CODING)
HOSTILE("quoted coding", POST("Transfer-Encoding: \"chunked\"\r\n", ""), "", E_CODING)
HOSTILE("empty coding", POST("Transfer-Encoding:\r\n", ""), "", E_CODING)
HOSTILE("coding of 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", E_OLD)
HOSTILE("length decides for the first, coding for the second", POST("Content-Length: 41\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nGET /admin HTTP/1.1\r\n" H "\r\n"), "", E_BOTH)
HOSTILE("coding decides for the first, length for the second", POST("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "1c\r\nGET /admin HTTP/1.1\r\n" H "\r\n\r\n0\r\n\r\n"), "", E_BOTH)
HOSTILE("both in a get", GET(H "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), "", E_BOTH)
HOSTILE("a length of none beside a coding", POST("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", ""), "", E_BOTH)
HOSTILE("coding in another case, and a length", POST("tRANSFER-eNCODING: CHUNKED\r\nContent-Length: 3\r\n", ""), "", E_BOTH)
HOSTILE("two lengths around a header", POST("Content-Length: 3\r\nX: a\r\ncontent-LENGTH: 0\r\n", "abc"), "", E_LENGTHS)
HOSTILE("length with letters behind", POST("Content-Length: 3abc\r\n", "abc"), "", E_LENGTH)
HOSTILE("length with an exponent", POST("Content-Length: 3e0\r\n", "abc"), "", E_LENGTH)
HOSTILE("length with an underscore", POST("Content-Length: 1_0\r\n", S10), "", E_LENGTH)
HOSTILE("length in quotes", POST("Content-Length: \"3\"\r\n", "abc"), "", E_LENGTH)
HOSTILE("length of wide digits", POST("Content-Length: \xef\xbc\x93\r\n", "abc"), "", E_LENGTH)
HOSTILE("length of a space only", POST("Content-Length:  \r\n", ""), "", E_LENGTH)
HOSTILE("length with a comma behind", POST("Content-Length: 3,\r\n", "abc"), "", E_LENGTH)
HOSTILE("length with nul", POST("Content-Length: 3\0\r\n", "abc"), "", E_CONTROL)
HOSTILE("length with a vertical tab", POST("Content-Length: \v3\r\n", "abc"), "", E_CONTROL)
HOSTILE("coding with nul", POST("Transfer-Encoding: chunked\0\r\n", "0\r\n\r\n"), "", E_CONTROL)
HOSTILE("coding with a form feed", POST("Transfer-Encoding: \fchunked\r\n", "0\r\n\r\n"), "", E_CONTROL)
HOSTILE("coding with a comma before", POST("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), "", E_UNKNOWN)
HOSTILE("coding with a comma behind", POST("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("codings by a space", POST("Transfer-Encoding: chunked identity\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("coding hidden by a first", POST("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("coding and a second in another case", POST("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n", "0\r\n\r\n"), "", E_CODING)
HOSTILE("both in 1.0", "POST / HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "", E_BOTH)

/* chunks and trailers */
HOSTILE("extension with cr", CHUNKED("3;a\rb\r\nabc\r\n0\r\n\r\n"), "", E_BARE_CR)
HOSTILE("extension with lf", CHUNKED("3;a\nb\r\nabc\r\n0\r\n\r\n"), "", E_BARE_LF)
HOSTILE("extension with nul", CHUNKED("3;a\0\r\nabc\r\n0\r\n\r\n"), "", E_CEXT)
HOSTILE("trailer folded", CHUNKED("0\r\nX: y\r\n z\r\n\r\n"), "", E_FOLD)
HOSTILE("trailer without colon", CHUNKED("0\r\nXy\r\n\r\n"), "", E_COLON)
HOSTILE("trailer with nul", CHUNKED("0\r\nX: \0\r\n\r\n"), "", E_CONTROL)
HOSTILE("too many trailers", CHUNKED("0\r\na:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\ni:1\r\n\r\n"), "", E_COUNT)
HOSTILE("trailers too large", CHUNKED("0\r\nX: " S60 S60 S60 S60 S30 "\r\n\r\n"), "", E_HEAD)
HOSTILE("chunk too long", CHUNKED("21\r\n"), "", E_BODY)
HOSTILE("chunks too long", CHUNKED("1f\r\n" S30 "a\r\n2\r\n"), "", E_BODY)
HOSTILE("chunk of 2^64", CHUNKED("10000000000000000\r\n"), "", E_BODY)
HOSTILE("chunk of 2^64 - 1", CHUNKED("ffffffffffffffff\r\n"), "", E_BODY)
HOSTILE("size of 17 zeros", CHUNKED("00000000000000000\r\n\r\n"), "", E_CSIZE)
HOSTILE("size of letters", CHUNKED("xyz\r\n"), "", E_CSIZE)
HOSTILE("size with 0x", CHUNKED("0x3\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("size with minus", CHUNKED("-1\r\n"), "", E_CSIZE)
HOSTILE("size with plus", CHUNKED("+1\r\na\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("no size", CHUNKED("\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("no size but an extension", CHUNKED(";a\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("space before size", CHUNKED(" 3\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("space after size", CHUNKED("3 \r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("size ended by lf", CHUNKED("3\nabc\r\n0\r\n\r\n"), "", E_BARE_LF)
HOSTILE("size ended by cr", CHUNKED("3\rabc\r\n0\r\n\r\n"), "", E_BARE_CR)
HOSTILE("chunk longer than its size", CHUNKED("2\r\nabc\r\n0\r\n\r\n"), "", E_CEND)
HOSTILE("chunk shorter than its size", CHUNKED("4\r\nabc\r\n0\r\n\r\n"), "", E_CEND)
HOSTILE("chunk ended by lf", CHUNKED("3\r\nabc\n0\r\n\r\n"), "", E_CEND)
HOSTILE("chunk ended by two other bytes", CHUNKED("3\r\nabcXX0\r\n\r\n"), "", E_CEND)
HOSTILE("chunk ended by cr", CHUNKED("3\r\nabc\r0\r\n\r\n"), "", E_CEND)
HOSTILE("last chunk ended by lf", CHUNKED("0\n\n"), "", E_BARE_LF)
HOSTILE("trailers ended by lf", CHUNKED("0\r\n\n"), "", E_BARE_LF)
HOSTILE("trailers ended by cr", CHUNKED("0\r\n\rG"), "", E_BARE_CR)
HOSTILE("tab after size", CHUNKED("3\t\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("space before an extension", CHUNKED("3 ;a=b\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("size with an underscore", CHUNKED("1_0\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("size with nul", CHUNKED("3\0\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("size with a point", CHUNKED("3.0\r\nabc\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("no end of chunk", CHUNKED("3\r\nabc0\r\n\r\n"), "", E_CEND)
HOSTILE("chunk ended twice", CHUNKED("3\r\nabc\r\n\r\n0\r\n\r\n"), "", E_CSIZE)
HOSTILE("chunk ended by lf cr", CHUNKED("3\r\nabc\n\r0\r\n\r\n"), "", E_CEND)
HOSTILE("extension with del", CHUNKED("3;a\x7f\r\nabc\r\n0\r\n\r\n"), "", E_CEXT)
HOSTILE("trailer with space before colon", CHUNKED("0\r\nX : y\r\n\r\n"), "", E_SPACE)
HOSTILE("trailer with lf", CHUNKED("0\r\nX: y\nZ: w\r\n\r\n"), "", E_BARE_LF)

/* behind a request that was served, and expectations */
HOSTILE("bad second request", GET(H) "\1", "GET / @h; ", E_METHODC)
HOSTILE("smuggled by the old length", POST("Content-Length: 1\r\n", "aGET /x HTTP/1.1\r\n") "\r\n", "POST /p @h =a; ", E_NOHOST)
HOSTILE("expect too much", POST("Content-Length: 99\r\nExpect: 100-continue\r\n", ""), "", E_BODY)
HOSTILE("expect something else", POST("Content-Length: 1\r\nExpect: tea\r\n", "a"), "", E_EXPECT)
HOSTILE("expect twice", GET(H "Expect: 100-continue\r\nExpect: 100-continue\r\n"), "", E_EXPECT)
HOSTILE("more than the length", POST("Content-Length: 1\r\n", "abGET /x HTTP/1.1\r\n" H "\r\n"), "POST /p @h =a; ", E_METHOD)
HOSTILE("a body behind a length of none", GET(H "Content-Length: 0\r\n") "GPOST / HTTP/1.1\r\n" H "\r\n", "GET / @h; ", E_METHOD)
HOSTILE("nul behind the last chunk", CHUNKED("0\r\n\r\n") "\0", "POST /p @h; ", E_METHODC)
HOSTILE("both in the second request", GET(H) POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", ""), "GET / @h; ", E_BOTH)
HOSTILE("folding in the second request", GET(H) GET(H " x\r\n"), "GET / @h; ", E_FOLD)
HOSTILE("two hosts in the second request", GET(H) GET(H H), "GET / @h; ", E_HOSTS)
HOSTILE("expect of two", POST("Content-Length: 1\r\nExpect: 100-continue, x\r\n", ""), "", E_EXPECT)
HOSTILE("expect of nothing", POST("Content-Length: 1\r\nExpect:\r\n", "a"), "", E_EXPECT)
HOSTILE("bad chunk behind an expectation", POST("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "z\r\n"), "continue; ", E_CSIZE)
/* clang-format on */
#undef HOSTILE
