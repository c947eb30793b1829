"""Writes what runs into the state folder, from the layout and the supervisor's children."""

import os
import signal
from collections.abc import Iterable, Iterator

from tools.devstack import orphans, status
from tools.devstack.configuration import Layout
from tools.devstack.services import MONITORING
from tools.devstack.status import ProcessStatus, Status
from tools.devstack.supervisor import Child


def write(layout: Layout, children: Iterable[Child], ready: list[bool]) -> None:
    """Write the status file; `ready` is what each service process of the layout said last, in its order."""
    kafka, date = layout.kafka, layout.options.business_date
    apis = {one.name: layout.api(one.name) for one in layout.options.services}
    now = Status(
        supervisor=orphans.identified("ieum", os.getpid(), signal.SIGTERM),
        kafka={"bootstrap": kafka.bootstrap, "kind": kafka.kind, "brokers": kafka.brokers},
        databases=layout.databases(),
        owners=layout.owners(),
        apis={name: url for name, url in apis.items() if url},
        board=apis.get(MONITORING),
        inbox={"mail": f"{layout.inbox_url}/mails", "sms": f"{layout.inbox_url}/sms", "smtp": layout.smtp},
        business_date=date.isoformat() if date else None,
        processes=list(_processes(layout, children, ready)),
    )
    status.write(layout.state, now)


def _processes(layout: Layout, children: Iterable[Child], ready: list[bool]) -> Iterator[ProcessStatus]:
    ours = {one.name: (one, is_ready) for one, is_ready in zip(layout.processes, ready, strict=True)}
    for child in children:
        name, pid = child.program.name, child.process.pid
        if name in ours:
            one, is_ready = ours[name]
            yield ProcessStatus(name, one.service.name, [*one.roles], pid, one.port, child.restarts, is_ready)
        else:
            yield ProcessStatus(name, name, [], pid, None, child.restarts, None)
