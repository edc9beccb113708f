//! Functions with a parameter that switches debug mode on, and calls that set it by a literal.

use std::sync::LazyLock;

use regex::Regex;

use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{SwitchArgument, SwitchParameter};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "literal switches",
    reader: Reader::Text(read),
}];

/// Names of parameters that switch a mode for development on.
const NAMES: &[&str] = &[
    "debug",
    "isdebug",
    "debugmode",
    "enabledebug",
    "dev",
    "isdev",
    "devmode",
    "development",
    "isdevelopment",
];

static FUNCTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:func(?:\s*\([^()\n]*\))?|function|def|fn|fun|void|static\s+[\w<>]+)\s+(?P<name>[A-Za-z_]\w*)\s*\((?P<parameters>[^()\n]*)\)",
    )
    .ok()
});
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?P<name>[A-Za-z_]\w*)\((?P<arguments>[^()\n]*\b[tT]rue\b[^()\n]*)\)").ok()
});

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.language.is_code() {
        return;
    }
    for found in FUNCTION
        .iter()
        .flat_map(|regex| regex.captures_iter(&file.text))
    {
        let (Some(name), Some(parameters)) = (found.name("name"), found.name("parameters")) else {
            continue;
        };
        for (index, parameter) in parameters.as_str().split(',').enumerate() {
            let own = parameter
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .find(|word| NAMES.contains(&word.replace('_', "").to_lowercase().as_str()));
            if let Some(own) = own {
                facts.add(
                    SwitchParameter {
                        function: name.as_str().to_owned(),
                        index,
                        name: own.to_owned(),
                    },
                    name.range(),
                );
            }
        }
    }
    for found in CALL
        .iter()
        .flat_map(|regex| regex.captures_iter(&file.text))
    {
        let (Some(name), Some(arguments)) = (found.name("name"), found.name("arguments")) else {
            continue;
        };
        let before = file.text.get(..name.start()).unwrap_or_default();
        if file.path.ends_with(".rs") && before.contains("#[cfg(test)]") {
            continue;
        }
        for (index, argument) in arguments.as_str().split(',').enumerate() {
            if matches!(argument.trim(), "true" | "True") {
                facts.add(
                    SwitchArgument {
                        function: name.as_str().to_owned(),
                        index,
                    },
                    name.start()..arguments.end() + 1,
                );
            }
        }
    }
}
