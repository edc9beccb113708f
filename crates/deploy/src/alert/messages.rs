//! Alerts on messages.

use super::{
    Alert, Severity, TriageStep,
    series::{
        ABOVE, AT_MOST,
        Level::Number,
        Values::{Constant, Growth},
    },
};

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "OutboxOld",
        required_metrics: &["outbox_oldest_message_seconds"],
        expression: "max by (namespace, job) ($outbox_oldest_message_seconds) > %",
        threshold: 120.0,
        for_duration: "2m",
        severity: Severity::Page,
        summary: "does not publish its stored events",
        meaning: "An event waits in the outbox for longer than the threshold. The service stores changes, and other services do not receive them.",
        causes: &[
            "The broker is down: the relay publishes the events when it returns.",
            "No replica runs a relay: the log has the reason.",
            "The broker rejects an event: the log of the relay names it.",
        ],
        triage: &[
            TriageStep::Command(
                "outbox status",
                "the number of pending events and the age of the oldest",
            ),
            TriageStep::Admin("/breakers", "whether the broker rejects calls"),
            TriageStep::Open("/readyz", "the health check of the broker"),
        ],
        fires: &[(
            "$outbox_oldest_message_seconds{instance=\"a\"}",
            Constant(ABOVE),
        )],
        silent: &[
            &[(
                "$outbox_oldest_message_seconds{instance=\"a\"}",
                Constant(AT_MOST),
            )],
            &[],
        ],
    },
    Alert {
        name: "OutboxDeadLetters",
        required_metrics: &["outbox_dead_letter_messages"],
        expression: "max by (namespace, job) ($outbox_dead_letter_messages) > %",
        threshold: 0.0,
        for_duration: "1m",
        severity: Severity::Ticket,
        summary: "has events that the broker rejected permanently",
        meaning: "The broker rejected an event permanently. It stays in the outbox until an operator publishes it again or removes it.",
        causes: &[
            "The event is larger than the broker accepts: raise the limit of the broker, or remove the event with `kubectl exec deployment/NAME -- /service outbox discard SEQUENCE --config /etc/NAME`.",
            "The topic does not exist, or the service may not publish to it. After a correction at the broker, run `kubectl exec deployment/NAME -- /service outbox retry --all --config /etc/NAME`.",
        ],
        triage: &[
            TriageStep::Command("outbox list", "the events and the responses of the broker"),
            TriageStep::Command("outbox status", "the number of dead letters"),
        ],
        fires: &[(
            "$outbox_dead_letter_messages{instance=\"a\"}",
            Constant(ABOVE),
        )],
        silent: &[
            &[(
                "$outbox_dead_letter_messages{instance=\"a\"}",
                Constant(AT_MOST),
            )],
            &[],
        ],
    },
    Alert {
        name: "DeadLetters",
        required_metrics: &["messages_dead_lettered_total"],
        expression: "sum by (namespace, job, group) (increase($messages_dead_lettered_total[15m])) > %",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "could not handle messages of the group {{ $labels.group }}",
        meaning: "A message was dead-lettered after its last attempt. Its effect is missing until an operator replays it.",
        causes: &[
            "A bug or a changed message format: the dead letter has the error. Deploy a fix, then replay the messages.",
            "A dependency that was down for longer than all attempts. When it is up, run `kubectl exec deployment/NAME -- /service dead-letters replay --group GROUP --config /etc/NAME`.",
        ],
        triage: &[
            TriageStep::Command(
                "dead-letters list",
                "the messages, their reasons and their errors",
            ),
            TriageStep::Admin("/breakers", "dependencies of the handler"),
        ],
        fires: &[(
            "$messages_dead_lettered_total{instance=\"a\",group=\"mail\",reason=\"rejected\"}",
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$messages_dead_lettered_total{instance=\"a\",group=\"mail\",reason=\"rejected\"}",
                Constant(Number(5)),
            )],
            &[],
        ],
    },
    Alert {
        name: "ConsumerDisconnected",
        required_metrics: &["consumer_connected", "consumer_paused"],
        expression: "$consumer_connected == 0 unless $consumer_paused > 0",
        threshold: 0.0,
        for_duration: "5m",
        severity: Severity::Page,
        summary: "receives no messages of the group {{ $labels.group }}",
        meaning: "A subscription has no connection to the broker for five minutes. Its messages wait in the queue.",
        causes: &[
            "The broker is down or unreachable.",
            "The broker rejects the subscription: the log has its reply.",
        ],
        triage: &[TriageStep::Open(
            "/readyz",
            "the health check of the subscription",
        )],
        fires: &[
            (
                "$consumer_connected{instance=\"a\",group=\"mail\"}",
                Constant(Number(0)),
            ),
            (
                "$consumer_paused{instance=\"a\",group=\"mail\"}",
                Constant(Number(0)),
            ),
        ],
        silent: &[
            &[
                (
                    "$consumer_connected{instance=\"a\",group=\"mail\"}",
                    Constant(Number(0)),
                ),
                (
                    "$consumer_paused{instance=\"a\",group=\"mail\"}",
                    Constant(Number(1)),
                ),
            ],
            &[(
                "$consumer_connected{instance=\"a\",group=\"mail\"}",
                Constant(Number(1)),
            )],
        ],
    },
    Alert {
        name: "ConsumerLag",
        required_metrics: &["consumer_lag"],
        expression: "max by (namespace, job, group) ($consumer_lag) > %",
        threshold: 1_000.0,
        for_duration: "10m",
        severity: Severity::Ticket,
        summary: "handles messages of the group {{ $labels.group }} more slowly than they arrive",
        meaning: "Messages arrive faster than the consumer handles them. Their effects are late.",
        causes: &[
            "A slow handler: the dashboard shows the duration of attempts.",
            "A handler that retries because a dependency is down.",
            "Too few replicas, or a low concurrency of the subscription.",
        ],
        triage: &[
            TriageStep::Open(
                "/metrics",
                "`messages_handler_duration_seconds` and `messages_retried_total`",
            ),
            TriageStep::Admin("/breakers", "dependencies of the handler"),
        ],
        fires: &[(
            "$consumer_lag{instance=\"a\",group=\"mail\"}",
            Constant(ABOVE),
        )],
        silent: &[
            &[(
                "$consumer_lag{instance=\"a\",group=\"mail\"}",
                Constant(AT_MOST),
            )],
            &[],
        ],
    },
    Alert {
        name: "PublishFailing",
        required_metrics: &["messages_publish_failures_total"],
        expression: "sum by (namespace, job, reason) (increase($messages_publish_failures_total[15m])) > %",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "cannot publish messages: {{ $labels.reason }}",
        meaning: "Messages were not published after all attempts. An outbox stores its events and publishes them again. Messages without an outbox are lost.",
        causes: &["The broker is down or full, or it rejects the topic."],
        triage: &[
            TriageStep::Admin("/breakers", "whether the broker rejects calls"),
            TriageStep::Command("outbox status", "the number of events that wait"),
        ],
        fires: &[(
            "$messages_publish_failures_total{instance=\"a\",reason=\"timeout\"}",
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$messages_publish_failures_total{instance=\"a\",reason=\"timeout\"}",
                Constant(Number(7)),
            )],
            &[],
        ],
    },
];
