"""Test cases for `promtool test rules`: the series that make each alert fire, and those that just do not."""

from typing import Any

Series = dict[str, str]  # name with labels -> values, one every 15 s ("1x8": one, and eight times more)
Labels = dict[str, str]

ALL_TIME = "x60"

# alert -> (series, the labels of the alerts that fire after ten minutes)
CASES: dict[str, tuple[Series, list[Labels]]] = {
    "IeumNotReady": (
        {
            'up{job="ieum", instance="dead"}': f"0{ALL_TIME}",
            'up{job="ieum", instance="blinks"}': "1x6 0x6 1x6 0x6 1x6 0x6 1x6 0x6",
            'up{job="ieum", instance="fine"}': f"1{ALL_TIME}",
            'up{job="other", instance="none of ours"}': f"0{ALL_TIME}",
            'ieum_role_ready{service="funding", role="relay"}': f"0{ALL_TIME}",
            'ieum_role_ready{service="funding", role="api"}': f"1{ALL_TIME}",
            'ieum_database_up{service="funding"}': f"0{ALL_TIME}",
        },
        [
            {"job": "ieum", "instance": "dead"},
            {"service": "funding", "role": "relay"},
            {"service": "funding"},
        ],
    ),
    "IeumOutboxNotPublished": (
        {
            'ieum_outbox_oldest_seconds{service="funding", instance="api"}': f"0+15{ALL_TIME}",
            'ieum_outbox_oldest_seconds{service="funding", instance="relay"}': f"0+15{ALL_TIME}",
            'ieum_outbox_oldest_seconds{service="monitoring"}': f"60{ALL_TIME}",
        },
        [{"service": "funding"}],
    ),
    "IeumFallenBehind": (
        {
            'ieum_lag_seconds{service="monitoring", role="projector"}': f"0+15{ALL_TIME}",
            'ieum_lag_seconds{service="monitoring", role="consumer"}': f"120{ALL_TIME}",
        },
        [{"service": "monitoring", "role": "projector"}],
    ),
    "IeumLineStopped": (
        {
            'ieum_line_stopped{service="funding"}': f"1{ALL_TIME}",
            'ieum_line_stopped{service="monitoring"}': f"0{ALL_TIME}",
        },
        [{"service": "funding"}],
    ),
    "IeumDeadLetters": (
        {
            'ieum_dead_letters_newest_seconds{service="funding"}': f"0+15{ALL_TIME}",
            'ieum_dead_letters_newest_seconds{service="monitoring"}': f"3600+15{ALL_TIME}",
            'ieum_dead_letters_newest_seconds{service="notifications"}': " ".join(["NaN"] * 60),
        },
        [{"service": "funding"}],
    ),
    "IeumParkedTooLong": (
        {
            'ieum_parked_oldest_seconds{service="funding"}': f"43201{ALL_TIME}",
            'ieum_parking_limit_seconds{service="funding"}': f"86400{ALL_TIME}",
            'ieum_parked_oldest_seconds{service="monitoring"}': f"43200{ALL_TIME}",
            'ieum_parking_limit_seconds{service="monitoring"}': f"86400{ALL_TIME}",
        },
        [{"service": "funding"}],
    ),
    "IeumMessagesNotLeaving": (
        {
            'ieum_channel_down{channel="email"}': f"1{ALL_TIME}",
            'ieum_channel_down{channel="sms"}': f"0{ALL_TIME}",
            'ieum_messages_oldest_seconds{channel="sms"}': f"900{ALL_TIME}",
            'ieum_messages_oldest_seconds{channel="post"}': f"901{ALL_TIME}",
            'ieum_messages_total{channel="sms", state="unknown"}': f"3{ALL_TIME}",
            'ieum_messages_total{channel="fax", state="unknown"}': f"0 1{ALL_TIME}",
            'ieum_messages_total{channel="sms", state="sent"}': f"0+10{ALL_TIME}",
        },
        [{"channel": "email"}, {"channel": "post"}, {"channel": "fax", "state": "unknown"}],
    ),
    "IeumPaymentUnconfirmed": (
        {
            'ieum_payments_open{state="unconfirmed"}': f"2{ALL_TIME}",
            'ieum_payments_open{state="awaited"}': f"9{ALL_TIME}",
        },
        [{}],
    ),
    "IeumProgrammeInDanger": (
        {
            'ieum_programme_state{programme="jeonbuk", state="danger"}': f"1{ALL_TIME}",
            'ieum_programme_state{programme="gimcheon", state="warning"}': f"1{ALL_TIME}",
        },
        [{"programme": "jeonbuk"}],
    ),
}


def promtool_tests(rules_file: str, rules: dict[str, Any]) -> dict[str, Any]:
    """Build one test an alert: at first only rules without `for` fire, after ten minutes every expected alert does."""
    return {
        "rule_files": [rules_file],
        "evaluation_interval": "15s",
        "tests": [_test(name, *case, rules[name]) for name, case in CASES.items()],
    }


def _test(name: str, series: Series, firing: list[Labels], rule: dict[str, Any]) -> dict[str, Any]:
    severity = rule["labels"]["severity"]
    fires = f'ALERTS{{alertname="{name}", alertstate="firing"}}'  # without the annotations' words
    labels = [
        "ALERTS{" + ", ".join(f'{k}="{v}"' for k, v in sorted(_labels(name, severity, alert).items())) + "}"
        for alert in firing
    ]
    at_once = [] if "for" in rule else [{"labels": f'{{severity="{severity}"}}', "value": len(firing)}]
    return {
        "name": name,
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": f"count by (severity) ({fires})", "eval_time": "15s", "exp_samples": at_once},
            {
                "expr": fires,
                "eval_time": "10m",
                "exp_samples": [{"labels": alert, "value": 1} for alert in labels],
            },
        ],
    }


def _labels(name: str, severity: str, more: Labels) -> Labels:
    return {"alertname": name, "alertstate": "firing", "severity": severity, **more}
