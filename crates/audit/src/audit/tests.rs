use std::fs;
use std::time::{Duration, Instant};

use crate::{AuditConfig, audit};

#[test]
fn hostile_repository_does_not_hang_crash_or_leave_root() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("Dockerfile"), "FROM outside\nCMD x\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("out")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("Dockerfile"), root.join("Dockerfile"))
            .unwrap();
    }
    fs::write(
        root.join("invalid.go"),
        [b"package main\n\xff\xfe func main() {}".as_slice()].concat(),
    )
    .unwrap();
    fs::write(
        root.join("long.js"),
        format!("const a = '{}'", "x".repeat(1_000_000)),
    )
    .unwrap();
    fs::write(root.join("deep.yaml"), "[".repeat(500_000)).unwrap();
    fs::write(root.join("deep.js"), "(".repeat(500_000)).unwrap();
    fs::write(
        root.join("deep.go"),
        format!("package a\nvar x = {}", "f(".repeat(200_000)),
    )
    .unwrap();
    fs::write(root.join("huge.txt"), "a".repeat(3_000_000)).unwrap();
    fs::write(root.join("keys.env"), "password=".repeat(100_000)).unwrap();
    let started = Instant::now();
    let report = audit(root, &AuditConfig::default()).unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(300),
        "{:?}",
        started.elapsed()
    );
    assert!(
        report
            .services
            .iter()
            .all(|service| service.dockerfile.is_none()),
        "a link was followed"
    );
}

#[test]
fn no_credential_is_ever_printed() {
    let canaries = [
        format!("AKIA{}", "QWERTYUIOPASDFGH"),
        format!("Zx9{}", "kQ2vT7mN4bL8"),
        format!("hunter{}", "2-Tr0ub4dor"),
        "MIIEowIBAAKCAQEAqD7m".to_owned() + "Zr3kVq",
        "app-pwd".to_owned(),
    ];
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(
        root.join("settings.py"),
        format!(
            "AWS = '{}'\nDB_PASSWORD = \"{}\"\n",
            canaries[0], canaries[1]
        ),
    )
    .unwrap();
    fs::write(
        root.join("docker-compose.yml"),
        format!("services:\n  db:\n    image: postgres\n    ports: ['5432:5432']\n    environment:\n      POSTGRES_PASSWORD: {}\n      OTHER_PASSWORD: app-pwd\n      URL: postgres://app:{}@db.internal/app\n", canaries[1], canaries[2]),
    )
    .unwrap();
    fs::write(
        root.join("key.go"),
        format!(
            "package a\n\nconst key = `-----BEGIN {0} KEY-----\n{1}\n{1}\n-----END {0} KEY-----`\n",
            "RSA PRIVATE", canaries[3]
        ),
    )
    .unwrap();
    let report = audit(root, &AuditConfig::default()).unwrap();
    assert!(report.findings.len() >= 5, "{:#?}", report.findings);
    let printed = format!(
        "{}{}{report:?}",
        crate::report::json(&report).unwrap(),
        crate::report::pretty(&report).unwrap()
    );
    for canary in canaries {
        assert!(!printed.contains(&canary), "{canary}");
    }
}

#[test]
fn a_fingerprint_survives_moved_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Dockerfile");
    let dockerfile = "FROM alpine:3.20\nCMD [\"/bin/true\"]\n";
    fs::write(&path, dockerfile).unwrap();
    let before = audit(folder.path(), &AuditConfig::default()).unwrap();
    fs::write(&path, format!("# one\n# two\n\n{dockerfile}")).unwrap();
    let after = audit(folder.path(), &AuditConfig::default()).unwrap();
    let fingerprints = |report: &crate::Report| {
        report
            .findings
            .iter()
            .map(|finding| finding.fingerprint.clone())
            .collect::<Vec<_>>()
    };
    assert!(!before.findings.is_empty());
    assert_eq!(fingerprints(&before), fingerprints(&after));
    assert_ne!(before.findings[0].line, after.findings[0].line);
}

