//! A sample repository that uses every part of a report, for the tests of outputs. Its text is
//! hostile.

use std::fs;

use crate::baseline::{Baseline, EarlierReport};
use crate::config::{ConfigFile, RuleSetting};
use crate::report::{REVIEW, RelatedPlace, Report, json};
use crate::rule::{Confidence, rules};
use crate::{AuditConfig, audit};

/// Text that breaks an output that does not escape it.
pub(crate) const HOSTILE: &str = "</script><img src=x onerror=alert(1)>|`*[x](javascript:y)";

const RULES: &[&str] = &[
    "CONF-1.hard-coded-port",
    "CONF-5.default-credential",
    "CONF-7.localhost-health-check",
    "HLTH-1.probe-path",
    "HLTH-1.probe-port",
    "LIFE-4.signal-handling",
    "OBS-4.no-metrics",
    "RES-3.outbound-timeout",
    "RES-3.server-timeouts",
    "SEC-7.secret-in-file",
    "SHIP-1.command-not-in-image",
    "SHIP-1.root-user",
    "SHIP-1.unpinned-base",
    "SHIP-2.published-database-port",
];

/// The rule whose finding is marked for review.
pub(crate) const REVIEWED: &str = "RES-3.server-timeouts";

/// Makes one finding likely instead of certain.
fn mark_review(report: &mut Report) {
    for finding in report
        .findings
        .iter_mut()
        .filter(|finding| finding.id == REVIEWED)
    {
        finding.confidence = Confidence::Low;
        finding.related.push(RelatedPlace {
            path: HOSTILE.to_owned(),
            line: 3,
        });
        let severity = finding.severity.name();
        for service in &mut report.services {
            if finding.service.as_ref() == Some(&service.name) {
                let count = service.findings.remove(severity).unwrap_or_default();
                assert_eq!(count, 1, "one finding of {severity}");
                service.findings.insert(REVIEW, count);
            }
        }
    }
    report
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.section()));
}

/// Returns the sample report. `baseline` adds the comparison with a baseline.
pub(crate) fn report(baseline: bool) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("go.mod", "module example.com/shop\n\ngo 1.24\n");
    write(
        "main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.HandleFunc(\"/\", nil)\n\t_, _ = http.Get(\"http://other\")\n\t_ = http.ListenAndServe(\":8080\", nil)\n}\n",
    );
    write(
        "Dockerfile",
        "FROM alpine:3.20\nEXPOSE 8080\nHEALTHCHECK CMD wget -q http://127.0.0.1:8080/healthz\nCMD [\"/shop\"]\n",
    );
    write(
        "docker-compose.yml",
        &format!(
            "services:\n  db:\n    image: postgres:17\n    ports:\n      - \"5432:5432\"\n    environment:\n      A: '{HOSTILE}'\n  cache:\n    image: redis:7\n    ports: ['6379:6379']\n  '{HOSTILE}':\n    build: gone\n"
        ),
    );
    write(
        &format!("deploy/{}.env", "a`|<b>"),
        &format!("API_TOKEN=Zx9{}\n", "kQ2vT7mN4bL8wR5"),
    );
    write(
        "other/Dockerfile",
        concat!(
            "# seaworthy",
            ": allow SHIP-1.root-user because the platform maps the user\nFROM debian:12\nCMD [\"/other\"]\n"
        ),
    );
    write("large.txt", &"x".repeat(2_000_000));
    let file = ConfigFile::parse(
        "seaworthy-audit.toml".as_ref(),
        "[rules.\"SEC-2.cors-wildcard\"]\noff = \"the gateway answers preflight requests\"\n\n[[suppress]]\nrule = \"SHIP-1.root-user\"\npath = \"nowhere\"\nreason = \"history\"\n",
    )
    .unwrap();
    let mut config = AuditConfig::default();
    // Run only these rules, so that a new rule does not change a test of an output.
    for rule in rules() {
        if !RULES.contains(&rule.metadata.id) {
            config.rules.insert(
                rule.metadata.id.to_owned(),
                RuleSetting::Off {
                    reason: String::new(),
                },
            );
        }
    }
    file.apply(&mut config).unwrap();
    let mut report = audit(&root, &config).unwrap();
    report
        .switched_off
        .retain(|off| off.id == "SEC-2.cors-wildcard");
    mark_review(&mut report);
    if baseline {
        let mut known = Baseline::of(&report);
        known.findings.remove(0);
        known.findings[0].fingerprint = "0123456789abcdef".to_owned();
        report.compare_with(&known);
        let file = folder.path().join("earlier.json");
        fs::write(&file, json(&report).unwrap()).unwrap();
        let mut earlier = EarlierReport::read(&file).unwrap();
        earlier.findings = known;
        report.compare_with_earlier(&earlier);
    }
    report
        .incomplete
        .push("deep.go: parsing took too long".to_owned());
    report
}
