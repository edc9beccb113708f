//! The verification of certificates is disabled.

mod exceptions;

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::SourceFile;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.verification-off",
        title: "The verification of certificates is disabled",
        severity: Severity::High,
        category: Category::Security,
        meaning: "A connection string, a setting or code accepts any certificate: `tlsAllowInvalidCertificates=true`, `InsecureSkipVerify: true`, `rejectUnauthorized: false`, `verify=False`. Comments, tests and development files are excluded. Medium if a condition or a variable in the same line decides. Low confidence if a condition on a setting like `insecure` is around the place, and no configuration file turns the setting on. A function that only reads the certificate of the peer is excluded.",
        why: "Attackers on the network can read and change the traffic with a certificate of their own.",
        fix: &[(
            "any",
            "Trust the CA that signs the certificates of the server, and keep the verification on.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/295.html"],
    },
    check: Check::Repository(check),
};

static OFF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?:tlsAllowInvalidCertificates|tlsInsecure|tlsAllowInvalidHostnames|sslInsecure)=true
        |(?i:TrustServerCertificate\s*=\s*(?:true|yes))
        |InsecureSkipVerify:\s*true
        |insecure_skip_verify["']?\s*[:=]\s*true
        |rejectUnauthorized["']?\s*:\s*false
        |NODE_TLS_REJECT_UNAUTHORIZED["']?\]?\s*[:=]\s*["']?0
        |\bverify\s*=\s*False\b
        |CERT_[N]ONE\b
        |danger_accept_invalid_(?:certs|hostnames)\(true\)
        |Noop[H]ostnameVerifier
        |SslVerifyMode::[N]ONE
        |ssl[_-]verify["']?\s*[:=]\s*(?:false|off|no)\b
        "#,
    )
    .ok()
});

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut read = 0;
    for found in model.files.values() {
        let file = &found.file;
        let texts = file.language.is_code() || file.language.is_configuration();
        if file.role != Role::Production || !texts {
            continue;
        }
        read += 1;
        for matched in OFF.iter().flat_map(|regex| regex.find_iter(&file.text)) {
            let line = line_around(file, matched.start());
            let trimmed = line.trim_start();
            if trimmed.starts_with("//") || trimmed.starts_with('#') || trimmed.starts_with('*') {
                continue;
            }
            // A text for people names the setting, and only an address carries it.
            let before = file
                .text
                .get(..matched.start())
                .and_then(|before| before.rsplit('\n').next())
                .unwrap_or_default();
            let quoted = before.matches('"').count() % 2 == 1;
            let address = line.contains("://") || before.contains(';');
            if file.language.is_code() && quoted && !(address && matched.as_str().contains('=')) {
                continue;
            }
            let is_code = file.language.is_code();
            if is_code && exceptions::reads_certificate(file, matched.start()) {
                continue;
            }
            let decided = ["if ", " if", "?", "process.env", "getenv", "config."]
                .iter()
                .any(|mark| line.contains(mark))
                && is_code;
            let optional = is_code && exceptions::is_optional(model, file, matched.start());
            let at = file.location(matched.range(), None);
            let confidence = if optional {
                Confidence::Low
            } else {
                Confidence::High
            };
            let breach = Breach::new(
                at,
                confidence,
                format!(
                    "`{}`",
                    matched
                        .as_str()
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" ")
                ),
            );
            outcomes.push(if decided {
                breach.severity(Severity::Medium).into()
            } else {
                breach.into()
            });
        }
    }
    if outcomes.is_empty() && read > 0 {
        outcomes.push(Outcome::passed(
            format!("none of {read} files disables the verification of certificates"),
            None,
        ));
    }
    outcomes
}

fn line_around(file: &SourceFile, at: usize) -> &str {
    let start = file
        .text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |line| line + 1);
    let rest = file.text.get(start..).unwrap_or_default();
    rest.lines().next().unwrap_or_default()
}
