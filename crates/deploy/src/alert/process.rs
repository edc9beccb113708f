//! Alerts on the process and its replicas.

use super::{Alert, Severity, TriageStep};

const READY: TriageStep =
    TriageStep::Open("/readyz", "the health checks and the phase of the service");

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "ServiceDown",
        needs: &[],
        expression: "$up == 0 or absent($up)",
        threshold: 0.0,
        wait: "2m",
        severity: Severity::Page,
        summary: "has a replica that Prometheus cannot scrape",
        meaning: "Prometheus receives no metrics from a replica, or has not discovered any replica.",
        causes: &[
            "The process ended. Its last log line has the reason: exit status 78 means that settings have errors.",
            "A network policy or a changed port blocks Prometheus.",
        ],
        triage: &[
            READY,
            TriageStep::Command("config check", "errors of the settings"),
        ],
        fires: &[("$up{instance=\"a\"}", "1x2 0x10")],
        silent: &[
            &[("$up{instance=\"a\"}", "1x12")],
            &[("$up{instance=\"a\"}", "0 1x12")],
        ],
        minutes: 6,
    },
    Alert {
        name: "NotReady",
        needs: &["health_ready"],
        expression: "min by (job, instance) ($health_ready) == 0",
        threshold: 0.0,
        wait: "2m",
        severity: Severity::Page,
        summary: "has a replica that is not ready",
        meaning: "A critical health check of a replica fails, so its orchestrator sends it no traffic. If all replicas are affected, users get errors.",
        causes: &[
            "A critical dependency is down: the report names the check.",
            "The start waits for a dependency: the report has it under waiting_for.",
        ],
        triage: &[
            READY,
            TriageStep::Admin("/breakers", "dependencies whose calls fail"),
        ],
        fires: &[("$health_ready{instance=\"a\"}", "0x10")],
        silent: &[
            &[("$health_ready{instance=\"a\"}", "1x10")],
            &[("$health_ready{instance=\"a\"}", "0x4 1 0x5")],
        ],
        minutes: 6,
    },
    Alert {
        name: "HealthCheckFailing",
        needs: &["health_check_failures_total"],
        expression: "sum by (job, check) (increase($health_check_failures_total[5m])) > %",
        threshold: 3.0,
        wait: "5m",
        severity: Severity::Ticket,
        summary: "has a health check that fails: {{ $labels.check }}",
        meaning: "A health check failed several times in five minutes. If it is critical, the service is not ready. If it is optional, the service is degraded.",
        causes: &[
            "The dependency of the check is down or slow.",
            "The check needs longer than health.check_timeout.",
        ],
        triage: &[
            READY,
            TriageStep::Admin("/breakers", "the last failures of the dependency"),
        ],
        fires: &[(
            "$health_check_failures_total{instance=\"a\",check=\"database\"}",
            "0+2x20",
        )],
        silent: &[
            &[(
                "$health_check_failures_total{instance=\"a\",check=\"database\"}",
                "0 1x20",
            )],
            &[(
                "$health_check_failures_total{instance=\"a\",check=\"database\"}",
                "9x20",
            )],
        ],
        minutes: 14,
    },
    Alert {
        name: "Panics",
        needs: &["panics_total"],
        expression: "sum by (job) (increase($panics_total[10m])) > %",
        threshold: 0.0,
        wait: "0m",
        severity: Severity::Ticket,
        summary: "caught a panic",
        meaning: "The code of the service panicked. The request or task failed, and the service continues.",
        causes: &["A bug. The log has a line with the message and the place of the panic."],
        triage: &[TriageStep::Admin("/info", "the version of the service")],
        fires: &[("$panics_total{instance=\"a\"}", "0x3 1x5")],
        silent: &[&[("$panics_total{instance=\"a\"}", "4x10")], &[]],
        minutes: 6,
    },
    Alert {
        name: "ConfigReloadFailed",
        needs: &["config_reload_failures_total"],
        expression: "sum by (job) (increase($config_reload_failures_total[15m])) > %",
        threshold: 0.0,
        wait: "0m",
        severity: Severity::Ticket,
        summary: "rejected changed settings",
        meaning: "A changed file has errors. The service continues with its previous settings, and a restart would fail.",
        causes: &["An error in a changed file. The log names the key and the line."],
        triage: &[
            TriageStep::Command("config check", "every error of the settings"),
            TriageStep::Admin("/config", "the settings in effect and their sources"),
        ],
        fires: &[("$config_reload_failures_total{instance=\"a\"}", "0x3 1x5")],
        silent: &[
            &[("$config_reload_failures_total{instance=\"a\"}", "2x10")],
            &[],
        ],
        minutes: 6,
    },
    Alert {
        name: "CertificateReloadFailed",
        needs: &["tls_reload_failures_total"],
        expression: "sum by (job, listener) (increase($tls_reload_failures_total[1h])) > %",
        threshold: 0.0,
        wait: "0m",
        severity: Severity::Ticket,
        summary: "cannot read its new certificate of the listener {{ $labels.listener }}",
        meaning: "A certificate or key file changed, and the new content cannot be used. The service continues with the previous certificate until it expires.",
        causes: &[
            "Certificate and key do not belong together, because only one file was replaced.",
            "The file is not in the PEM format.",
        ],
        triage: &[TriageStep::Command(
            "config check",
            "errors of the settings",
        )],
        fires: &[(
            "$tls_reload_failures_total{instance=\"a\",listener=\"http\"}",
            "0x3 1x5",
        )],
        silent: &[
            &[(
                "$tls_reload_failures_total{instance=\"a\",listener=\"http\"}",
                "2x10",
            )],
            &[],
        ],
        minutes: 6,
    },
    Alert {
        name: "FileDescriptorsExhausted",
        needs: &["process_open_fds", "process_max_fds"],
        expression: "$process_open_fds / $process_max_fds > %",
        threshold: 0.8,
        wait: "10m",
        severity: Severity::Ticket,
        summary: "has almost no free file descriptors",
        meaning: "The process holds most of the file descriptors that it may open. Without one it cannot accept connections.",
        causes: &[
            "More connections than expected: the dashboard shows open connections by listener.",
            "A limit of the container that is lower than that of the machine.",
        ],
        triage: &[TriageStep::Open(
            "/metrics",
            "`http_connections_open`, `database_pool_open` and `process_open_fds`",
        )],
        fires: &[
            ("$process_open_fds{instance=\"a\"}", "81x30"),
            ("$process_max_fds{instance=\"a\"}", "100x30"),
        ],
        silent: &[
            &[
                ("$process_open_fds{instance=\"a\"}", "80x30"),
                ("$process_max_fds{instance=\"a\"}", "100x30"),
            ],
            &[("$process_open_fds{instance=\"a\"}", "81x30")],
        ],
        minutes: 20,
    },
    Alert {
        name: "RequestsShed",
        needs: &["load_shed_total"],
        expression: "sum by (job) (rate($load_shed_total[5m])) > %",
        threshold: 0.1,
        wait: "5m",
        severity: Severity::Ticket,
        summary: "rejects requests because of overload",
        meaning: "More requests arrive than the service can handle in time. It rejects a part of them with 503, so that the others stay fast.",
        causes: &[
            "More traffic: add replicas, or raise the bounds of the autoscaler.",
            "A slow dependency: its requests stay in flight longer.",
        ],
        triage: &[
            TriageStep::Open(
                "/metrics",
                "`http_requests_in_flight` and `concurrency_limit`",
            ),
            TriageStep::Admin("/breakers", "slow dependencies"),
        ],
        fires: &[(
            "$load_shed_total{instance=\"a\",name=\"http\",priority=\"normal\"}",
            "0+60x20",
        )],
        silent: &[
            &[(
                "$load_shed_total{instance=\"a\",name=\"http\",priority=\"normal\"}",
                "0+1x20",
            )],
            &[],
        ],
        minutes: 14,
    },
    Alert {
        name: "OperationLogIncomplete",
        needs: &["operation_log_dropped_total"],
        expression: "sum by (job) (increase($operation_log_dropped_total[15m])) > %",
        threshold: 0.0,
        wait: "0m",
        severity: Severity::Ticket,
        summary: "could not store entries of its operation log",
        meaning: "Calls took place, and their entries are missing in the operation log.",
        causes: &["The database was down or slow: see the alerts about it."],
        triage: &[READY],
        fires: &[("$operation_log_dropped_total{instance=\"a\"}", "0x3 1x5")],
        silent: &[
            &[("$operation_log_dropped_total{instance=\"a\"}", "2x10")],
            &[],
        ],
        minutes: 6,
    },
];
