"""MQTT users: files of mosquitto_passwd, passwords that are asked for, what a change does to connections, the line for
fail2ban; and that no secret is where others can read it."""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess

import pytest

from hublib import HOST, TIMEOUT, Closed, mosq_pub, run
from test_websocket_login import InHeader, InQuery, sign
from wslib import Refused, Ws

FILTER = pathlib.Path(__file__).parents[2] / "packaging/fail2ban/filter.d/thingd.conf"
RIGHT, WRONG = "correct horse battery", "a wrong guess of it"
# by the reference implementation, with the costs and lengths of mosquitto 2.1; of "correct horse"
ARGON2ID = ("$argon2id$v=19$m=47104,t=1,p=1$AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5"
            "Ojs8PT4/QA$OA7V0UY394ix4NfQLEzmE5/xxLfkHOtK4dAGcboYvabXygk/bpyGQGCBVpthId92Z4MRoNS/NO0V82NNafhk6A")


def user_words(name, password):
    return ("-u", name, "-P", password)


def may_publish(hub, name, password):
    return mosq_pub(hub, "t", "x", qos=1, extra=user_words(name, password), check=False).returncode == 0


# ---- files of mosquitto_passwd


@pytest.mark.skipif(not shutil.which("mosquitto_passwd"), reason="mosquitto_passwd is not installed")
def test_files_of_mosquitto_passwd(hub, name, tmp_path):
    files = {"sha512": tmp_path / "old", "sha512-pbkdf2": tmp_path / "new"}
    for kind, file in files.items():
        run("mosquitto_passwd", "-H", kind, "-c", "-b", file, f"{name}-{kind}", RIGHT)
        run("mosquitto_passwd", "-H", kind, "-b", file, f"{name}-{kind}-2", RIGHT)
        assert hub.cli("user", "import", file).stdout == "2 users added, 0 updated\n"
        rehashed = hub.metric("users_rehashed_total")
        assert not may_publish(hub, f"{name}-{kind}", WRONG)
        assert may_publish(hub, f"{name}-{kind}", RIGHT)
        hub.eventually(lambda before=rehashed: hub.metric("users_rehashed_total") == before + 1, "another hash")
        assert may_publish(hub, f"{name}-{kind}", RIGHT)
        assert hub.metric("users_rehashed_total") == rehashed + 1
    file = tmp_path / "argon2id"
    file.write_text(f"{name}-argon2id:{ARGON2ID}\n")
    hub.cli("user", "import", file)
    assert may_publish(hub, f"{name}-argon2id", "correct horse")


def test_an_import_is_whole(hub, name):
    text = f"# ours\n{name}-a:{ARGON2ID}\n{name}-b:plain\n{name} c:{ARGON2ID}\n"
    told = hub.cli("user", "import", "-", stdin=text, check=False)
    assert told.returncode == 1 and "nothing was imported" in told.stderr
    assert f"user '{name}-b': the hash is of no known format" in told.stderr
    assert f"user '{name} c': a name has" in told.stderr
    hub.cli("user", "import", "-", stdin=f"{name}-a:{ARGON2ID}\n")
    assert "is there already" in hub.cli("user", "import", "-", stdin=f"{name}-a:{ARGON2ID}\n", check=False).stderr
    plain = hub.cli("user", "import", "--plain", "--update", "-", stdin=f"{name}-a:{RIGHT}\n{name}-d:{RIGHT}\n")
    assert plain.stdout == "1 users added, 1 updated\n"
    assert may_publish(hub, f"{name}-a", RIGHT) and may_publish(hub, f"{name}-d", RIGHT)


# ---- passwords that are no arguments


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, hub, *words):
        self.fd, theirs = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen([hub.program, "-d", str(hub.dir), *words], stdin=theirs, stderr=theirs,
                                        stdout=subprocess.PIPE, env=hub.environment(), text=True)
        os.close(theirs)

    def answer(self, question, line):
        while question not in self.text:
            self.text += os.read(self.fd, 4096).decode()
        self.text = ""
        os.write(self.fd, f"{line}\n".encode())

    def end(self):
        out, _ = self.process.communicate(timeout=TIMEOUT)
        try:
            while chunk := os.read(self.fd, 4096):
                self.text += chunk.decode()
        except OSError:  # the other side is closed
            pass
        os.close(self.fd)
        return self.process.returncode, out


