"""The pages of docs/ with the statements of MQTT: each statement once, each test there and naming its statement."""
import os
import re

# A page for each version, with Appendix B of its standard: how many statements a section has.
PAGES = {
    "docs/mqtt-conformance.md": {
        "sections": {
            "1.5.3": 3, "2.2.2": 2, "2.3.1": 7, "3.1.0": 2, "3.1.2": 24, "3.1.3": 11, "3.1.4": 5, "3.2.0": 1,
            "3.2.2": 6, "3.3.1": 12, "3.3.2": 3, "3.3.4": 1, "3.3.5": 2, "3.6.1": 1, "3.8.1": 1, "3.8.3": 3,
            "3.8.4": 6, "3.9.3": 2, "3.10.1": 1, "3.10.3": 2, "3.10.4": 6, "3.12.4": 1, "3.14.1": 1, "3.14.4": 3,
            "4.1.0": 2, "4.3.1": 1, "4.3.2": 2, "4.3.3": 2, "4.4.0": 1, "4.5.0": 2, "4.6.0": 6, "4.7.1": 3,
            "4.7.2": 1, "4.7.3": 4, "4.8.0": 2, "6.0.0": 4, "7.0.0": 2, "7.1.1": 1, "7.1.2": 1,
        },
        "more": {"MQTT-3-8.3-4"},  # as the standard writes it
        "left out": set(),
    },
    "docs/mqtt5-conformance.md": {
        "sections": {
            "1.5.4": 3, "1.5.5": 1, "1.5.7": 1, "2.1.3": 1, "2.2.1": 6, "2.2.2": 1, "3.1.0": 2, "3.1.2": 30,
            "3.1.3": 12, "3.1.4": 6, "3.2.0": 2, "3.2.2": 22, "3.3.1": 13, "3.3.2": 20, "3.3.4": 10, "3.4.2": 3,
            "3.5.2": 3, "3.6.1": 1, "3.6.2": 3, "3.7.2": 3, "3.8.1": 1, "3.8.3": 5, "3.8.4": 8, "3.9.2": 2,
            "3.9.3": 2, "3.10.1": 1, "3.10.3": 2, "3.10.4": 6, "3.11.2": 2, "3.11.3": 2, "3.12.4": 1, "3.14.0": 1,
            "3.14.1": 1, "3.14.2": 4, "3.14.4": 3, "3.15.1": 1, "3.15.2": 3, "4.1.0": 2, "4.2.0": 1, "4.3.1": 1,
            "4.3.2": 5, "4.3.3": 13, "4.4.0": 2, "4.5.0": 2, "4.6.0": 6, "4.7.0": 1, "4.7.1": 2, "4.7.2": 1,
            "4.7.3": 4, "4.8.2": 6, "4.9.0": 3, "4.12.0": 7, "4.12.1": 2, "4.13.1": 1, "4.13.2": 1, "6.0.0": 4,
        },
        "more": set(),
        "left out": {"MQTT-2.2.1-1"},
    },
}
DUTIES = {"server", "client", "both", "none"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def statements_of(page):
    counted = {f"MQTT-{section}-{n}" for section, count in page["sections"].items() for n in range(1, count + 1)}
    return (counted | page["more"]) - page["left out"]


def rows(text):
    """(line number, statement, duty, cell of the tests) of each row of the tables."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("| MQTT-"):
            statement, _, duty, tests = (cell.strip() for cell in line.strip("|").split("|"))
            yield number, statement, duty, tests


def region_c(text, name):
    """The function with the comment above it."""
    found = re.search(rf"^static void {name}\(void \*\*state\)$", text, re.M)
    if not found:
        return None
    begin = text.rfind("\n}\n", 0, found.start()) + 3
    return text[max(begin, 0):text.index("\n}\n", found.end())]


def region_python(text, name):
    found = re.search(rf"^def {name}\(", text, re.M)
    if not found:
        return None
    end = re.search(r"\n[^\s)\]#]", text[found.end():])
    return text[found.start():found.end() + end.start() if end else len(text)]


def named_by(root, test):
    """The text that should name a test's statements; None when there is no such test."""
    path, _, name = test.partition("::")
    full = os.path.join(root, "tests", path)
    if not os.path.exists(full):
        return None
    text = read(full)
    region = (region_python if path.endswith(".py") else region_c)(text, name)
    if region is None:
        return None
    tables = re.findall(r'^#include "(\w+_tbl\.h)"$', text, re.M)
    return region + "".join(read(os.path.join(os.path.dirname(full), table)) for table in tables)


def check_tests(root, where, statement, tests, errors):
    for test in tests:
        text = named_by(root, test)
        if text is None:
            errors.append(f"{where}: there is no test {test}")
        elif not re.search(rf"{re.escape(statement)}(?!\d)", text):
            errors.append(f"{where}: {test} does not name it")


def check_page(root, path, page, errors):
    statements = statements_of(page)
    seen = set()
    for number, statement, duty, cell in rows(read(os.path.join(root, path))):
        where = f"{path}:{number}: {statement}"
        tests = re.findall(r"`([^`]+)`", cell)
        if statement not in statements:
            errors.append(f"{where} is no statement of the standard")
        if statement in seen:
            errors.append(f"{where} stands here twice")
        seen.add(statement)
        if duty not in DUTIES:
            errors.append(f"{where}: whose duty is {duty}?")
        if not tests and (cell != "–" or duty in ("server", "both")):
            errors.append(f"{where} has no test")
        check_tests(root, where, statement, tests, errors)
    errors.extend(f"{path}: {statement} is missing" for statement in sorted(statements - seen))


def check(root, errors):
    for path, page in PAGES.items():
        check_page(root, path, page, errors)