#[test]
fn missing_feature_of_a_service_is_one_finding() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(
        root.join("package.json"),
        "{\"dependencies\":{\"express\":\"5\"}}",
    )
    .unwrap();
    fs::write(
        root.join("server.js"),
        "const express = require('express');\nconst app = express();\napp.get('/items', items);\napp.listen(3000);\n",
    )
    .unwrap();
    let lacking = || {
        let report = audit(root, &AuditConfig::default()).unwrap();
        report
            .findings
            .iter()
            .filter(|finding| {
                ["SHIP-5.no-ci", "SHIP-5.no-tests", "RES-6.no-rate-limit"].contains(&finding.id)
            })
            .map(|finding| finding.fingerprint.clone())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let before = lacking();
    assert_eq!(before.len(), 3);
    // Another file comes first now, another route is the first, and the first line is another one.
    fs::write(root.join("aaa.js"), "module.exports = {};\n").unwrap();
    fs::write(
        root.join("server.js"),
        "// Shop.\nconst express = require('express');\nconst app = express();\napp.get('/a', a);\napp.get('/items', items);\napp.listen(3000);\n",
    )
    .unwrap();
    assert_eq!(lacking(), before);
}

#[test]
fn local_safe_change_has_a_diff() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("docker-compose.yml"),
        "services:\n  db:\n    image: postgres:17\n    ports:\n      - \"5432:5432\"\n",
    )
    .unwrap();
    let report = audit(folder.path(), &AuditConfig::default()).unwrap();
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.id == "SHIP-2.published-database-port")
        .unwrap();
    let diff = finding.diff.as_deref().unwrap();
    assert!(
        diff.ends_with("-      - \"5432:5432\"\n+      - \"127.0.0.1:5432:5432\""),
        "{diff}"
    );
}

/// Text that controls a terminal, reverses the reading order and ends a workflow command.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{202e}x\n::stop-commands::y";

#[test]
fn hostile_names_are_escaped_in_every_report_format() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(
        root.join("docker-compose.yml"),
        "services:\n  \"e\\e]0;owned\\avil\\n::error::x\":\n    image: postgres:17\n    ports: ['5432:5432']\n",
    )
    .unwrap();
    #[cfg(unix)]
    {
        let inner = root.join(EVIL.replace('/', ""));
        fs::create_dir(&inner).unwrap();
        fs::write(
            inner.join("Dockerfile"),
            "FROM alpine:3.20\nCMD [\"/bin/true\"]\n",
        )
        .unwrap();
    }
    let report = audit(root, &AuditConfig::default()).unwrap();
    assert!(report.findings.len() >= 2);
    for format in crate::report::Format::ALL {
        let text = crate::report::render(&report, format).unwrap();
        let name = format.name();
        assert!(!text.contains("\u{1b}]0;"), "{name}");
        if !matches!(name, "json" | "sarif") {
            assert!(
                !text.contains('\u{202e}') && !text.contains('\u{7}'),
                "{name}"
            );
        }
        if name == "github" {
            assert!(
                !text.contains("\n::stop") && !text.contains("\n::error::x"),
                "{text}"
            );
        }
    }
}

#[test]
fn deep_folders_comments_and_linked_configuration_are_bounded() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("evil.toml"), "fail-on = \"never\"\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut deep = root.to_path_buf();
    for _ in 0..200 {
        deep.push("d");
        fs::create_dir(&deep).unwrap();
    }
    fs::write(deep.join("Dockerfile"), "FROM alpine\n").unwrap();
    fs::write(
        root.join("many.yaml"),
        concat!("# seaworthy", ": allow SHIP-1.root-user because x\n").repeat(20_000),
    )
    .unwrap();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let before = level - 1;
        bomb.push_str(&format!(
            "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
        ));
    }
    bomb.push_str("services: {api: {image: x, ports: *a39, environment: *a39, <<: *a39}}\n");
    fs::write(root.join("docker-compose.yml"), bomb).unwrap();
    fs::write(
        root.join("deployment.yaml"),
        format!("kind: Deployment\nspec:\n{}", " - - ".repeat(20_000)),
    )
    .unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(
            outside.path().join("evil.toml"),
            root.join(crate::config::CONFIG_FILE_NAME),
        )
        .unwrap();
        assert!(crate::config::ConfigFile::find(root).unwrap().is_none());
    }
    let started = Instant::now();
    let report = audit(root, &AuditConfig::default()).unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(300),
        "{:?}",
        started.elapsed()
    );
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.path.len() < 200)
    );
    assert!(report.notices.len() < 1_000, "{}", report.notices.len());
}

#[test]
fn conditional_probes_of_charts_are_undecided() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("rules/HLTH-1.kubernetes-probes/fixtures/tempting/probes-that-values-may-leave-out");
    let report = audit(&root, &AuditConfig::default()).unwrap();
    let id = "HLTH-1.kubernetes-probes";
    assert!(report.unknown.iter().any(|unknown| unknown.id == id));
    assert!(report.passed.iter().all(|passed| passed.id != id));
}
