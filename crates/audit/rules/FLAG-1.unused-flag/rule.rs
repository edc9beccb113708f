//! A file defines a feature flag that no code reads.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::facts::{FlagDefinition, FlagUse};
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FLAG-1.unused-flag",
        title: "A file defines a feature flag that no code reads",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "A flag file (flagd, `features.yaml`) defines a flag whose key is not a string in the deployed code of the repository. No other flag names it. Flags of the framework (`framework.…`), and repositories whose code reads no flags, are excluded.",
        why: "A change of the flag has no effect. Unused flags hide the ones that matter in an incident.",
        fix: &[(
            "any",
            "Remove the flag. If a program of another repository reads it, note that with a suppression.",
        )],
        references: &[
            "https://openfeature.dev/specification/",
            "https://flagd.dev/reference/flag-definitions/",
        ],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let files = || model.files.values();
    if files().all(|found| found.facts.of::<FlagUse>().items.is_empty()) {
        return Vec::new();
    }
    let mut defined: Vec<_> = files()
        .flat_map(|found| {
            let definitions = found.facts.of::<FlagDefinition>().into_owned();
            definitions.items.into_iter()
        })
        .filter(|flag| flag.at.role.is_deployed() && !flag.key.starts_with("framework."))
        .collect();
    let keys: BTreeSet<&str> = defined.iter().map(|flag| &*flag.key).collect();
    let mut read = BTreeSet::new();
    for found in files().filter(|found| found.file.role.is_deployed()) {
        let file = &found.file;
        let is_read = file.language.is_code()
            || [
                ".proto", ".html", ".vue", ".svelte", ".jsx", ".tsx", ".cs", ".php", ".rb",
            ]
            .iter()
            .any(|end| file.path.ends_with(end));
        if is_read {
            let texts = file.text.split(['"', '\'', '`']);
            read.extend(texts.filter(|text| keys.contains(text)));
        }
    }
    let read: BTreeSet<String> = read.into_iter().map(ToOwned::to_owned).collect();
    defined.sort_by(|left, right| left.key.cmp(&right.key));
    // A flag of several environments is one flag.
    defined.dedup_by(|left, right| left.key == right.key);
    let outcomes = defined.iter().map(|flag| {
        let key = &flag.key;
        if read.contains(key) || flag.is_named_again {
            return Outcome::passed(format!("flag `{key}` is read"), Some(&flag.at));
        }
        Breach::review(
            flag.at.clone(),
            format!("no deployed code has the key `{key}`"),
        )
        .into()
    });
    outcomes.collect()
}
