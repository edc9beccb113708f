//! Alerts on the process and its replicas.

use super::{
    Alert, Severity, TriageStep,
    series::{
        ABOVE, AT_MOST,
        Level::{Above, AtMost, Number},
        Values::{Constant, Growth, Interrupted, Then},
    },
};

pub(super) const EXPIRING: &str = "CertificateExpiring";
pub(super) const EXPIRING_SOON: &str = "CertificateExpiringSoon";
pub(super) const RESTARTING: &str = "RestartLoop";

const READY: TriageStep =
    TriageStep::Open("/readyz", "the health checks and the phase of the service");
const PODS: TriageStep = TriageStep::Kubectl(
    "describe pods --selector app.kubernetes.io/name=%",
    "the exit status of the last container, its reason, and the events of each pod",
);
/// A pod whose container has not ended has no earlier log lines, which is not an error here.
const ENDED: TriageStep = TriageStep::Kubectl(
    "logs --selector app.kubernetes.io/name=% --previous --prefix --ignore-errors --tail=50",
    "the last log lines of the container that ended, with every error of the settings",
);

const CERTIFICATES: TriageStep = TriageStep::Open(
    "/metrics",
    "`tls_certificate_expiry_timestamp_seconds`, `tls_reloads_total` and `tls_reload_failures_total`",
);

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "ServiceDown",
        required_metrics: &[],
        expression: "$up == 0 or absent($up)",
        threshold: 0.0,
        for_duration: "2m",
        severity: Severity::Page,
        summary: "has a replica that Prometheus cannot scrape",
        meaning: "Prometheus receives no metrics from a replica, or has not discovered any replica.",
        causes: &[
            "The process ended. Its last log line has the error. Exit status 78 means that the settings are invalid, or unsafe in production (preflight).",
            "A network policy or a changed port blocks Prometheus.",
        ],
        triage: &[
            PODS,
            ENDED,
            TriageStep::Kubectl(
                "describe networkpolicy %",
                "the namespaces and the port that Prometheus may scrape",
            ),
        ],
        fires: &[("$up{instance=\"a\"}", Then(Number(1), Number(0)))],
        silent: &[
            &[("$up{instance=\"a\"}", Constant(Number(1)))],
            &[("$up{instance=\"a\"}", Then(Number(0), Number(1)))],
        ],
    },
    Alert {
        name: "NotReady",
        required_metrics: &["health_ready"],
        expression: "min by (namespace, job, instance) ($health_ready) == 0",
        threshold: 0.0,
        for_duration: "2m",
        severity: Severity::Page,
        summary: "has a replica that is not ready",
        meaning: "A critical health check of a replica fails, so its orchestrator sends it no traffic. If all replicas are affected, users get errors.",
        causes: &[
            "A critical dependency is down: the report names the check.",
            "The start waits for a dependency: the report has it under waiting_for.",
        ],
        triage: &[
            READY,
            PODS,
            TriageStep::Admin("/breakers", "dependencies whose calls fail"),
        ],
        fires: &[("$health_ready{instance=\"a\"}", Constant(Number(0)))],
        silent: &[
            &[("$health_ready{instance=\"a\"}", Constant(Number(1)))],
            &[(
                "$health_ready{instance=\"a\"}",
                Interrupted(Number(0), Number(1)),
            )],
        ],
    },
    Alert {
        name: "HealthCheckFailing",
        required_metrics: &["health_check_failures_total"],
        expression: "sum by (namespace, job, instance, check) (increase($health_check_failures_total[5m])) > %",
        threshold: 3.0,
        for_duration: "5m",
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
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$health_check_failures_total{instance=\"a\",check=\"database\"}",
                Then(Number(0), AT_MOST),
            )],
            &[(
                "$health_check_failures_total{instance=\"a\",check=\"database\"}",
                Constant(Number(9)),
            )],
        ],
    },
    Alert {
        name: "Panics",
        required_metrics: &["panics_total"],
        expression: "sum by (namespace, job, instance) (increase($panics_total[10m])) > %",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "caught a panic",
        meaning: "The code of the service panicked. The request or task failed, and the service continues.",
        causes: &["A bug. The log line of the panic has its message and its source location."],
        triage: &[TriageStep::Admin("/info", "the version of the service")],
        fires: &[("$panics_total{instance=\"a\"}", Growth(ABOVE))],
        silent: &[
            &[("$panics_total{instance=\"a\"}", Constant(Number(4)))],
            &[],
        ],
    },
    Alert {
        name: "ConfigReloadFailed",
        required_metrics: &["config_reload_failures_total"],
        expression: "sum by (namespace, job, instance) (increase($config_reload_failures_total[15m])) > %",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "rejected changed settings",
        meaning: "A changed file has errors. The service continues with its previous settings, and a restart would fail.",
        causes: &["An error in a changed file. The log names the key and the line."],
        triage: &[
            TriageStep::Command("config check", "every error of the settings"),
            TriageStep::Admin("/config", "the settings in effect and their sources"),
        ],
        fires: &[(
            "$config_reload_failures_total{instance=\"a\"}",
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$config_reload_failures_total{instance=\"a\"}",
                Constant(Number(2)),
            )],
            &[],
        ],
    },
    Alert {
        name: "CertificateReloadFailed",
        required_metrics: &["tls_reload_failures_total"],
        expression: "sum by (namespace, job, instance, listener) (increase($tls_reload_failures_total[1h])) > %",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "cannot read its new certificate of the listener {{ $labels.listener }}",
        meaning: "A certificate or key file changed, and the new content cannot be used. The service continues with the previous certificate until it expires.",
        causes: &[
            "The certificate and the key do not match, because only one file was replaced.",
            "The file is not in the PEM format.",
        ],
        triage: &[TriageStep::Command(
            "config check",
            "each TLS file that cannot be used, with its setting and its problem",
        )],
        fires: &[(
            "$tls_reload_failures_total{instance=\"a\",listener=\"http\"}",
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$tls_reload_failures_total{instance=\"a\",listener=\"http\"}",
                Constant(Number(2)),
            )],
            &[],
        ],
    },
    Alert {
        name: EXPIRING,
        required_metrics: &["tls_certificate_expiry_timestamp_seconds"],
        expression: "min by (namespace, job, listener) ($tls_certificate_expiry_timestamp_seconds) - time() < 604800",
        threshold: 0.0,
        for_duration: "15m",
        severity: Severity::Page,
        summary: "uses a certificate that expires within a week: listener {{ $labels.listener }}",
        meaning: "The certificate of a listener, or one of its chain, expires within seven days. After that, clients reject all connections.",
        causes: &[
            "The renewal of the certificate fails: see the log of its issuer.",
            "The new certificate is not in the secret of the service.",
            "The service rejects the new certificate: the alert CertificateReloadFailed fires too.",
        ],
        triage: &[CERTIFICATES],
        fires: &[(
            "$tls_certificate_expiry_timestamp_seconds{instance=\"a\",listener=\"http\"}",
            Constant(Number(600_000)),
        )],
        silent: &[
            &[(
                "$tls_certificate_expiry_timestamp_seconds{instance=\"a\",listener=\"http\"}",
                Constant(Number(4_000_000_000)),
            )],
            &[],
        ],
    },
    Alert {
        name: EXPIRING_SOON,
        required_metrics: &["tls_certificate_expiry_timestamp_seconds"],
        expression: "min by (namespace, job, listener) ($tls_certificate_expiry_timestamp_seconds) - time() < 1209600",
        threshold: 0.0,
        for_duration: "15m",
        severity: Severity::Ticket,
        summary: "uses a certificate that expires within two weeks: listener {{ $labels.listener }}",
        meaning: "The certificate of a listener, or one of its chain, expires within 14 days. Issuers renew certificates earlier, so the renewal fails. CertificateExpiring pages seven days before the expiry.",
        causes: &[
            "The renewal of the certificate fails: see the log of its issuer.",
            "The new certificate is not in the secret of the service.",
            "The service rejects the new certificate: the alert CertificateReloadFailed fires too.",
        ],
        triage: &[CERTIFICATES],
        fires: &[(
            "$tls_certificate_expiry_timestamp_seconds{instance=\"a\",listener=\"http\"}",
            Constant(Number(1_200_000)),
        )],
        silent: &[
            &[(
                "$tls_certificate_expiry_timestamp_seconds{instance=\"a\",listener=\"http\"}",
                Constant(Number(4_000_000_000)),
            )],
            &[],
        ],
    },
    Alert {
        name: RESTARTING,
        required_metrics: &["process_start_time_seconds"],
        expression: "max by (namespace, job, instance) (changes($process_start_time_seconds[30m])) > 2",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "has a replica that restarts repeatedly",
        meaning: "A replica started at least three times within 30 minutes. Each restart aborts the requests of the replica.",
        causes: &[
            "The process needs more memory than the limit of the container: exit status 137.",
            "The process fails after its start: its last log line has the error.",
            "The liveness probe fails, because the process does not respond.",
        ],
        triage: &[PODS, ENDED],
        fires: &[(
            "$process_start_time_seconds{instance=\"a\"}",
            Growth(Number(60)),
        )],
        silent: &[
            &[(
                "$process_start_time_seconds{instance=\"a\"}",
                Constant(Number(60)),
            )],
            &[],
        ],
    },
    Alert {
        name: "FileDescriptorsExhausted",
        required_metrics: &["process_open_fds", "process_max_fds"],
        expression: "$process_open_fds / $process_max_fds > %",
        threshold: 0.8,
        for_duration: "10m",
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
            ("$process_open_fds{instance=\"a\"}", Constant(Above(100))),
            ("$process_max_fds{instance=\"a\"}", Constant(Number(100))),
        ],
        silent: &[
            &[
                ("$process_open_fds{instance=\"a\"}", Constant(AtMost(100))),
                ("$process_max_fds{instance=\"a\"}", Constant(Number(100))),
            ],
            &[("$process_open_fds{instance=\"a\"}", Constant(Above(100)))],
        ],
    },
    Alert {
        name: "RequestsShed",
        required_metrics: &["load_shed_total"],
        expression: "sum by (namespace, job) (rate($load_shed_total[5m])) > %",
        threshold: 0.1,
        for_duration: "5m",
        severity: Severity::Ticket,
        summary: "rejects requests because of overload",
        meaning: "More requests arrive than the service can handle in time. It rejects a part of them with 503, so that the others stay fast.",
        causes: &[
            "More traffic: raise `minReplicas` and `maxReplicas` with `kubectl edit hpa NAME`. The autoscaler reverts `kubectl scale`.",
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
            Growth(Above(300)),
        )],
        silent: &[
            &[(
                "$load_shed_total{instance=\"a\",name=\"http\",priority=\"normal\"}",
                Growth(AtMost(30)),
            )],
            &[],
        ],
    },
    Alert {
        name: "OperationLogIncomplete",
        required_metrics: &["operation_log_dropped_total"],
        expression: "sum by (namespace, job) (increase($operation_log_dropped_total[15m])) > %",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Ticket,
        summary: "could not store entries of its operation log",
        meaning: "The service handled calls, and could not store their entries in the operation log.",
        causes: &["The database was down or slow: see the alerts about it."],
        triage: &[READY],
        fires: &[(
            "$operation_log_dropped_total{instance=\"a\"}",
            Growth(ABOVE),
        )],
        silent: &[
            &[(
                "$operation_log_dropped_total{instance=\"a\"}",
                Constant(Number(2)),
            )],
            &[],
        ],
    },
    Alert {
        name: "AuditLogDamaged",
        required_metrics: &["audit_log_damaged"],
        expression: "max by (namespace, job) ($audit_log_damaged) > 0",
        threshold: 0.0,
        for_duration: "0m",
        severity: Severity::Page,
        summary: "has an audit log that was altered",
        meaning: "A verification found that records of the audit log were altered, added or removed. A replica verifies the log every six hours. The alert resolves after a verification without damage, or after a restart of the replica that found it.",
        causes: &[
            "An attacker or an operator changed the tables of the log in the database.",
            "The database was restored to an earlier time, so later records are missing.",
            "A key that signed stored records is not in the settings.",
        ],
        triage: &[
            TriageStep::Command("audit-log verify", "the first damaged record"),
            TriageStep::Admin("/workers", "the last verification and its error"),
        ],
        fires: &[
            ("$audit_log_damaged{instance=\"a\"}", Constant(Number(0))),
            ("$audit_log_damaged{instance=\"b\"}", Constant(Number(1))),
        ],
        silent: &[
            &[("$audit_log_damaged{instance=\"a\"}", Constant(Number(0)))],
            &[],
        ],
    },
];
