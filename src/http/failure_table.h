/* failure_table.h — every way in which a message is refused: the status to answer with, and the
 * sentence for the human. Sections are of RFC 9112 (HTTP/1.1), or of the RFC that is named. */

/*      id            status  why */
FAILURE(BARE_CR, 400, "a carriage return that no line feed follows")                   /* 2.2 */
FAILURE(BARE_LF, 400, "a line feed without a carriage return before it")               /* 2.2 */
FAILURE(EMPTY_LINES, 400, "too many empty lines before the request line")              /* 2.2 */
FAILURE(START_LINE, 400, "the first line is malformed")                                /* 3, 4 */
FAILURE(START_LONG, 400, "the status line is too long")                                /* 4 */
FAILURE(METHOD_CHAR, 400, "the method has a character that no token may have")         /* 3.1 */
FAILURE(METHOD, 501, "this method is not implemented")                                 /* 3.1 */
FAILURE(TARGET_CHAR, 400, "the target has a character that must be percent-encoded")   /* 3.2 */
FAILURE(TARGET_FORM, 400, "the target is neither a path nor an http or https address") /* 3.2 */
FAILURE(TARGET_LONG, 414, "the target is longer than this server takes")               /* 3 */
FAILURE(NO_VERSION, 400, "the request line has no HTTP version")                       /* 3 */
FAILURE(VERSION, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here")                    /* 2.3 */
FAILURE(CONTROL, 400, "a control character in the head")                               /* 9110 5 */
FAILURE(FOLDING, 400, "a header line that begins with white space")                    /* 5.2 */
FAILURE(HEADER_NAME, 400, "a header name is empty or no token")                        /* 5.1 */
FAILURE(SPACE_COLON, 400, "white space between a header name and its colon")           /* 5.1 */
FAILURE(NO_COLON, 400, "a header line without a colon")                                /* 5 */
FAILURE(HEAD_LARGE, 431, "the headers are larger than this server takes")              /* 6585 5 */
FAILURE(HEAD_COUNT, 431, "there are more headers than this server takes")              /* 6585 5 */
FAILURE(NO_HOST, 400, "an HTTP/1.1 request needs a Host header")                       /* 3.2 */
FAILURE(TWO_HOSTS, 400, "there is more than one Host header")                          /* 3.2 */
FAILURE(HOST, 400, "the Host header names no host")                                    /* 3.2 */
FAILURE(LENGTH, 400, "the Content-Length header is no number")                         /* 6.3 */
FAILURE(TWO_LENGTHS, 400, "there is more than one Content-Length")                     /* 6.3 */
FAILURE(LENGTH_AND_CODING, 400, "Content-Length and Transfer-Encoding exclude each other") /* 6.3 */
FAILURE(CODING, 400, "Transfer-Encoding must end in chunked, once")                        /* 6.3 */
FAILURE(CODING_UNKNOWN, 501, "no transfer coding but chunked is implemented")              /* 6.1 */
FAILURE(CODING_OLD, 400, "HTTP/1.0 has no Transfer-Encoding")                              /* 6.1 */
FAILURE(EXPECTATION, 417, "no expectation but 100-continue can be met")   /* 9110 10 */
FAILURE(BODY_LARGE, 413, "the body is larger than this server takes")     /* 9110 15 */
FAILURE(CHUNK_SIZE, 400, "a chunk's size is no hexadecimal number")       /* 7.1 */
FAILURE(CHUNK_EXT, 400, "the chunk extensions are too long or malformed") /* 7.1.1 */
FAILURE(CHUNK_END, 400, "a chunk is longer or shorter than its size")     /* 7.1 */
FAILURE(INTERIM, 400, "too many interim responses")                       /* 9110 15 */
FAILURE(MALFORMED, 400, "the message is malformed")                       /* 2.2 */
