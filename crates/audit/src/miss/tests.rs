use std::fs;

use super::explain_miss;
use crate::AuditConfig;
use crate::config::RuleSetting;

const MAIN: &str = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.HandleFunc(\"/\", nil)\n\t_, _ = http.Get(\"http://other\")\n\tpassword := \"Zx9kQ2vT7mN4bL8wR5\"\n\t_ = password\n\t_ = http.ListenAndServe(\":8080\", nil)\n}\n";
const RULE: &str = "RES-3.outbound-timeout";

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("go.mod", "module example.com/shop\n\ngo 1.24\n");
    write("main.go", MAIN);
    write("main_test.go", MAIN);
    write(
        "ratings/Dockerfile",
        "FROM php:8\nCOPY html /var/www/html\n",
    );
    write("ratings/html/index.php", "<?php echo 1;\n");
    write("image.png", "\u{0}\u{0}");
    folder
}

fn explained(path: &str, line: usize, config: &AuditConfig) -> String {
    let folder = repository();
    explain_miss(folder.path(), config, path, line, RULE).unwrap()
}

#[test]
fn reported_line_is_not_a_miss() {
    let text = explained("main.go", 7, &AuditConfig::default());
    assert!(text.contains("the rule reports line 7"), "{text}");
    assert!(text.contains("outbound calls"), "{text}");
    assert!(text.contains(">       7 |"), "{text}");
}

#[test]
fn explanation_names_the_reason_of_a_miss() {
    let config = AuditConfig::default();
    let mut off = AuditConfig::default();
    let reason = "the mesh has timeouts".to_owned();
    off.rules
        .insert(RULE.to_owned(), RuleSetting::Off { reason });
    for (path, line, config, expected) in [
        (
            "main.go",
            1,
            &config,
            "reports other places of the service only",
        ),
        ("main_test.go", 7, &config, "the file has the role test"),
        (
            "main.go",
            7,
            &off,
            "disables the rule: the mesh has timeouts",
        ),
        ("image.png", 1, &config, "the file was not read"),
        ("go.mod", 1, &config, "reports other places"),
        (
            "ratings/html/index.php",
            1,
            &config,
            "`ratings` was not audited: its language, PHP, is not read",
        ),
    ] {
        let text = explained(path, line, config);
        assert!(text.contains(expected), "{path}:{line}: {text}");
    }
}

#[test]
fn explanation_masks_credentials() {
    let text = explained("main.go", 8, &AuditConfig::default());
    assert!(!text.contains("Zx9kQ2vT7mN4bL8wR5"), "{text}");
}

#[test]
fn unknown_rule_and_file_are_errors() {
    let folder = repository();
    let config = AuditConfig::default();
    for (path, rule) in [("gone.go", RULE), ("main.go", "RES-3"), ("main.go", "X")] {
        assert!(explain_miss(folder.path(), &config, path, 1, rule).is_err());
    }
}
