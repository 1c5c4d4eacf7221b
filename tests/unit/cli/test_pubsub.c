/* Unit tests of whole runs of pub and sub, against a hub that follows a script: every byte that they send is
 * compared, and what they print and how they end.
 *
 * A script has a word for each step: "<HEX" expects these bytes, ">HEX" sends them, "X" ends the
 * connection, "R" does so and takes the next one; at its end the other side must have ended it. C stands for the CONNECT of "-i c". */
#include "cli_run.h"
#include "lib/test.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define C "<100d00044d5154540402003c000163 "
#define A ">20020000 "

/* ---- the hub ---- */

struct script {
    const char *text;
    int listener;
    char *failure; /* owned; NULL: all went as written */
};

static void expect(struct script *s, int fd, const char *hex)
{
    const size_t len = strlen(hex) / 2;
    uint8_t got[512];
    char text[2 * sizeof got + 1];
    size_t have = 0;
    while (have < len) {
        ssize_t n = recv(fd, got + have, len - have, 0);
        if (n <= 0) break;
        have += (size_t)n;
    }
    hex_encode(got, have, text);
    if (strcmp(text, hex) != 0) s->failure = xasprintf("expected %s, got %s", hex, text);
}

static int take(const struct script *s)
{
    const struct timeval limit = { .tv_sec = 20 };
    int fd = accept(s->listener, NULL, NULL);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void *serve(void *arg)
{
    struct script *s = arg;
    char *copy = xstrdup(s->text), *save = NULL;
    int fd = take(s);
    bool open = true;
    for (char *word = strtok_r(copy, " ", &save); word && !s->failure;
         word = strtok_r(NULL, " ", &save)) {
        uint8_t data[512];
        const size_t len = strlen(word + 1) / 2;
        if (*word == '<') expect(s, fd, word + 1);
        if (*word == '>' && hex_decode(slice_str(word + 1), data, len) == 0)
            send(fd, data, len, MSG_NOSIGNAL);
        if (*word == 'X') open = false;
        if (*word != 'R') continue;
        close(fd);
        fd = take(s);
    }
    char byte;
    ssize_t more = open ? recv(fd, &byte, 1, 0) : 0;
    /* a reset: it went without reading all that we have sent */
    if (!s->failure && (more > 0 || (more < 0 && errno != ECONNRESET)))
        s->failure = xasprintf("more was sent, or the end was not");
    close(fd);
    free(copy);
    return NULL;
}

/* ---- running ---- */

static struct outcome run_words(const char *line, const char *path, const char *input)
{
    char *copy = xstrdup(line), *save = NULL;
    const char *argv[24] = { "thingd" };
    int argc = 1, lines[2];
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    argv[argc++] = "-i";
    argv[argc++] = "c";
    argv[argc++] = "-S";
    argv[argc++] = path;
    assert_int_equal(pipe(lines), 0);
    assert_int_equal(write(lines[1], input, strlen(input)), (ssize_t)strlen(input));
    close(lines[1]);
    struct client_env env = { .in = fdopen(lines[0], "r") };
    struct outcome o = cli_run(argc, argv, &env);
    fclose(env.in);
    free(copy);
    return o;
}

static struct outcome run(const char *line, const char *input, const char *script)
{
    char *dir = xstrdup("/tmp/td-pubsub-XXXXXX");
    assert_non_null(mkdtemp(dir));
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", dir);
    struct script s = { .text = script, .listener = socket(AF_UNIX, SOCK_STREAM, 0) };
    pthread_t thread;
    assert_int_equal(bind(s.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s.listener, 4), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
    struct outcome o = run_words(line, address.sun_path, input);
    pthread_join(thread, NULL);
    close(s.listener);
    unlink(address.sun_path);
    rmdir(dir);
    free(dir);
    if (s.failure) fail_msg("%s: %s (%s)", line, s.failure, o.err);
    return o;
}

struct run_case {
    const char *line, *input, *script;
    int rc;
    const char *out, *err; /* err: the beginning, behind the command's name */
};

static void check(const struct run_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct outcome o = run(cases[i].line, cases[i].input, cases[i].script);
        const char *said = strstr(o.err, ": ") ? strstr(o.err, ": ") + 2 : o.err;
        if (o.rc != cases[i].rc || strncmp(said, cases[i].err, strlen(cases[i].err)) != 0 ||
            (!*cases[i].err && *o.err))
            fail_msg("%s: %d %s", cases[i].line, o.rc, o.err);
        assert_string_equal(o.out, cases[i].out);
        outcome_free(&o);
    }
}

/* ---- tests ---- */

#define END   "<c000 >d000 <e000 "
#define TOLD  "a message may be refused, see the hub's log\n"
#define ENDED "the hub has ended the connection"

static void publishing(void **state)
{
    static const struct run_case cases[] = {
        { "pub t -m a", "",
          C A "<3004000174"
              "61 " END,
          0, "", "" },
        { "pub t -m a -r", "",
          C A "<3104000174"
              "61 " END,
          0, "", "" },
        { "pub t -m a -q 1", "", C A "<3206000174000161 >40020001 " END, 0, "", "" },
        { "pub t -n -q 2 -r", "", C A "<35050001740001 >50020001 <62020001 >70020001 " END, 0, "",
          "" },
        { "pub t -s -q 1", "a\nb",
          C A "<320800017400016"
              "10a62 >40020001 " END,
          0, "", "" },
        { "pub t -l", "a\nb\n", C A "<300400017461300400017462 " END, 0, "", "" },
        { "pub t -l -q 1", "a\n\nb",
          C A "<32060001740001613205000174000232060001740003"
              "62 "
              ">400200014002000240020003 " END,
          0, "", "" },
        /* the third waits for the window */
        { "pub t -l -q 1 -M 2", "a\nb\nc\n",
          C A "<32060001740001613206000174000262 >40020002 <3206000174000363 "
              ">4002000140020003 " END,
          0, "", "" },
        { "pub t -l", "", C A END, 0, "", "" },
        { "pub t -m a -q 1 --repeat 2 --repeat-delay 0", "",
          C A "<32060001740001613206000174000261 >4002000140020002 " END, 0, "", "" },
        /* each is awaited before the delay begins */
        { "pub t -m a -q 1 --repeat 2 --repeat-delay 0.001", "",
          C A "<3206000174000161 >40020001 <3206000174000261 >40020002 " END, 0, "", "" },
        { "pub t -l --json", "a\nb\n", C A "<300400017461300400017462 " END, 0,
          "{\n  \"published\": 2\n}\n", "" },
    };
    check(cases, ARRAY_LEN(cases));
}

static void publishing_that_fails(void **state)
{
    static const struct run_case cases[] = {
        { "pub t -m a", "", C "X", 1, "", ENDED "\n" },
        { "pub t -m a", "", C ">20020005 ", 1, "", "not authorized to connect\n" },
        { "pub t -m a", "", C A "<300400017461 <c000 X", 1, "", ENDED ": " TOLD },
        { "pub t -m a -q 1", "", C A "<3206000174000161 X", 1, "", ENDED ": " TOLD },
        { "pub t -m a -q 2", "", C A "<3406000174000161 >50020001 <62020001 X", 1, "",
          ENDED ": " TOLD },
        { "pub t -m a", "", C ">f000 ", 1, "", "[section 2.2.1] a reserved packet type" },
        { "pub t -m a", "", C ">2002000020020000 ", 1, "",
          "[MQTT-3.2.0-1] CONNACK must come first" },
        { "pub t -m a --quiet", "", C "X", 1, "", "" },
    };
    check(cases, ARRAY_LEN(cases));
}

#define S0          \
    "<820600010001" \
    "7400 >9003000100 "
#define S1          \
    "<820600010001" \
    "7401 >9003000101 "
#define S2          \
    "<820600010001" \
    "7402 >9003000102 "

static void subscribing(void **state)
{
    static const struct run_case cases[] = {
        { "sub t -C 1", "", C A S0 ">300400017461 <e000 ", 0, "a\n", "" },
        { "sub t -C 2 -v", "",
          C A S0 ">30030001743004000174"
                 "61 <e000 ",
          0, "t (null)\nt a\n", "" },
        { "sub t -C 2 -N", "", C A S0 ">300400017461300400017462 <e000 ", 0, "ab", "" },
        { "sub t -C 1 -q 1", "", C A S1 ">3206000174000961 <40020009 <e000 ", 0, "a\n", "" },
        /* what stands behind the last one is not acknowledged */
        { "sub t -C 1 -q 1", "", C A S1 ">32060001740009613206000174000a62 <40020009 <e000 ", 0,
          "a\n", "" },
        /* QoS 2 is brought to its end, and given once */
        { "sub t -C 1 -q 2", "",
          C A S2 ">3406000174000961 <50020009 >3c06000174000961 <50020009 "
                 ">3406000174000a62 >62020009 <70020009 <e000 ",
          0, "a\n", "" },
        { "sub t -E -q 1", "", C A S1 "<e000 ", 0, "", "" },
        { "sub t u -T t -C 1", "",
          C A "<820a00010001740000017500 >900400010000 "
              ">30040001746130040001"
              "7562 <e000 ",
          0, "b\n", "" },
        { "sub t -U u -E", "",
          C A "<a2050001000175820600020001"
              "7400 >b0020001 >9003000200 <e000 ",
          0, "", "" },
        /* retained: left out; only; removed, and that awaited */
        { "sub t -R -C 1", "", C A S0 ">310400017461300400017462 <e000 ", 0, "b\n", "" },
        { "sub t --retained-only", "", C A S0 ">310400017461300400017462 <e000 ", 0, "a\n", "" },
        { "sub t --remove-retained -C 1", "",
          C A S0 ">310400017461 <33050001740002 >40020002 <e000 ", 0, "a\n", "" },
        { "sub t -F %q:%m:%r:%p -C 1 -q 1", "", C A S1 ">3306000174000961 <40020009 <e000 ", 0,
          "1:9:1:a\n", "" },
    };
    check(cases, ARRAY_LEN(cases));
}

static void subscribing_that_fails(void **state)
{
    static const struct run_case cases[] = {
        { "sub t -C 1", "", C "X", 1, "", ENDED "\n" },
        { "sub t -C 1", "", C ">20020002 ", 1, "", "the hub refuses the client id\n" },
        { "sub t", "", C A "<8206000100017400 >9003000180 <e000 ", 1, "",
          "the hub refuses the subscription to 't'\n" },
        { "sub t u -E", "", C A "<820a00010001740000017500 >900400010080 <e000 ", 1, "",
          "the hub refuses the subscription to 'u'\n" },
        { "sub t -C 1 -F %J", "", C A S0 ">300400017461 <e000 ", 0, "",
          "the message on topic 't' is no JSON\n" },
    };
    check(cases, ARRAY_LEN(cases));
}

/* ---- MQTT 5 ---- */

#define C5 "<100e00044d5154540502003c00000163 "
#define A5 ">2003000000 "

static void publishing_mqtt_5(void **state)
{
    static const struct run_case cases[] = {
        { "pub t -V 5 -m a", "", C5 A5 "<30050001740061 " END, 0, "", "" },
        { "pub t -m a -D publish content-type x -D disconnect user-property k v", "",
          C5 A5 "<3009000174040300017861 <c000 >d000 <e00900072600016b000176 ", 0, "", "" },
        { "pub t -V 5 -m a -x 7 -D connect receive-maximum 9", "",
          "<101600044d5154540502003c08210009110000000700"
          "0163 " A5 "<30050001740061 " END,
          0, "", "" },
        { "pub t -m a --will-topic w --will-payload b -D will will-delay-interval 5", "",
          "<101a00044d5154540506003c000001630518000000050001770001"
          "62 " A5 "<30050001740061 " END,
          0, "", "" },
        /* the topic once, then its alias */
        { "pub t -l -D publish topic-alias 2", "a\nb\n",
          C5 ">2006000003220005 <300800017403230002613007000003230002"
             "62 " END,
          0, "", "" },
        { "pub t -m a -D publish topic-alias 6", "", C5 ">2006000003220005 ", 1, "",
          "the hub takes topic aliases up to 5\n" },
        { "pub t -m a -q 2 -V 5", "", C5 ">20050000022401 ", 1, "", "the hub takes QoS up to 1\n" },
        { "pub t -m abcd -V 5", "", C5 ">20080000052700000009 ", 1, "",
          "a packet of 10 bytes is too long: the hub takes 9\n" },
        /* one at a time */
        { "pub t -l -q 1 -V 5", "a\nb\n",
          C5 ">2006000003210001 <3207000174000100"
             "61 >40020001 <3207000174000200"
             "62 >40020002 " END,
          0, "", "" },
        { "pub t -m a -V 5", "", C5 ">200a0087071f00046e657665 ", 1, "",
          "the hub refuses the connection: not authorized: neve\n" },
        { "pub t -m a -V 5", "", C5 ">20020001 ", 1, "",
          "the hub does not speak this version of MQTT\n" },
        { "pub t -m a -V 5 -q 1", "", C5 A5 "<320700017400010061 >4003000197 " END, 1, "",
          "the hub refuses a message: quota exceeded\n" },
        /* the others are sent all the same */
        { "pub t -l -V 5 -q 2", "a\nb\n",
          C5 A5 "<3407000174000100613407000174000200"
                "62 >500a000187061f0003626164 >50020002 <62020002 >70020002 " END,
          1, "", "the hub refuses a message: not authorized: bad\n" },
        { "pub t -m a -V 5", "", C5 A5 "<30050001740061 <c000 >e00187 ", 1, "",
          "the hub has ended the connection: not authorized\n" },
        { "pub t -m a -V 5", "", C5 A5 "<30050001740061 <c000 >e0018b ", 1, "",
          "the hub has ended the connection: server shutting down: " TOLD },
        /* what is under way is too long for the hub that is there now */
        { "pub t -l -V 5 -q 1", "abcd\n",
          C5 A5 "<320a00017400010061626364 R " C5 ">20080000052700000009 ", 1, "",
          ENDED "; connecting again\n"
                "thingd pub: a packet of 12 bytes is too long: the hub takes 9\n" },
    };
    check(cases, ARRAY_LEN(cases));
}

static void subscribing_mqtt_5(void **state)
{
    static const struct run_case cases[] = {
        { "sub t -V 5 -C 1 -F %t:%p:%C:%S:%P", "",
          C5 A5 "<8207000100000174"
                "00 >900400010000 "
                ">30140001740f030001780b052600016b0001760b06"
                "61 <e000 ",
          0, "t:a:x:5:k:v\n", "" },
        { "sub t -D subscribe subscription-identifier 5 --retain-as-published -q 1 -E", "",
          C5 A5 "<82090001020b0500017409 >900400010001 <e000 ", 0, "", "" },
        /* an alias of the hub */
        { "sub t -C 2 -v -D connect topic-alias-maximum 1", "",
          "<101100044d5154540502003c03220001000163 " A5 "<820700010000017400 >900400010000 "
          ">300800017403230001613007000003230001"
          "62 <e000 ",
          0, "t a\nt b\n", "" },
        { "sub t -V 5", "", C5 A5 "<820700010000017400 >900400010087 <e000 ", 1, "",
          "the hub refuses the subscription to 't': not authorized\n" },
        { "sub t u -E -V 5", "",
          C5 A5 "<820b000100000174000001750"
                "0 >900a0001051f00026e6f009e <e000 ",
          1, "",
          "the hub refuses the subscription to 'u': shared subscriptions not supported: no\n" },
        { "sub t -U u -E -D unsubscribe user-property k v", "",
          C5 A5 "<a20d0001072600016b0001760001"
                "75820700020000017400 >b00400010087 >900400020000 <e000 ",
          1, "", "the hub refuses to end the subscription to 'u': not authorized\n" },
        { "sub t -U u -E -V 5", "",
          C5 A5 "<a20600010000017582070002000001"
                "7400 >b00400010011 >900400020000 <e000 ",
          0, "", "" },
        { "sub t -V 5", "", C5 A5 "<820700010000017400 >900400010000 >e0089b061f0003626164 ", 1, "",
          "the hub has ended the connection: QoS not supported: bad\n" },
    };
    check(cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishing),        cmocka_unit_test(publishing_that_fails),
        cmocka_unit_test(subscribing),       cmocka_unit_test(subscribing_that_fails),
        cmocka_unit_test(publishing_mqtt_5), cmocka_unit_test(subscribing_mqtt_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
