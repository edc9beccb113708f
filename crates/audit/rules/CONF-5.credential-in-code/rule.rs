//! The code contains a credential.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Model;
use crate::model::facts::Practice;
use crate::report::MAX_RELATED;
use crate::rule::{
    Breach, Category, Check, Metadata, Outcome, Rule, Severity, observed, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.credential-in-code",
        title: "The code contains a credential",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "Code gives a name like `jwtSecret` or `password` a literal value, passes a literal password to a client, or contains a URL with a password. Names of settings, types, kinds and properties, texts for people, masks, placeholders, seeds, test doubles, load tests and tests are excluded. The rule reports literals of one list, and equal addresses in one object, once. Low for an address of this machine, for a file for developers (`server-dev.ts`), and for names with `DEMO`. Places of one file with the same text are one finding.",
        why: "Everyone with read access to the code or the image knows the value. It reaches production unless a deployment overrides it.",
        fix: &[(
            "any",
            "Read the value from the environment or from a secret file, and make startup fail if it is missing.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Service(|model, service| {
        or_passed(
            once_per_text(model, observed(service, Practice::CodeCredential)),
            service,
            &[
                "Go",
                "JavaScript",
                "TypeScript",
                "Python",
                "Java",
                "Kotlin",
                "Rust",
            ],
            "no name that holds a credential gets a literal",
        )
    }),
};

/// One breach for all places of a file with the same text, such as a default and its comparison.
fn once_per_text(model: &Model, outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut kept: Vec<Outcome> = Vec::new();
    let mut known: BTreeMap<(Arc<str>, &str), usize> = BTreeMap::new();
    for outcome in outcomes {
        let Outcome::Breach(breach) = &outcome else {
            kept.push(outcome);
            continue;
        };
        let text = model
            .files
            .get(&breach.at.path)
            .and_then(|found| found.file.text.get(breach.at.span.clone()))
            .unwrap_or_default();
        let key = (Arc::clone(&breach.at.path), text);
        match known.get(&key).and_then(|at| kept.get_mut(*at)) {
            Some(Outcome::Breach(first)) if has_room(first) => {
                first.related.push(breach.at.clone());
            }
            _ => {
                known.insert(key, kept.len());
                kept.push(outcome);
            }
        }
    }
    kept
}

fn has_room(breach: &Breach) -> bool {
    breach.related.len() < MAX_RELATED
}
