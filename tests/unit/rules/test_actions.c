/* test_actions.c — what rules_check says, the file writer by itself, the printed manual. */
#include "rules_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- rules_check ---- */

#define ACTION(text)  "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[" text "]}"
#define ACTION1       "{\"republish\":{\"topic\":\"t\"}}"
#define SQL_ONLY(sql) "{\"sql\":\"" sql "\",\"actions\":[]}"

static const struct {
    const char *payload;
    int rc;
    const char *says; /* part of the sentence */
} checks[] = {
    { SQL_ONLY("SELECT * FROM 'a'"), 0, "" },
    { SQL_ONLY("SELECT * WHERE a = 1"), 0, "" },
    { ACTION("{\"republish\":{\"topic\":\"a/"
             "${topic(1)}\",\"qos\":1,\"roleArn\":\"arn:aws:iam::1:role/x\"}}"),
      0, "" },
    { ACTION("{\"file\":{\"path\":\"a/b.jsonl\",\"maxBytes\":1000,\"maxFiles\":2}}"), 0, "" },
    { ACTION("{\"republish\":{\"topic\":\"$$aws/things/x/shadow/name/n/update\"}}"), 0, "" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"errorAction\":" ACTION1
      ",\"description\":\"d\",\"ruleDisabled\":true,\"awsIotSqlVersion\":\"beta\"}",
      0, "" },
    /* the statement */
    { SQL_ONLY("SELECT"), ERR_SYNTAX, "sql: line 1, column" },
    { SQL_ONLY("SELECT nosuch(1) FROM 'a'"), ERR_SYNTAX, "nosuch" },
    { SQL_ONLY("SELECT * FROM 'a/#/b'"), ERR_SYNTAX, "sql" },
    { SQL_ONLY("SELECT * FROM '$share/g/a'"), ERR_SYNTAX, "shared" },
    { SQL_ONLY(
          "SELECT * FROM '1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/"
          "28/29/30/31/32/33'"),
      ERR_SYNTAX, "levels" },
    { SQL_ONLY("SELECT aws_lambda('arn:x', *) FROM 'a'"), ERR_UNSUPPORTED, "aws_lambda" },
    { SQL_ONLY("SELECT get_thing_shadow('a', 'r') AS s FROM 'a'"), ERR_UNSUPPORTED,
      "get_thing_shadow" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"awsIotSqlVersion\":\"2020-01-01\"}",
      ERR_INVALID, "" },
    /* members */
    { "[]", ERR_INVALID, "object" },
    { "{\"actions\":[]}", ERR_INVALID, "sql" },
    { "{\"sql\":1,\"actions\":[]}", ERR_INVALID, "sql" },
    { "{\"sql\":\"SELECT * FROM 'a'\"}", ERR_INVALID, "actions" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":{}}", ERR_INVALID, "actions" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"ruleDisabled\":\"no\"}", ERR_INVALID,
      "ruleDisabled" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"description\":5}", ERR_INVALID,
      "description" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"awsIotSqlVersion\":5}", ERR_INVALID,
      "awsIotSqlVersion" },
    { ACTION(ACTION1 "," ACTION1 "," ACTION1 "," ACTION1 "," ACTION1 "," ACTION1 "," ACTION1
                     "," ACTION1 "," ACTION1 "," ACTION1 "," ACTION1),
      ERR_INVALID, "10" },
    { ACTION("{}"), ERR_INVALID, "actions[0]" },
    { ACTION("5"), ERR_INVALID, "actions[0]" },
    { ACTION(ACTION1 ",{\"republish\":{\"topic\":\"t\"},\"file\":{\"path\":\"p\"}}"), ERR_INVALID,
      "actions[1]" },
    { ACTION("{\"lambda\":{\"functionArn\":\"arn:aws:lambda:r:1:function:f\"}}"), ERR_UNSUPPORTED,
      "lambda" },
    { ACTION("{\"dynamoDBv2\":{}}"), ERR_UNSUPPORTED, "dynamoDBv2" },
    { ACTION("{\"republsh\":{}}"), ERR_INVALID, "did you mean 'republish'" },
    { ACTION("{\"something\":{}}"), ERR_INVALID, "unknown action 'something'" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"errorAction\":{\"s3\":{}}}", ERR_UNSUPPORTED,
      "errorAction: the action 's3'" },
    { "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[],\"errorAction\":[]}", ERR_INVALID,
      "errorAction" },
    /* republish */
    { ACTION("{\"republish\":{}}"), ERR_INVALID, "'topic' is missing" },
    { ACTION("{\"republish\":[]}"), ERR_INVALID, "actions[0]: republish" },
    { ACTION("{\"republish\":{\"topic\":5}}"), ERR_INVALID, "topic: must be a string" },
    { ACTION("{\"republish\":{\"topic\":\"\"}}"), ERR_INVALID, "topic" },
    { ACTION("{\"republish\":{\"topic\":\"a/+\"}}"), ERR_INVALID, "topic" },
    { ACTION("{\"republish\":{\"topic\":\"$aws/things/x/shadow/update\"}}"), ERR_INVALID, "'$$'" },
    { ACTION("{\"republish\":{\"topic\":\"$$SYS/x\"}}"), ERR_INVALID, "reserved" },
    { ACTION("{\"republish\":{\"topic\":\"$$aws/events/x\"}}"), ERR_INVALID, "reserved" },
    { ACTION("{\"republish\":{\"topic\":\"a/${\"}}"), ERR_INVALID, "topic" },
    { ACTION("{\"republish\":{\"topic\":\"a/${nosuch(1)}\"}}"), ERR_INVALID, "nosuch" },
    { ACTION("{\"republish\":{\"topic\":\"a/${get_thing_shadow('x','r')}\"}}"), ERR_UNSUPPORTED,
      "get_thing_shadow" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"qos\":2}}"), ERR_INVALID, "qos" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"qos\":\"1\"}}"), ERR_INVALID, "qos" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"qos\":0.5}}"), ERR_INVALID, "qos" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"roleArn\":\"role\"}}"), ERR_INVALID, "not an ARN" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"roleArn\":\"arn:aws:iam::1:\"}}"), ERR_INVALID,
      "not an ARN" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"topik\":1}}"), ERR_INVALID,
      "did you mean 'topic'" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"zebra\":1}}"), ERR_INVALID,
      "unknown member 'zebra'" },
    /* http */
    { ACTION("{\"http\":{\"url\":\"https://example.org\"}}"), 0, "" },
    { ACTION(
          "{\"http\":{\"url\":\"http://example.org:8080/${topic()}?a=${a}\",\"headers\":[{\"key\":"
          "\"X-A\",\"value\":\"${a}\"}]}}"),
      0, "" },
    { ACTION("{\"http\":{}}"), ERR_INVALID, "'url' is missing" },
    { ACTION("{\"http\":{\"url\":\"example.org\"}}"), ERR_INVALID, "must begin with" },
    { ACTION("{\"http\":{\"url\":\"http://me@example.org/\"}}"), ERR_INVALID, "a user" },
    { ACTION("{\"http\":{\"url\":\"http://me@example.org/${a}\"}}"), ERR_INVALID, "a user" },
    { ACTION("{\"http\":{\"url\":\"${a}\"}}"), ERR_INVALID, "path and the query only" },
    { ACTION("{\"http\":{\"url\":\"${a}://example.org/\"}}"), ERR_INVALID,
      "path and the query only" },
    { ACTION("{\"http\":{\"url\":\"http://${a}/x\"}}"), ERR_INVALID, "path and the query only" },
    { ACTION("{\"http\":{\"url\":\"http://example.org${a}\"}}"), ERR_INVALID,
      "path and the query only" },
    { ACTION("{\"http\":{\"url\":\"http://example.org:${a}/\"}}"), ERR_INVALID,
      "path and the query only" },
    { ACTION("{\"http\":{\"url\":\"http://example.org?${a}\"}}"), 0, "" },
    { ACTION("{\"http\":{\"url\":\"http://x/\",\"headers\":[{\"key\":\"Host\",\"value\":\"y\"}]}}"),
      ERR_INVALID, "a header" },
    { ACTION("{\"http\":{\"url\":\"http://x/\",\"headers\":[{\"key\":\"${a}\",\"value\":\"y\"}]}}"),
      ERR_INVALID, "a header" },
    { ACTION(
          "{\"http\":{\"url\":\"http://x/\",\"headers\":[{\"key\":\"A\",\"value\":\"a\\nb\"}]}}"),
      ERR_INVALID, "a header" },
    { ACTION("{\"http\":{\"url\":\"http://x/\",\"confirmationUrl\":\"http://x/\"}}"),
      ERR_UNSUPPORTED, "confirmed" },
    { ACTION("{\"http\":{\"url\":\"http://x/\",\"auth\":{\"sigv4\":{}}}}"), ERR_UNSUPPORTED,
      "not signed" },
    { ACTION("{\"http\":{\"url\":\"http://x/\",\"enableBatching\":true}}"), ERR_UNSUPPORTED,
      "one request" },
    { ACTION("{\"http\":{\"url\":\"http://x/\",\"batchConfig\":{}}}"), ERR_UNSUPPORTED,
      "one request" },
    /* headers of republish */
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{}}}"), 0, "" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":null}}"), 0, "" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"contentType\":null,\"responseTopic\":"
             "\"\"}}}"),
      0, "" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"messageExpiry\":\"60\","
             "\"userProperties\":[{\"key\":\"\",\"value\":\"\"}]}}}"),
      0, "" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"responseTopic\":\"${nothing}/+\"}}}"),
      0, "" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":5}}"), ERR_INVALID,
      "headers: must be an object" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"contentTyp\":\"a\"}}}"), ERR_INVALID,
      "headers: unknown member 'contentTyp' (did you mean 'contentType'?)" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"zebra\":\"a\"}}}"), ERR_INVALID,
      "headers: unknown member 'zebra'" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"contentType\":5}}}"), ERR_INVALID,
      "headers.contentType: must be a string" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"contentType\":\"${\"}}}"), ERR_INVALID,
      "headers.contentType" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"responseTopic\":\"a/#\"}}}"),
      ERR_INVALID, "headers: responseTopic: is no topic name" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"messageExpiry\":\"604801\"}}}"),
      ERR_INVALID, "headers: messageExpiry: must be" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"messageExpiry\":60}}}"), ERR_INVALID,
      "headers.messageExpiry: must be a string" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"correlationData\":\"?\"}}}"),
      ERR_INVALID, "headers: correlationData: is not base64" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"payloadFormatIndicator\":\"UTF8\"}}}"),
      ERR_INVALID, "headers: payloadFormatIndicator: must be" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":{}}}}"), ERR_INVALID,
      "headers.userProperties: must be an array of 1 to 100" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[]}}}"), ERR_INVALID,
      "headers.userProperties: must be an array of 1 to 100" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[{\"key\":\"a\","
             "\"value\":\"b\"},{\"key\":\"a\"}]}}}"),
      ERR_INVALID, "headers.userProperties: [1]: must be an object of key and value" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[\"a\"]}}}"),
      ERR_INVALID, "[0]: must be an object of key and value" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[{\"key\":\"a\","
             "\"valu\":\"b\"}]}}}"),
      ERR_INVALID, "[0]: value: must be a string" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[{\"key\":1,"
             "\"value\":\"b\"}]}}}"),
      ERR_INVALID, "[0]: key: must be a string" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[{\"key\":\"a\","
             "\"value\":\"${nosuch(1)}\"}]}}}"),
      ERR_INVALID, "nosuch" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers\":{\"userProperties\":[{\"key\":\"${get_"
             "thing_shadow('x','r')}\",\"value\":\"\"}]}}}"),
      ERR_UNSUPPORTED, "get_thing_shadow" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"headers.contentType\":\"a\"}}"), ERR_INVALID,
      "unknown member 'headers.contentType'" },
    { ACTION("{\"republish\":{\"topic\":\"t\",\"header\":{}}}"), ERR_INVALID,
      "did you mean 'headers'" },
    /* file */
    { ACTION("{\"file\":{}}"), ERR_INVALID, "path" },
    { ACTION("{\"file\":{\"path\":\"../a\"}}"), ERR_INVALID, "'..'" },
    { ACTION("{\"file\":{\"path\":\"a/../../b\"}}"), ERR_INVALID, "'..'" },
    { ACTION("{\"file\":{\"path\":\"/etc/passwd\"}}"), ERR_INVALID, "absolute" },
    { ACTION("{\"file\":{\"path\":\"a//b\"}}"), ERR_INVALID, "empty" },
    { ACTION("{\"file\":{\"path\":\"a/\"}}"), ERR_INVALID, "ends" },
    { ACTION("{\"file\":{\"path\":\"./a\"}}"), ERR_INVALID, "'.'" },
    { ACTION("{\"file\":{\"path\":\"a\\nb\"}}"), ERR_INVALID, "control" },
    { ACTION("{\"file\":{\"path\":\"a\",\"maxBytes\":1}}"), ERR_INVALID, "maxBytes" },
    { ACTION("{\"file\":{\"path\":\"a\",\"maxFiles\":0}}"), ERR_INVALID, "maxFiles" },
    { ACTION("{\"file\":{\"path\":\"a\",\"maxFiles\":101}}"), ERR_INVALID, "maxFiles" },
};

