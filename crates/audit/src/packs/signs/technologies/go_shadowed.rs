//! Package variables of Go that a function means to set and declares again: `client := …` makes a
//! local variable, and the package variable stays nil.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "shadowed variables of Go",
    reader: Reader::Text(read),
};

/// `var client *mongo.Client`, alone or in a group.
const DECLARED: &str =
    r"(?m)^(?:var[ \t]+|\t)(?P<name>[a-zA-Z]\w*)[ \t]+\*?\w[\w.]*(?:\[[^\]\n]*\])?[ \t]*$";
/// `client, err := …` in a function.
const AGAIN: &str = r"(?m)^[ \t]+(?P<names>\w+(?:, *\w+)*)[ \t]*:=";

static PATTERNS: LazyLock<Option<(Regex, Regex)>> =
    LazyLock::new(|| Some((ascii(DECLARED)?, ascii(AGAIN)?)));

/// Names of package variables without a value.
fn declared<'t>(text: &'t str, pattern: &Regex) -> BTreeSet<&'t str> {
    let mut names = BTreeSet::new();
    let mut in_group = false;
    for line in text.lines() {
        if line.starts_with("var (") {
            in_group = true;
        } else if line.starts_with(')') {
            in_group = false;
        }
        if in_group || line.starts_with("var ") {
            let name = pattern
                .captures(line)
                .and_then(|captures| captures.name("name"));
            names.extend(name.map(|name| name.as_str()));
        }
    }
    names
}

/// Whether any statement of a file sets the package variable.
fn is_set(text: &str, name: &str) -> bool {
    let address = format!("&{name}");
    text.contains(&address)
        || text.lines().any(|line| {
            let Some((left, right)) = line.split_once('=') else {
                return false;
            };
            !left.ends_with(':')
                && !right.starts_with('=')
                && !line.starts_with("var ")
                && left
                    .trim_end_matches(['+', '-', '|', '&'])
                    .split(',')
                    .any(|part| part.trim().rsplit(['{', ';', ' ']).next() == Some(name))
        })
}

/// Whether another function of the file returns the variable or calls its methods.
fn is_read(text: &str, name: &str) -> bool {
    let returned = format!("return {name}");
    text.lines().any(|line| {
        line.trim_start()
            .strip_prefix(&returned)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([',', '.']))
    })
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.path.ends_with(".go") {
        return;
    }
    let Some((declaration, again)) = PATTERNS.as_ref() else {
        return;
    };
    let text: &str = &file.text;
    for name in declared(text, declaration) {
        if is_set(text, name) || !is_read(text, name) {
            continue;
        }
        let place = again.captures_iter(text).find_map(|captures| {
            let names = captures.name("names")?;
            let own = names.as_str().split(',').any(|part| part.trim() == name);
            own.then(|| names.range())
        });
        if let Some(at) = place {
            let observation = Observation {
                practice: Practice::UncheckedValue,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!(
                    "`:=` makes a new variable `{name}`, so the package variable of this name stays nil"
                ),
            };
            facts.add(observation, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::packs::signs::observes::observes;

    fn finds(text: &str) -> bool {
        observes(read, "db.go", text)
    }

    #[test]
    fn package_variable_that_stays_nil_is_found_life_1() {
        let file = |statement: &str| {
            format!(
                "package db\n\nvar client *mongo.Client\n\nfunc Connect() error {{\n\t{statement} mongo.Connect(ctx)\n\treturn err\n}}\n\nfunc Client() *mongo.Client {{\n\treturn client\n}}\n"
            )
        };
        assert!(finds(&file("client, err :=")));
        assert!(!finds(&file("var err error\n\tclient, err =")));
    }
}
