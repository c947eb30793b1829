"""Status report: the status file, built from the configuration and the supervisor's processes."""

import os
import signal
from collections.abc import Iterable, Iterator

from shared.values.clock import ClockUnreadable
from tools.devstack import orphans, status
from tools.devstack.configuration import Configuration
from tools.devstack.services import MONITORING
from tools.devstack.status import ProcessStatus, Status
from tools.devstack.supervisor import ManagedProcess


def write(configuration: Configuration, children: Iterable[ManagedProcess], ready: list[bool]) -> None:
    """Write the status file; `ready` is the last readiness of each service process, in the configuration's order."""
    kafka, inbox_url = configuration.kafka, configuration.inbox_url
    apis = {service.name: configuration.api(service.name) for service in configuration.options.services}
    current = Status(
        supervisor=orphans.identity("ieum", os.getpid(), signal.SIGTERM),
        kafka={"bootstrap": kafka.bootstrap, "kind": kafka.kind, "brokers": kafka.brokers},
        databases=configuration.databases(),
        owners=configuration.owners(),
        audit=configuration.audit(),
        apis={name: url for name, url in apis.items() if url},
        board=apis.get(MONITORING),
        inbox={"mail": f"{inbox_url}/mails", "sms": f"{inbox_url}/sms", "smtp": configuration.smtp},
        business_date=_business_date(configuration),
        business_clock_file=str(configuration.clock.file) if configuration.clock else None,
        processes=list(_processes(configuration, children, ready)),
    )
    status.write(configuration.state, current)


def _business_date(configuration: Configuration) -> str | None:
    """Return the date at which the business clock stands, or why its file cannot be read; None for real time."""
    try:
        date = configuration.business_date
    except ClockUnreadable as error:
        return str(error)
    return date.isoformat() if date else None


def _processes(
    configuration: Configuration, children: Iterable[ManagedProcess], ready: list[bool]
) -> Iterator[ProcessStatus]:
    planned = {
        process.name: (process, is_ready)
        for process, is_ready in zip(configuration.processes, ready, strict=True)
    }
    for child in children:
        name, pid = child.program.name, child.process.pid
        if name in planned:
            process, is_ready = planned[name]
            service, roles, port = process.service.name, [*process.roles], process.port
            yield ProcessStatus(name, service, roles, pid, port, child.restarts, is_ready)
        else:
            yield ProcessStatus(name, name, [], pid, None, child.restarts, None)