static void rules_are_checked(void **state)
{
    struct fix *f = fix_create();
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        struct diag diag = DIAG_INIT;
        int rc = rule_check(f, checks[i].payload, &diag);
        if (rc != checks[i].rc || !strstr(diag.text, checks[i].says))
            fail_msg("%s: %s \"%s\"", checks[i].payload, err_name(rc), diag.text);
    }
    fix_destroy(f);
}

static void sizes_are_limited(void **state)
{
    struct fix *f = fix_create();
    struct json *payload = json_new_object();
    struct diag diag = DIAG_INIT;
    char *text = xmalloc(RULE_MAX_BYTES + 1);
    memset(text, 'a', RULE_MAX_BYTES);
    text[RULE_MAX_BYTES] = '\0';
    json_set_str(payload, "sql", "SELECT * FROM 'a'");
    json_set(payload, "actions", json_new_array());
    json_set_str(payload, "description", text);
    assert_int_equal(rules_check(f->rules, "r", payload, false, &diag), ERR_INVALID);
    json_remove(payload, "description");
    f->rules->opts.max_rules = 0;
    assert_int_equal(rules_check(f->rules, "r", payload, true, &diag), 0);
    assert_int_equal(rules_check(f->rules, "r", payload, false, &diag), ERR_LIMIT);
    json_free(payload);
    free(text);
    fix_destroy(f);
}

