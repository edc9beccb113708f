//! The page about all rules, rendered from their metadata.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::markdown::capitalised;
use super::requirement::requirement;
use crate::rule::{Metadata, Rule};

/// All rules as one page of Markdown, by requirement of the catalogue.
///
/// # Errors
/// Never in practice: writing to a string cannot fail.
pub fn rule_document(rules: &[&Rule]) -> Result<String, fmt::Error> {
    let mut chapters: BTreeMap<_, Vec<&Metadata>> = BTreeMap::new();
    for rule in rules {
        chapters
            .entry(rule.metadata.category)
            .or_default()
            .push(&rule.metadata);
    }
    let mut out = format!(
        "# Rules of the auditor\n\n`seaworthy audit rules --markdown` generates this page, and a test compares it. There are {} rules. The part of an ID before the full stop is the requirement in the [catalogue](catalogue.md).\n\n| Rule | Severity | What it finds |\n| --- | --- | --- |\n",
        rules.len()
    );
    for rule in rules {
        let Metadata {
            id,
            title,
            severity,
            ..
        } = rule.metadata;
        writeln!(
            out,
            "| [{id}](#{}) | {severity} | {} |",
            anchor(id),
            title.replace('|', "\\|")
        )?;
    }
    for (category, rules) in chapters {
        writeln!(out, "\n## {}", capitalised(category.name()))?;
        for metadata in rules {
            one(&mut out, metadata)?;
        }
    }
    Ok(out)
}

fn one(out: &mut String, metadata: &Metadata) -> fmt::Result {
    writeln!(
        out,
        "\n### {}\n\n**{}** · {}{}\n\n{}\n\n*Why it matters.* {}\n\n*How to fix it.*\n",
        metadata.id,
        metadata.title,
        metadata.severity,
        requirement(metadata.requirement()).map_or_else(String::new, |requirement| format!(
            " · requirement {}: {}",
            requirement.id, requirement.sentence
        )),
        metadata.meaning,
        metadata.why
    )?;
    for (ecosystem, text) in metadata.fix {
        writeln!(out, "- {ecosystem}: {text}")?;
    }
    writeln!(
        out,
        "\nReferences: {}",
        metadata
            .references
            .iter()
            .map(|reference| format!("<{reference}>"))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// The anchor that GitHub makes of a heading.
fn anchor(id: &str) -> String {
    id.to_lowercase().replace('.', "")
}

#[cfg(test)]
mod tests {
    use super::rule_document;
    use crate::rule::rules;

    #[test]
    fn the_committed_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit-rules.md");
        let generated = rule_document(rules()).unwrap();
        if std::env::var_os("SEAWORTHY_UPDATE").is_some_and(|value| value == "1") {
            std::fs::write(path, generated).unwrap();
            return;
        }
        assert!(
            generated == std::fs::read_to_string(path).unwrap(),
            "docs/audit-rules.md is not current: run the test again with SEAWORTHY_UPDATE=1"
        );
    }
}
