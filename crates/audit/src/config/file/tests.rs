use std::path::Path;

use proptest::prelude::*;

use super::ConfigFile;
use crate::AuditConfig;
use crate::config::{RuleSetting, Tier};
use crate::rule::{FailOn, Severity};

fn refused(text: &str) -> String {
    ConfigFile::parse(Path::new("seaworthy-audit.toml"), text)
        .unwrap_err()
        .to_string()
}

#[test]
fn file_contains_every_setting_of_a_team() {
    let file = ConfigFile::parse(
        Path::new("seaworthy-audit.toml"),
        r#"
fail-on = "medium"
tier = "standard"
baseline = "audit-baseline.json"
ignore = ["docs/examples/**"]

[rules."SHIP-1.root-user"]
severity = "high"

[rules."SEC-2.cors-wildcard"]
off = "the gateway answers preflight requests"

[services.nightly]
tier = "batch"

[[suppress]]
rule = "SEC-7.secret-in-file"
path = "charts/**"
reason = "a password that is made anew in each test cluster"
until = 2027-01-31
"#,
    )
    .unwrap();
    let mut config = AuditConfig::default();
    file.apply(&mut config).unwrap();
    assert_eq!(file.fail_on, Some(FailOn::Severity(Severity::Medium)));
    assert_eq!(config.tier_of("nightly"), Tier::Batch);
    assert_eq!(config.tier_of("api"), Tier::Standard);
    assert_eq!(
        config.rules["SHIP-1.root-user"],
        RuleSetting::Severity(Severity::High)
    );
    assert!(config.ignored.contains("docs/examples/a/b.md"));
    assert!(!config.ignored.contains("docs/a.md"));
    assert_eq!(config.suppressions[0].place, "seaworthy-audit.toml:16");
}

#[test]
fn the_example_of_the_documents_is_a_valid_file() {
    let page = include_str!("../../../../../docs/audit.md");
    let example = page
        .split_once("```toml\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .unwrap()
        .0;
    let file = ConfigFile::parse(Path::new("docs/audit.md"), example).unwrap();
    assert_eq!(file.fail_on, Some(FailOn::Severity(Severity::Medium)));
}

#[test]
fn error_names_line_column_and_valid_values() {
    for (text, place, words) in [
        ("fail-on = \"hihg\"", "1:11", "critical, high, medium"),
        ("tier = \"gold\"", "1:8", "expected one of"),
        ("\nfail = \"low\"", "2:1", "unknown field `fail`"),
        ("ignore = [\n  \"a/{b\",\n]", "2:3", "a/{b"),
        (
            "[rules.\"SHIP-99.x\"]\noff = \"no\"",
            "1:8",
            "no rule has the ID `SHIP-99.x`",
        ),
        ("[rules.\"SHIP-1.root-user\"]\n", "1:1", "either `severity"),
        (
            "[rules.\"SHIP-1.root-user\"]\noff = \" \"",
            "2:7",
            "the reason is empty",
        ),
        (
            "[[suppress]]\nrule = \"SHIP-1.root-user\"\npath = \"a\"",
            "1:1",
            "missing field `reason`",
        ),
        (
            "[[suppress]]\nrule = \"SHIP-1.root-user\"\nreason = \"a\"",
            "1:1",
            "must name a `path`",
        ),
        (
            "[[suppress]]\nrule = \"SHIP-1.root-user\"\npath = \"a\"\nreason = \"a\"\nuntil = 10:00:00",
            "5:9",
            "until = 2027-01-31",
        ),
        (
            "baseline = \"../other.json\"",
            "1:12",
            "inside the repository",
        ),
        (
            "limits = { max-files = 1 }",
            "1:1",
            "unknown field `limits`",
        ),
        ("a = [", "1:", ""),
    ] {
        let message = refused(text);
        assert!(
            message.starts_with(&format!("seaworthy-audit.toml:{place}"))
                && message.contains(words),
            "{text:?}: {message}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_file_or_an_error_with_a_place(
        parts in prop::collection::vec("\\PC{0,12}|\\[|\\]|=|\"|\\n|suppress|until|2027-01-31|rules|ignore|'", 0..25),
    ) {
        let text = parts.concat();
        if let Err(error) = ConfigFile::parse(Path::new("a.toml"), &text) {
            prop_assert!(error.to_string().starts_with("a.toml:"));
        }
    }
}
