/* Unit tests of sd_notify: a datagram socket stands in for the service manager. */
#include "base/clock.h"
#include "base/sd_notify.h"
#include "lib/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t fixed_mono(void)
{
    return 1234567000;
}

static int64_t fixed_real(void)
{
    return 0;
}

static int manager_open(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(name);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void expect(int fd, const char *text)
{
    char got[1024];
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(len >= 0);
    got[len] = '\0';
    assert_string_equal(got, text);
}

static void says_everything(int fd)
{
    static const struct clock_source fixed = { fixed_real, fixed_mono };
    assert_int_equal(sd_notify_ready(), 1);
    expect(fd, "READY=1");
    clock_set_source(&fixed);
    assert_int_equal(sd_notify_reloading(), 1);
    clock_set_source(NULL);
    expect(fd, "RELOADING=1\nMONOTONIC_USEC=1234567");
    assert_int_equal(sd_notify_stopping(), 1);
    expect(fd, "STOPPING=1");
    assert_int_equal(sd_notify_watchdog(), 1);
    expect(fd, "WATCHDOG=1");
    assert_int_equal(sd_notify_status("%d clients\nREADY=1", 7), 1);
    expect(fd, "STATUS=7 clients READY=1");
}

static void sends_to_a_path(void **state)
{
    char dir[] = "/tmp/thingd-notify-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    int fd = manager_open(path);
    says_everything(fd);
    close(fd);
    assert_int_equal(sd_notify_ready(), -ECONNREFUSED);
    unlink(path);
    assert_int_equal(sd_notify_ready(), -ENOENT);
    rmdir(dir);
}

static void sends_to_an_abstract_name(void **state)
{
    char name[64];
    snprintf(name, sizeof name, "@thingd-notify-%d", (int)getpid());
    int fd = manager_open(name);
    says_everything(fd);
    close(fd);
}

static void cuts_a_long_status(void **state)
{
    char name[64], *text = malloc(2001);
    assert_non_null(text);
    memset(text, 'x', 2000);
    text[2000] = '\0';
    snprintf(name, sizeof name, "@thingd-status-%d", (int)getpid());
    int fd = manager_open(name);
    assert_int_equal(sd_notify_status("%s", text), 1);
    char got[1024];
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 7 + 500);
    close(fd);
    free(text);
}

static void is_silent_without_a_manager(void **state)
{
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(sd_notify_ready(), 0);
    setenv("NOTIFY_SOCKET", "", 1);
    assert_int_equal(sd_notify_ready(), 0);
    setenv("NOTIFY_SOCKET", "relative", 1);
    assert_int_equal(sd_notify_ready(), -EINVAL);
    setenv("NOTIFY_SOCKET", "@", 1);
    assert_int_equal(sd_notify_ready(), -EINVAL);
    setenv("NOTIFY_SOCKET", longer, 1);
    assert_int_equal(sd_notify_ready(), -ENAMETOOLONG);
    unsetenv("NOTIFY_SOCKET");
}

static void watchdog_interval(void **state)
{
    char self[16];
    snprintf(self, sizeof self, "%d", (int)getpid());
    const struct {
        const char *usec, *pid;
        int64_t ms;
    } rows[] = {
        { NULL, NULL, 0 },
        { "30000000", NULL, 15000 },
        { "30000000", self, 15000 },
        { "30000000", "1", 0 },
        { "30000000", "x", 0 },
        { "x", self, 0 },
        { "0", NULL, 0 },
        { "-5", NULL, 0 },
        { "10", NULL, 1 },
        { "99999999999999999999", NULL, 0 },
        { "", "", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (rows[i].usec) setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid) setenv("WATCHDOG_PID", rows[i].pid, 1);
        assert_int_equal(sd_watchdog_interval_ms(), rows[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_to_a_path),    cmocka_unit_test(sends_to_an_abstract_name),
        cmocka_unit_test(cuts_a_long_status), cmocka_unit_test(is_silent_without_a_manager),
        cmocka_unit_test(watchdog_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
