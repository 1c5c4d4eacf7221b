#!/usr/bin/env python3
"""Prints src/api/operations_tbl.h from the service models of an installed botocore.

Run by hand when AWS has new operations: operations_tbl.py > operations_tbl.h. The build uses the
committed table only.
"""

import botocore.session

SERVICES = (("iot", "IOT"), ("iot-data", "IOTDATA"), ("iot-jobs-data", "JOBS"))
HEAD = """\
/* operations_tbl.h — every operation of the service models iot, iot-data and iot-jobs-data: method, path,
 * name, service. Printed by operations_tbl.py; not edited. What routes.c does not have is answered 501. */

"""


def rows():
    session = botocore.session.get_session()
    for service, ours in SERVICES:
        model = session.get_service_model(service)
        for name in sorted(model.operation_names):
            http = model.operation_model(name).http
            path = http["requestUri"].split("?")[0].rstrip("/") or "/"
            yield f'OPERATION({http["method"]}, "{path}", "{name}", {ours})'


def main():
    print("/* clang-format off */")
    print(HEAD + "\n".join(rows()))


if __name__ == "__main__":
    main()