def test_the_terminal_is_asked_twice(hub, name):
    terminal = Terminal(hub, "user", "add", name)
    terminal.answer("password", RIGHT)
    terminal.answer("once more", RIGHT)
    assert terminal.end() == (0, f"user {name} added\n")
    assert RIGHT not in terminal.text
    assert may_publish(hub, name, RIGHT)

    terminal = Terminal(hub, "user", "add", name)
    terminal.answer("password", "one")
    terminal.answer("once more", "other")
    assert terminal.end() == (1, "")
    assert "are not the same" in terminal.text
    assert may_publish(hub, name, RIGHT)

    terminal = Terminal(hub, "user", "add", name)
    terminal.answer("password", "")
    code, out = terminal.end()
    assert code == 0
    assert may_publish(hub, name, re.search(r"password +(\S+)", out)[1])


def test_a_password_as_an_argument_is_refused(hub, name):
    for words in (("-b", name, RIGHT), (name, RIGHT)):
        told = hub.cli("user", "add", *words, check=False)
        assert told.returncode == 2 and "can be read by every user of this host" in told.stderr
    assert not may_publish(hub, name, RIGHT)


def test_passwords_leave_the_list_of_processes(hub, name):
    hub.cli("user", "add", name, "--password-stdin", stdin=RIGHT)
    secret = RIGHT.replace(" ", "%20")
    for words in (("-u", name, "-P", RIGHT), ("-u", name, f"--pw={RIGHT}"),
                  ("-L", f"mqtt://{name}:{secret}@{HOST}:{hub.port('mqtt')}/t")):
        where = ("-t", "t") if "-L" in words else ("-t", "t", "-h", HOST, "-p", str(hub.port("mqtt")))
        process = subprocess.Popen([hub.program, "-d", str(hub.dir), "sub", "-i", name, *where, *words],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=hub.environment())
        try:
            hub.eventually(lambda: "xxxxx" in pathlib.Path(f"/proc/{process.pid}/cmdline").read_text(), "it is hidden")
            line = pathlib.Path(f"/proc/{process.pid}/cmdline").read_text()
            assert RIGHT not in line and secret not in line and "sub" in line
        finally:
            process.terminate()
            process.wait(TIMEOUT)


# ---- changes reach connections


@pytest.mark.parametrize("change", [
    ("user", "disable"), ("user", "delete"), ("user", "add", "--password-stdin")], ids=lambda words: words[1])
def test_a_change_ends_connections(hub, name, change):
    for user in (name, f"{name}-other"):
        hub.cli("user", "add", user, "--password-stdin", stdin=RIGHT)
    with hub.mqtt(name, username=name, password=RIGHT) as client, \
            hub.mqtt(f"{name}-other", username=f"{name}-other", password=RIGHT) as other:
        hub.cli(*change[:2], name, *change[2:], stdin="another password")
        client.wait_gone()
        other.fence()
    assert not may_publish(hub, name, RIGHT)
    if change[1] == "disable":
        hub.cli("user", "enable", name)
        assert may_publish(hub, name, RIGHT)


def test_keys_and_tokens_can_be_disabled(hub):
    token = json.loads(hub.cli("token", "create", "--admin", "--json").stdout)
    assert hub.request("GET", "/things", token=token["token"]).status_code == 200
    hub.cli("token", "disable", token["tokenId"])
    assert hub.request("GET", "/things", token=token["token"]).status_code == 403
    hub.cli("token", "enable", token["tokenId"])
    assert hub.request("GET", "/things", token=token["token"]).status_code == 200
    key = json.loads(hub.cli("key", "create", "--admin", "--json").stdout)
    iot = hub.boto3("iot", key=key["accessKeyId"], secret=key["secretAccessKey"])
    iot.list_things()
    hub.cli("key", "disable", key["accessKeyId"])
    with pytest.raises(iot.exceptions.ClientError, match="UnrecognizedClientException"):
        iot.list_things()


