use std::fs;

use chrono::NaiveDate;

use crate::config::ConfigFile;
use crate::{AuditConfig, Report, audit};

/// The tests assemble the comments, so that this file contains none.
const ALLOW: &str = concat!("seaworthy", ": allow SHIP-1.root-user");

fn report(dockerfile: &str, config: &AuditConfig) -> Report {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
    audit(folder.path(), config).unwrap()
}

fn on(day: &str) -> AuditConfig {
    AuditConfig {
        today: day.parse::<NaiveDate>().unwrap(),
        ..AuditConfig::default()
    }
}

fn roots(report: &Report) -> usize {
    report
        .findings
        .iter()
        .filter(|finding| finding.id == "SHIP-1.root-user")
        .count()
}

#[test]
fn comment_suppresses_next_line_and_is_listed() {
    let text = format!(
        "# {ALLOW} because the platform maps the user\n# another comment\nFROM alpine:3.20\nCMD [\"/bin/true\"]\n"
    );
    let report = report(&text, &on("2026-11-21"));
    assert_eq!(roots(&report), 0);
    let suppressed = &report.suppressed[0];
    assert_eq!(suppressed.reason.as_str(), "the platform maps the user");
    assert_eq!(suppressed.place, "Dockerfile:1");
    assert!(report.notices.is_empty(), "{:?}", report.notices);
}

#[test]
fn a_suppression_counts_until_its_day_and_not_longer() {
    let text = format!(
        "# {ALLOW} until 2026-11-30 because the base image changes this month\nFROM alpine:3.20\nCMD [\"/bin/true\"]\n"
    );
    assert_eq!(roots(&report(&text, &on("2026-11-30"))), 0);
    let late = report(&text, &on("2026-12-01"));
    assert_eq!(roots(&late), 1);
    assert!(
        late.notices[0]
            .text
            .as_str()
            .contains("expired on 2026-11-30")
    );
}

#[test]
fn invalid_suppression_is_ignored_and_reported() {
    for (comment, words) in [
        (ALLOW.to_owned(), "it has no reason"),
        (
            format!("{ALLOW} until soon because x"),
            "`soon` is not a date",
        ),
        (
            format!("{} because x", ALLOW.replace("SHIP-1.root-user", "SHIP-1")),
            "no rule has the ID `SHIP-1`",
        ),
    ] {
        let report = report(
            &format!("# {comment}\nFROM alpine:3.20\nCMD [\"/bin/true\"]\n"),
            &on("2026-11-21"),
        );
        assert_eq!(roots(&report), 1, "{comment}");
        assert!(
            report.notices[0].text.as_str().contains(words),
            "{comment}: {:?}",
            report.notices
        );
    }
}

#[test]
fn a_suppression_of_nothing_is_reported() {
    let text =
        format!("# {ALLOW} because of history\nFROM alpine:3.20\nUSER app\nCMD [\"/bin/true\"]\n");
    let report = report(&text, &on("2026-11-21"));
    assert_eq!(report.notices[0].place, "Dockerfile:1");
    assert!(report.notices[0].text.as_str().contains("delete it"));
}

#[test]
fn suppressions_can_be_ignored() {
    let text = format!("# {ALLOW} because we say so\nFROM alpine:3.20\nCMD [\"/bin/true\"]\n");
    let config = AuditConfig {
        honour_suppressions: false,
        ..on("2026-11-21")
    };
    assert_eq!(roots(&report(&text, &config)), 1);
}

#[test]
fn configuration_suppresses_in_files_without_comments() {
    let file = ConfigFile::parse(
        "seaworthy-audit.toml".as_ref(),
        "[[suppress]]\nrule = \"SHIP-1.root-user\"\npath = \"Docker*\"\nreason = \"it is a test\"\n",
    )
    .unwrap();
    let mut config = on("2026-11-21");
    file.apply(&mut config).unwrap();
    let report = report("FROM alpine:3.20\nCMD [\"/bin/true\"]\n", &config);
    assert_eq!(roots(&report), 0);
    assert_eq!(report.suppressed[0].place, "seaworthy-audit.toml:1");
}

#[test]
fn a_suppression_that_a_comment_only_quotes_is_none() {
    let quoted =
        format!("# write `# {ALLOW} because x` above\nFROM alpine:3.20\nCMD [\"/bin/true\"]\n");
    let report = report(&quoted, &on("2026-11-21"));
    assert_eq!(roots(&report), 1);
    assert!(report.notices.is_empty(), "{:?}", report.notices);
}
