//! The settings file of a service, from the values that its facts contain.

use std::collections::BTreeSet;

use seaworthy_facts::Facts;
use serde_json::Value as Json;

use crate::yaml::Yaml;

/// The folder into which secrets are mounted.
pub(super) const SECRETS: &str = "/run/secrets";

/// Returns the name of the settings file of the profile.
pub(super) fn file(facts: &Facts) -> String {
    format!("config.{}.yaml", facts.profile)
}

/// Returns the settings file.
pub(super) fn text(facts: &Facts) -> String {
    let mut root = Yaml::Map(Vec::new());
    for (key, value) in &facts.values {
        insert(&mut root, &key.split('.').collect::<Vec<_>>(), value);
    }
    root.document("")
}

/// Inserts a value below the names of its key. `name[3]` is an item of a list.
fn insert(node: &mut Yaml, names: &[&str], value: &Json) {
    let (Yaml::Map(entries), Some((name, rest))) = (node, names.split_first()) else {
        return;
    };
    let is_item = name.ends_with(']');
    let key = name.split_once('[').map_or(*name, |(key, _)| key);
    let position = entries.iter().position(|(known, _)| known == key);
    let position = position.unwrap_or_else(|| {
        let empty = if is_item {
            Yaml::List(Vec::new())
        } else {
            Yaml::Map(Vec::new())
        };
        entries.push((key.to_owned(), empty));
        entries.len() - 1
    });
    let Some((_, child)) = entries.get_mut(position) else {
        return;
    };
    match (child, rest) {
        (Yaml::List(items), []) => items.push(yaml(value)),
        (Yaml::List(items), rest) => {
            let index = name
                .split_once('[')
                .and_then(|(_, index)| index.strip_suffix(']'));
            let index: usize = index
                .and_then(|index| index.parse().ok())
                .unwrap_or_default();
            while items.len() <= index {
                items.push(Yaml::Map(Vec::new()));
            }
            if let Some(item) = items.get_mut(index) {
                insert(item, rest, value);
            }
        }
        (child, []) => *child = yaml(value),
        (child, rest) => insert(child, rest, value),
    }
}

fn yaml(value: &Json) -> Yaml {
    match value {
        Json::Bool(value) => Yaml::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Yaml::Number(number),
            None => Yaml::Decimal(number.to_string()),
        },
        Json::String(text) => Yaml::Text(text.clone()),
        Json::Null => Yaml::Null,
        Json::Array(items) => Yaml::List(items.iter().map(yaml).collect()),
        Json::Object(members) => {
            let members = members.iter();
            Yaml::Map(
                members
                    .map(|(key, value)| (key.clone(), yaml(value)))
                    .collect(),
            )
        }
    }
}

/// Returns the names of the files below [`SECRETS`] that the settings name.
pub(super) fn secret_files(facts: &Facts) -> BTreeSet<String> {
    let folder = format!("{SECRETS}/");
    let texts = facts.values.values().filter_map(Json::as_str);
    texts
        .flat_map(|text| text.split(&folder).skip(1).collect::<Vec<_>>())
        .map(|rest| {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
            rest.split_at(end).0.to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// Returns the environment variables that hold secrets: `env:NAME`.
pub(super) fn secret_variables(facts: &Facts) -> BTreeSet<String> {
    let texts = facts.values.values().filter_map(Json::as_str);
    texts
        .filter_map(|text| text.strip_prefix("env:"))
        .map(str::to_owned)
        .collect()
}

/// Returns the name of the ConfigMap. It contains a hash of the settings, so a change of them
/// starts new pods, and pods of an earlier rollout find their settings.
pub(super) fn name(facts: &Facts) -> String {
    format!("{}-{}", facts.name, hash(&text(facts)))
}

/// Returns a hash for the name of an object (FNV-1a).
pub(super) fn hash(text: &str) -> String {
    let offset = 0xcbf2_9ce4_8422_2325_u64;
    let hash = text.bytes().fold(offset, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [high, low] = [hash >> 32, hash & u64::from(u32::MAX)];
    format!("{:08x}", high ^ low)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A text `null` is not the value null: the service would read it as a path.
    #[test]
    fn values_keep_their_types_conf_1() {
        let mut root = Yaml::Map(Vec::new());
        for (key, value) in [
            ("public_metrics", json!(null)),
            ("name", json!("null")),
            ("limits.ratio", json!(0.25)),
            ("limits.most", json!(12)),
            ("origins", json!([])),
            ("labels", json!({ "tier": null })),
        ] {
            insert(&mut root, &key.split('.').collect::<Vec<_>>(), &value);
        }
        assert_eq!(
            root.document(""),
            "public_metrics: null\nname: \"null\"\nlimits: {ratio: 0.25, most: 12}\norigins: []\nlabels: {tier: null}\n"
        );
    }
}
