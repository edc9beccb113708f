//! Columns by which code finds one record, and that no constraint makes unique.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Outcome};
use crate::source::Location;

/// How a language declares columns and looks a record up by one of them.
struct Shape {
    ends: &'static [&'static str],
    /// Words of files that declare records.
    records: &'static [&'static str],
    /// The declaration. The group `name` is the column, and `above` its annotations.
    column: Regex,
    /// The look-up. The group `name` is the column.
    lookup: Regex,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    [
        shape(
            &[".java", ".kt"],
            &["@Entity", "@Document"],
            r"(?m)^(?P<above>(?:[ \t]*@[^\n]*\n)*)[ \t]*(?:private |protected )?(?:(?:String|UUID|Long|Integer) (?P<name>\w+)\s*[;=]|va[lr] (?P<kotlin>\w+)\s*:)",
            r"(?m)^[^\n;]*\b(?:find|get|exists)\w*By(?P<name>[A-Z]\w*?)(?:Ignore\w*)?\(",
        ),
        shape(
            &[".ts"],
            &["@Entity(", "@Schema("],
            r"(?m)^(?P<above>(?:[ \t]*@[^\n]*\n)*[ \t]*@(?:Column|Prop)\((?:[^()]|\([^()]*\))*\)\s*)(?:public |readonly )?(?P<name>\w+)[!?]?\s*:",
            r"\b(?:findOne|findOneBy|findOneOrFail|existsBy|exists|exist)\(\s*\{\s*(?:where:\s*\{\s*)?(?P<name>\w+)\b",
        ),
        shape(
            &[".py"],
            &["Column(", "mapped_column(", "fields.", "models."],
            r"(?m)^(?P<above>)[ \t]+(?P<name>\w+)\b[^\n=]*=\s*(?:\w+\.)?(?:Column|mapped_column|CharField|IntField|TextField|UUIDField|EmailField|SlugField)\(",
            r"\b(?:get|get_or_none|filter_by|filter|exists)\((?:[^()\n]*?\b(?:\w+\.)?)(?P<name>\w+)\s*={1,2}\s*\w",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
});

fn shape(
    ends: &'static [&'static str],
    records: &'static [&'static str],
    column: &str,
    lookup: &str,
) -> Option<Shape> {
    Some(Shape {
        ends,
        records,
        column: Regex::new(column).ok()?,
        lookup: Regex::new(lookup).ok()?,
    })
}

/// A unique index of SQLAlchemy over several columns.
static INDEX: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bIndex\((?:[^()]|\([^()]*\))*\bunique\s*=\s*True").ok());

/// Whether an index of the file makes a column unique, alone or with others.
fn has_index(text: &str, column: &str) -> bool {
    let quoted = [format!("\"{column}\""), format!("'{column}'")];
    INDEX.as_ref().is_some_and(|index| {
        index.find_iter(text).any(|found| {
            quoted
                .iter()
                .any(|name| found.as_str().contains(name.as_str()))
        })
    })
}

/// Ends of the names of columns that identify one record, in lower case without `_`.
const IDENTIFYING: &[&str] = &[
    "email",
    "username",
    "login",
    "sku",
    "slug",
    "number",
    "orderid",
    "paymentid",
    "transactionid",
    "eventid",
    "messageid",
    "reference",
    "code",
    "isbn",
    "externalid",
    "phone",
];

/// The findings of a service, one for each file.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let files: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| found.file.role == Role::Production)
        .collect();
    let unique = unique_columns(&files);
    let mut outcomes = Vec::new();
    for shape in SHAPES.iter() {
        let own: Vec<&FileFacts> = files
            .iter()
            .copied()
            .filter(|found| shape.ends.iter().any(|end| found.file.path.ends_with(end)))
            .collect();
        let records: Vec<&FileFacts> = own
            .iter()
            .copied()
            .filter(|found| {
                let text = &found.file.text;
                shape.records.iter().any(|word| text.contains(word))
            })
            .collect();
        if records.is_empty() {
            continue;
        }
        let looked_up: BTreeSet<String> = own
            .iter()
            .flat_map(|found| shape.lookup.captures_iter(&found.file.text))
            .filter(|captures| {
                let whole = captures.get(0).map_or("", |whole| whole.as_str());
                !["List<", "Page<", "Set<", "Collection<", "Stream<"]
                    .iter()
                    .any(|many| whole.contains(many))
            })
            .filter_map(|captures| Some(plain(captures.name("name")?.as_str())))
            .collect();
        if looked_up.is_empty() {
            continue;
        }
        for found in records {
            outcomes.extend(repeated(found, shape, &looked_up, &unique));
        }
    }
    outcomes
}

fn repeated(
    found: &FileFacts,
    shape: &Shape,
    looked_up: &BTreeSet<String>,
    unique: &BTreeSet<String>,
) -> Option<Outcome> {
    let text = &found.file.text;
    // An index of the class may cover the columns.
    if text.contains("uniqueConstraints")
        || text.contains("@Unique(")
        || text.contains("UniqueConstraint(")
    {
        return None;
    }
    let mut columns: BTreeMap<usize, (&str, Location)> = BTreeMap::new();
    for captures in shape.column.captures_iter(text) {
        let Some(name) = captures.name("name").or_else(|| captures.name("kotlin")) else {
            continue;
        };
        let key = plain(name.as_str());
        let above = captures.name("above").map_or("", |above| above.as_str());
        let line = text
            .get(name.start()..)
            .and_then(|rest| rest.lines().next());
        let declared = format!("{above}{}", line.unwrap_or_default());
        let kept = [
            "unique",
            "Unique",
            "@Id",
            "PrimaryColumn",
            "primary_key",
            "pk=",
            "PrimaryGenerated",
        ]
        .iter()
        .any(|word| declared.contains(word));
        let identifies = IDENTIFYING.iter().any(|end| key.ends_with(end));
        if !kept
            && identifies
            && looked_up.contains(&key)
            && !unique.contains(&key)
            && !has_index(text, name.as_str())
        {
            let at = found.file.location(name.range(), None);
            columns.insert(name.start(), (name.as_str(), at));
        }
    }
    let (_, (name, first)) = columns.pop_first()?;
    let evidence = format!(
        "code finds one record by `{name}`, and no constraint of the database makes the column unique"
    );
    let others = columns.into_values().map(|(_, at)| at);
    Some(Breach::review(first, evidence).related(others).into())
}

/// The columns that statements of SQL make unique.
fn unique_columns(files: &[&FileFacts]) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    for found in files.iter().filter(|found| {
        [".sql", ".prisma", ".xml", ".yaml", ".yml"]
            .iter()
            .any(|end| found.file.path.ends_with(end))
            || found.file.path.contains("migrat")
            || found.file.path.contains("alembic")
    }) {
        for line in found.file.text.lines() {
            let lower = line.to_lowercase();
            if lower.contains("unique") {
                let words =
                    lower.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                columns.extend(words.map(plain));
            }
        }
    }
    columns
}

fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}
