//! A database connection is not encrypted.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.plaintext-database",
        title: "A database connection is not encrypted",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A URL in a configuration file or manifest has `sslmode=disable` for a public or company host name. Low for hosts without a dot, private addresses and cluster names. This machine is excluded. Code that puts such a URL together is reported for review, as are settings of a connection in code that name no encryption.",
        why: "Attackers on the network can read and change passwords and rows.",
        fix: &[("any", "Use `sslmode=verify-full` with the CA certificate.")],
        references: &["https://www.postgresql.org/docs/current/libpq-ssl.html"],
    },
    check: Check::Repository(check),
};

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"postgres(?:ql)?://[^\s"'<>@]*@?([A-Za-z0-9_.\-]+)(?::\d+)?/[^\s"'<>]*sslmode=([a-z\-]+)"#).ok()
});

/// The same as pairs of names and values, which code puts together.
static PAIRS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:host|dbname|user)=[^"'`\n]*\b(sslmode=disable)"#).ok());

/// Suffixes of paths, the settings of a connection in code, and the words of a file that encrypts
/// it.
const CONNECTIONS: &[(&[&str], &str, &[&str])] = &[
    (
        &[".ts", ".js"],
        r#"(?:client\s*:\s*["'](?:pg|mysql2?|postgres\w*|mssql)["']|type\s*:\s*["'](?:postgres|mysql|mariadb)["']|dialect\s*:\s*["'](?:postgres|mysql|mariadb)["'])[\s\S]{0,120}?(\b(?:connection\s*:\s*\{|host\s*:|url\s*:))"#,
        &["ssl", "tls", "migration"],
    ),
    (
        &[".ts", ".js"],
        r"(\bnew (?:pg\.)?Pool\(\s*\{|\b(?:mysql\w*\.)?createPool\(\s*\{)",
        &["ssl", "tls", "connectionstring"],
    ),
    (
        &[".go"],
        r#""[^"\n]*(@tcp\()[^"\n]*""#,
        &["tls=", "tlsconfig"],
    ),
    (
        &[".java", ".kt", ".properties", ".yml", ".yaml"],
        r"jdbc:mysql://[^\s]*(useSSL=false)",
        &[],
    ),
    (
        &["settings.py", "production.py", "base.py"],
        r#"["']ENGINE["']\s*:\s*["'](django\.db\.backends\.(?:postgresql\w*|mysql))["']"#,
        &["sslmode", "ssl"],
    ),
];

/// One entry with its compiled pattern.
type Connection = (&'static [&'static str], Regex, &'static [&'static str]);

static CONNECTION: LazyLock<Vec<Connection>> = LazyLock::new(|| {
    CONNECTIONS
        .iter()
        .filter_map(|(ends, pattern, words)| Some((*ends, Regex::new(pattern).ok()?, *words)))
        .collect()
});

/// Connections that code configures without encryption.
fn configured(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for file in model.files.values().map(|found| &found.file) {
        let lower = file.text.to_lowercase();
        for (ends, regex, words) in CONNECTION.iter() {
            let reads = file.role.is_deployed() && ends.iter().any(|end| file.path.ends_with(end));
            if !reads || words.iter().any(|word| lower.contains(word)) {
                continue;
            }
            if let Some(place) = regex.captures(&file.text).and_then(|found| found.get(1)) {
                let at = file.location(place.range(), None);
                let evidence = "the settings of the connection name no encryption";
                outcomes.push(Breach::review(at, evidence).into());
            }
        }
    }
    outcomes
}

/// Packages whose dialer encrypts the connection below the driver, which then must not.
const DIALERS: &[&str] = &["alloydbconn", "cloudsqlconn"];

/// Text of an address that code puts together. The host is a value of the program.
fn built(model: &Model) -> impl Iterator<Item = Outcome> {
    let deployed = model.files.values().map(|found| &found.file);
    deployed
        .filter(|file| file.role.is_deployed() && !file.language.is_configuration())
        .filter(|file| !DIALERS.iter().any(|dialer| file.text.contains(dialer)))
        .flat_map(|file| {
            let pairs = PAIRS.as_ref().into_iter();
            pairs.flat_map(|regex| {
                regex.captures_iter(&file.text).filter_map(|found| {
                    let mode = found.get(1)?;
                    let at = file.location(mode.range(), None);
                    let evidence = "a URL that the code puts together has `sslmode=disable`";
                    Some(Breach::review(at, evidence).into())
                })
            })
        })
}

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes: Vec<_> = built(model).collect();
    outcomes.extend(configured(model));
    for found in model.files.values() {
        let file = &found.file;
        if !file.role.is_deployed()
            || !file.language.is_configuration()
            || !file.text.contains("sslmode=")
        {
            continue;
        }
        for captures in URL
            .as_ref()
            .into_iter()
            .flat_map(|regex| regex.captures_iter(&file.text))
        {
            let (Some(whole), Some(host), Some(mode)) =
                (captures.get(0), captures.get(1), captures.get(2))
            else {
                continue;
            };
            let at = file.location(whole.range(), None);
            match mode.as_str() {
                "require" | "verify-ca" | "verify-full" => outcomes.push(Outcome::passed(
                    "the connection to the database is encrypted",
                    Some(&at),
                )),
                "disable" if is_far(host.as_str()) => outcomes.push(
                    Breach::new(
                        at,
                        Confidence::High,
                        format!("`sslmode=disable` for `{}`", host.as_str()),
                    )
                    .into(),
                ),
                "disable" if !matches!(host.as_str(), "localhost" | "127.0.0.1") => outcomes.push(
                    Breach::new(
                        at,
                        Confidence::Low,
                        format!("`sslmode=disable` for `{}`", host.as_str()),
                    )
                    .severity(Severity::Low)
                    .into(),
                ),
                _ => {}
            }
        }
    }
    outcomes
}

fn is_far(host: &str) -> bool {
    let inside = [
        ".svc",
        ".local",
        ".internal",
        ".cluster",
        ".localdomain",
        ".test",
        ".example",
    ]
    .iter()
    .any(|part| host.contains(part));
    let number = host
        .chars()
        .all(|letter| letter.is_ascii_digit() || letter == '.');
    host.contains('.') && !inside && !number
}