# ---- delays, and fail2ban


def failregexes():
    text = re.search(r"^failregex = (.*?)^ignoreregex", FILTER.read_text(), re.MULTILINE | re.DOTALL)[1]
    return [re.compile(line.strip().replace("<ADDR>", r"(?P<ip>[0-9a-fA-F:.]+)")) for line in text.splitlines() if line]


def banned(line):
    """The address that fail2ban takes from a line; it cuts the time out first."""
    rest = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "", line)
    for regex in failregexes():
        if found := regex.search(rest):
            return found["ip"]
    return None


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_failures_are_delayed_and_told_to_fail2ban(make_hub, name, log_format):
    hub = make_hub(sets=[f"log.format={log_format}", "auth.delay=1h", "auth.max_delay=2h"])
    if log_format == "json":
        hub.start()
    else:
        hub.spawn()
        hub.ready = dict(re.findall(r"(\w+)=(\d+)", hub.wait_line("app: ready")))
        hub.admin = json.loads((hub.dir / "admin.json").read_text())
    hub.cli("user", "add", name, "--password-stdin", stdin=RIGHT)
    forged = 'x" peer=192.0.2.1 reason="wrong password'
    for user, password in ((name, WRONG), ("nobody", RIGHT), (forged, WRONG)):
        mark = hub.mark()
        assert not may_publish(hub, user, password)
        line = hub.wait_line("credential refused", since=mark)
        assert banned(line) == HOST, line
    for _ in range(3):
        assert not may_publish(hub, name, WRONG)
    mark = hub.mark()
    assert not may_publish(hub, name, RIGHT)
    line = hub.wait_line("too many failures", since=mark)
    assert banned(line) == HOST, line
    assert hub.metric("logins_delayed_total") == 1
    assert not [line for line in hub.all_lines() if "credential refused" not in line and banned(line)]
    if log_format == "text":
        assert banned("host thingd[7]: auth: credential refused kind=user peer=2001:db8::1 name=a "
                      'reason="unknown user"') == "2001:db8::1"


# ---- nothing secret in the log


def test_no_secret_is_logged(make_hub, name):
    hub = make_hub(sets=["log.level=trace"]).start()
    secrets = [RIGHT, WRONG, "new words for all", ARGON2ID, hub.admin["token"], hub.admin["secretAccessKey"]]
    hub.cli("user", "add", name, "--password-stdin", stdin=RIGHT)
    hub.request("POST", "/hub/users", token=hub.admin["token"],
                json={"userName": f"{name}-2", "password": "new words for all"})
    hub.request("POST", "/hub/users", token=hub.admin["token"], json={"userName": "b a d", "password": WRONG})
    hub.request("POST", "/hub/users/import", token=hub.admin["token"],
                json={"users": [{"userName": f"{name}-3", "passwordHash": ARGON2ID}]})
    for password in (RIGHT, WRONG):
        may_publish(hub, name, password)
        may_publish(hub, "nobody", password)
    hub.request("GET", "/things", token="thd_no_such_token_of_this_hub")
    secrets.append("thd_no_such_token_of_this_hub")
    made = json.loads(hub.cli("token", "create", "--json").stdout)["token"]
    hub.request("GET", "/things", token=made)
    secrets.append(made)
    hub.boto3("iot").list_things()
    for kind in (InHeader, InQuery):
        for secret in (None, "wrong" * 8):
            signed = sign(hub, kind, secret=secret)
            secrets += re.findall(r"Signature=([0-9a-f]{64})", str(signed))
            try:
                with Ws(hub, "https", **signed) as client:
                    client.connect(f"{name}-{kind.__name__}")
            except (Refused, Closed):
                pass
    hub.terminate()
    text = "\n".join(hub.all_lines())
    assert len(secrets) == 12 and "credential refused" in text
    assert not [secret for secret in secrets if secret in text]
