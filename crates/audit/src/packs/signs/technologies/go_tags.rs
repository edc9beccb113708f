//! Structs of Go with two fields of one name in a format: neither is decoded, or one loses its value.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "tags of Go structs",
    reader: Reader::Text(read),
};

const STRUCT: &str = r"(?m)^(?:type )?[ \t]*\w+ struct \{\n(?P<fields>(?:[^{}\n]*\n)*?)[ \t]*\}";
/// The name of a field in one format. Query parameters may repeat on purpose.
const TAG: &str = r#"\b(?P<format>json|bson|db|gorm:"column):\s*"?(?P<name>[A-Za-z_][\w.-]*)"#;

static PATTERNS: LazyLock<Option<(Regex, Regex)>> =
    LazyLock::new(|| Some((ascii(STRUCT)?, ascii(TAG)?)));

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.path.ends_with(".go") || file.path.ends_with(".pb.go")
    {
        return;
    }
    let Some((structs, tags)) = PATTERNS.as_ref() else {
        return;
    };
    for fields in structs
        .captures_iter(&file.text)
        .filter_map(|captures| captures.name("fields"))
    {
        let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for captures in tags.captures_iter(fields.as_str()) {
            let (Some(format), Some(name)) = (captures.name("format"), captures.name("name"))
            else {
                continue;
            };
            let line = |at: usize| {
                let before = fields.as_str().get(..at).unwrap_or_default();
                before.matches('\n').count()
            };
            let place = (format.as_str(), name.as_str());
            let own = line(name.start());
            if known.get(&place).is_some_and(|first| *first != own) {
                let observation = Observation {
                    practice: Practice::ErrorResponse,
                    verdict: Verdict::Review,
                    elsewhere: "",
                    evidence: format!(
                        "two fields of the struct have the name `{}`, so neither or one of them gets its value",
                        name.as_str()
                    ),
                };
                let start = fields.start();
                facts.add(observation, start + name.start()..start + name.end());
                break;
            }
            known.insert(place, own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::packs::signs::observes::observes;

    fn finds(second: &str) -> bool {
        let text = format!(
            "type Shop struct {{\n\tName string `json:\"name\"`\n\tCity string `json:\"{second}\"`\n}}\n"
        );
        observes(read, "shop.go", &text)
    }

    #[test]
    fn two_fields_with_one_name_are_found_api_2() {
        assert!(finds("name"));
        assert!(!finds("city"));
    }
}