static void headers_have_their_limits(void **state)
{
    struct fix *f = fix_create();
    static const struct {
        int pairs, name, value, rc;
        const char *says;
    } cases[] = {
        { 100, 3, 3, 0, "" },
        { 101, 3, 3, ERR_INVALID, "headers.userProperties: must be an array of 1 to 100" },
        { 1, 1024, 1024, 0, "" },
        { 1, 1025, 3, ERR_INVALID, "headers.userProperties: [0]: key: must have at most 1024" },
        { 1, 3, 1025, ERR_INVALID, "headers.userProperties: [0]: value: must have at most 1024" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text = { 0 };
        struct diag diag = DIAG_INIT;
        buf_puts(&text, "{\"sql\":\"SELECT * FROM 'a'\",\"actions\":[{\"republish\":"
                        "{\"topic\":\"t\",\"headers\":{\"userProperties\":[");
        for (int k = 0; k < cases[i].pairs; k++)
            buf_printf(&text, "%s{\"key\":\"%0*d\",\"value\":\"%0*d\"}", k ? "," : "",
                       cases[i].name, k, cases[i].value, k);
        buf_puts(&text, "]}}}]}");
        assert_int_equal(rule_check(f, buf_str(&text), &diag), cases[i].rc);
        assert_non_null(strstr(diag.text, cases[i].says));
        buf_deinit(&text);
    }
    fix_destroy(f);
}

/* ---- the writer ---- */

struct folder {
    char root[64];
    char *files;
    struct file_writer *writer;
};

static int open_folder(void **state)
{
    struct folder *d = xnew(struct folder);
    snprintf(d->root, sizeof d->root, "/tmp/thingd-writer-XXXXXX");
    assert_non_null(mkdtemp(d->root));
    d->files = xasprintf("%s/files", d->root);
    d->writer = file_writer_create(
        &(struct file_writer_opts){ .root = d->files, .sync = true, .max_open = 2 });
    *state = d;
    return 0;
}

static int close_folder(void **state)
{
    struct folder *d = *state;
    file_writer_destroy(d->writer);
    file_writer_set_write(NULL);
    char *command = xasprintf("rm -rf '%s'", d->root);
    assert_int_equal(system(command), 0);
    free(command);
    free(d->files);
    free(d);
    return 0;
}

/* Appends one line; returns its rc. */
static int append(struct folder *d, const char *path, const char *payload, uint64_t max_bytes,
                  unsigned max_files)
{
    struct file_line line = {
        .payload = slice_str(payload), .max_bytes = max_bytes, .max_files = max_files, .rc = 1
    };
    struct list lines;
    list_init(&lines);
    list_push_back(&lines, &line.link);
    file_writer_append(d->writer, path, &lines);
    return line.rc;
}

static char *text_of(struct folder *d, const char *path)
{
    struct fix f = { .files = d->files };
    return file_text(&f, path);
}

static void expect_text(struct folder *d, const char *path, const char *expected)
{
    char *text = text_of(d, path);
    if (!expected) {
        assert_null(text);
        return;
    }
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static mode_t mode_of(struct folder *d, const char *path)
{
    struct stat st;
    char *full = xasprintf("%s/%s", d->files, path);
    assert_int_equal(lstat(full, &st), 0);
    free(full);
    return st.st_mode & 0777;
}

static void lines_go_into_folders_of_their_own(void **state)
{
    struct folder *d = *state;
    mode_t mask = umask(0);
    assert_int_equal(append(d, "a/b/c.jsonl", "1", 1000, 1), 0);
    assert_int_equal(append(d, "a/d.jsonl", "2", 1000, 1), 0);
    assert_int_equal(append(d, "e.jsonl", "3", 1000, 1), 0);
    assert_int_equal(append(d, "a/b/c.jsonl", "4", 1000, 1), 0);
    umask(mask);
    expect_text(d, "a/b/c.jsonl", "1\n4\n");
    expect_text(d, "e.jsonl", "3\n");
    assert_int_equal(mode_of(d, "."), 0700);
    assert_int_equal(mode_of(d, "a/b"), 0700);
    assert_int_equal(mode_of(d, "a/b/c.jsonl"), 0600);
}

static void files_rotate_by_size(void **state)
{
    struct folder *d = *state;
    for (int i = 0; i < 10; i++) {
        char payload[16];
        snprintf(payload, sizeof payload, "%d", i);
        assert_int_equal(append(d, "r", payload, 4, 2), 0);
    }
    expect_text(d, "r", "8\n9\n");
    expect_text(d, "r.1", "6\n7\n");
    expect_text(d, "r.2", "4\n5\n");
    expect_text(d, "r.3", NULL);
    assert_int_equal(append(d, "r", "\"longer than a file may be\"", 4, 2), 0);
    expect_text(d, "r", "\"longer than a file may be\"\n");
    expect_text(d, "r.1", "8\n9\n");
}

static void a_batch_rotates_too(void **state)
{
    struct folder *d = *state;
    struct file_line line[7];
    static const char *const payloads[] = { "0", "1", "x", "2", "3", "4", "5" };
    struct list lines;
    list_init(&lines);
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        line[i] =
            (struct file_line){ .payload = slice_str(payloads[i]), .max_bytes = 4, .max_files = 5 };
        list_push_back(&lines, &line[i].link);
    }
    file_writer_append(d->writer, "r", &lines);
    for (size_t i = 0; i < ARRAY_LEN(line); i++)
        assert_int_equal(line[i].rc, i == 2 ? -EINVAL : 0);
    expect_text(d, "r", "4\n5\n");
    expect_text(d, "r.1", "2\n3\n");
    expect_text(d, "r.2", "0\n1\n");
}

static size_t room;

static ssize_t small_disk(int fd, const void *data, size_t len)
{
    if (room == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (len > room) len = room;
    room -= len;
    return write(fd, data, len);
}

static void half_a_line_is_taken_back(void **state)
{
    struct folder *d = *state;
    assert_int_equal(append(d, "f", "111", 1000, 1), 0);
    file_writer_set_write(small_disk);
    room = 2;
    assert_int_equal(append(d, "f", "222", 1000, 1), -ENOSPC);
    expect_text(d, "f", "111\n");
    room = 100;
    assert_int_equal(append(d, "f", "222", 1000, 1), 0);
    expect_text(d, "f", "111\n222\n");
}

static void the_rest_of_a_batch_is_not_tried(void **state)
{
    struct folder *d = *state;
    struct file_line line[4];
    struct list lines;
    list_init(&lines);
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        line[i] = (struct file_line){ .payload = SLICE_LIT("12"), .max_bytes = 3, .max_files = 9 };
        list_push_back(&lines, &line[i].link);
    }
    file_writer_set_write(small_disk);
    room = 7; /* two lines and a bit */
    file_writer_append(d->writer, "f", &lines);
    assert_int_equal(line[0].rc, 0);
    assert_int_equal(line[1].rc, 0);
    assert_int_equal(line[2].rc, -ENOSPC);
    assert_int_equal(line[3].rc, -ENOSPC);
}

static void a_torn_file_gets_its_line_end(void **state)
{
    struct folder *d = *state;
    assert_int_equal(append(d, "f", "1", 1000, 1), 0);
    char *path = xasprintf("%s/f", d->files);
    FILE *file = fopen(path, "ab");
    fputs("{\"half", file);
    fclose(file);
    free(path);
    assert_int_equal(append(d, "f", "2", 1000, 1), 0);
    expect_text(d, "f", "1\n{\"half\n2\n");
}

static void files_that_go_are_made_again(void **state)
{
    struct folder *d = *state;
    assert_int_equal(append(d, "s/f", "1", 1000, 1), 0);
    char *command = xasprintf("mv %s/s/f %s/s/g", d->files, d->files);
    assert_int_equal(system(command), 0);
    free(command);
    assert_int_equal(append(d, "s/f", "2", 1000, 1), 0);
    expect_text(d, "s/f", "2\n");
    command = xasprintf("rm -r %s/s", d->files);
    assert_int_equal(system(command), 0);
    free(command);
    assert_int_equal(append(d, "s/f", "3", 1000, 1), 0);
    expect_text(d, "s/f", "3\n");
}

static void no_link_is_followed(void **state)
{
    struct folder *d = *state;
    assert_int_equal(append(d, "ok", "1", 1000, 1), 0);
    char *command = xasprintf("cd %s && mkdir ../out && ln -s ../out dir && ln -s ../out/f file && "
                              "mkfifo fifo && mkdir folder && ln -s ../out/g ok.1 && touch plain",
                              d->files);
    assert_int_equal(system(command), 0);
    free(command);
    assert_true(append(d, "dir/f", "1", 1000, 1) < 0);
    assert_int_equal(append(d, "file", "1", 1000, 1), -ELOOP);
    assert_int_equal(append(d, "fifo", "1", 1000, 1), -EACCES);
    assert_int_equal(append(d, "folder", "1", 1000, 1), -EISDIR);
    assert_int_equal(append(d, "plain/f", "1", 1000, 1), -ENOTDIR);
    assert_int_equal(append(d, "ok", "22", 4, 1),
                     0); /* rotation replaces the link, not what it means */
    expect_text(d, "ok", "22\n");
    expect_text(d, "ok.1", "1\n");
    expect_text(d, "../out/f", NULL);
    expect_text(d, "../out/g", NULL);
}

static void only_json_is_written(void **state)
{
    struct folder *d = *state;
    assert_int_equal(append(d, "f", "", 1000, 1), -EINVAL);
    assert_int_equal(append(d, "f", "{", 1000, 1), -EINVAL);
    assert_int_equal(append(d, "f", "1 2", 1000, 1), -EINVAL);
    assert_int_equal(append(d, "f", "[\r\n1]", 1000, 1), 0);
    expect_text(d, "f", "[  1]\n");
}

static void the_root_needs_its_parent(void **state)
{
    struct folder *d = *state;
    char *root = xasprintf("%s/no/such", d->root);
    struct file_writer *writer =
        file_writer_create(&(struct file_writer_opts){ .root = root, .max_open = 2 });
    struct folder other = { .writer = writer };
    assert_int_equal(append(&other, "f", "1", 1000, 1), -ENOENT);
    file_writer_destroy(writer);
    free(root);
}

static void paths_are_checked(void **state)
{
    static const struct {
        const char *path;
        bool fine;
    } paths[] = {
        { "a", true },
        { "a/b/c.d", true },
        { "...", true },
        { ".hidden", true },
        { "a b/\xc3\xa4", true },
        { "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", true },
        { "", false },
        { "/", false },
        { "/a", false },
        { "a/", false },
        { "a//b", false },
        { ".", false },
        { "..", false },
        { "a/..", false },
        { "a/./b", false },
        { "a/../b", false },
        { "a\x01", false },
        { "a\x7f", false },
        { "\xff", false },
        { "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", false },
    };
    const char *why;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_int_equal(file_path_check(slice_str(paths[i].path), &why),
                         paths[i].fine ? 0 : -EINVAL);
    char longer[2000];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(file_path_check(slice_of(longer, 240), &why), 0);
    assert_int_equal(file_path_check(slice_of(longer, 241), &why), -EINVAL);
    assert_int_equal(file_path_check(slice_of(longer, sizeof longer), &why), -EINVAL);
    assert_int_equal(file_path_check(slice_of("a\0b", 3), &why), -EINVAL);
}

/* ---- the manual ---- */

static char *slurp(const char *path)
{
    struct folder d = { .files = (char *)"" };
    return text_of(&d, path);
}

/* THINGD_TEST_UPDATE=1 in the environment writes the page instead. */
static void the_manual_is_as_printed(void **state)
{
    struct buf page = { 0 };
    char *path = xasprintf("%s/../../docs/manual/actions.md", TEST_GOLDEN);
    rules_print_manual(&page);
    if (getenv("THINGD_TEST_UPDATE")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(page.data, 1, page.len, file);
        fclose(file);
    }
    char *text = slurp(path);
    assert_non_null(text);
    assert_string_equal(text, buf_str(&page));
    free(text);
    free(path);
    buf_deinit(&page);
}

int main(void)
{
#define W(name) cmocka_unit_test_setup_teardown(name, open_folder, close_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(headers_have_their_limits),
        W(lines_go_into_folders_of_their_own),
        W(files_rotate_by_size),
        W(a_batch_rotates_too),
        W(half_a_line_is_taken_back),
        W(the_rest_of_a_batch_is_not_tried),
        W(a_torn_file_gets_its_line_end),
        W(files_that_go_are_made_again),
        W(no_link_is_followed),
        W(only_json_is_written),
        W(the_root_needs_its_parent),
        cmocka_unit_test(paths_are_checked),
        cmocka_unit_test(the_manual_is_as_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
