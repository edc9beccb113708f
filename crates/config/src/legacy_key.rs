//! Keys of legacy files, which the loader moves to the keys of the settings types.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    ConfigError, Conversion, Profile, Schema,
    effect::{Effect, mapped},
    key::{Key, Segment},
    legacy_variable::parse_profile,
    requirement::Requirement,
    shape::Form,
    tree::{Entry, Node, Scalar, Value, list_of_literals, merge},
};

/// A key of a legacy configuration file. It sets a key of the settings, or it fails the load with
/// an error that names its replacement. So the service never ignores one silently.
///
/// A file that sets both the legacy key and its replacement fails the load.
///
/// ```
/// use seaworthy_config::{Conversion, LegacyKey};
///
/// const KEYS: [LegacyKey; 4] = [
///     LegacyKey::sets("database.source", "database.url"),
///     LegacyKey::converted("cors.max_age", "server.http.cors.max_age", Conversion::Seconds),
///     LegacyKey::accepts("log.output", &["stdout"], "remove it: logs go to stdout"),
///     LegacyKey::rejected("log.file", "remove it: logs go to stdout"),
/// ];
/// assert_eq!(KEYS[0].key(), "database.source");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyKey {
    key: Cow<'static, str>,
    effect: Effect<Cow<'static, str>>,
}

/// A legacy key of a schema, with both keys resolved.
#[derive(Debug, Clone)]
pub(crate) struct MovedKey {
    pub(crate) from: Key,
    pub(crate) effect: Effect<Key>,
}

impl LegacyKey {
    /// A key whose value sets another key. A string with commas sets a list.
    #[must_use]
    pub const fn sets(key: &'static str, replacement: &'static str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Sets {
                key: Cow::Borrowed(replacement),
                conversion: None,
            },
        }
    }

    /// A key whose converted value sets another key.
    #[must_use]
    pub const fn converted(
        key: &'static str,
        replacement: &'static str,
        conversion: Conversion,
    ) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Sets {
                key: Cow::Borrowed(replacement),
                conversion: Some(conversion),
            },
        }
    }

    /// A key that declares whether a part is configured, such as `tls.enabled`. `true` fails the
    /// load if the other key is not set, and `false` fails it if that key is set.
    #[must_use]
    pub const fn enables(key: &'static str, other: &'static str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Enables {
                key: Cow::Borrowed(other),
            },
        }
    }

    /// A key that turns an optional part on or off, such as `tls.enabled`. `true` fails the load if
    /// the other key is not set. `false` removes `removes`, which is that key or a section around
    /// it, whichever layer sets it.
    #[must_use]
    pub const fn switches(key: &'static str, other: &'static str, removes: &'static str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Switches {
                key: Cow::Borrowed(other),
                removes: Cow::Borrowed(removes),
            },
        }
    }

    /// A key whose values set another key, such as `false` for a size of 0. A value without a
    /// replacement leaves that key as it is. Any other value fails the load.
    #[must_use]
    pub const fn maps(
        key: &'static str,
        replacement: &'static str,
        values: &'static [(&'static str, Option<&'static str>)],
    ) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Maps {
                key: Cow::Borrowed(replacement),
                values,
            },
        }
    }

    /// A key that names the scheme of the URL at another key, such as `database.driver`. Another
    /// scheme, and a value that is not in `values`, fail the load.
    #[must_use]
    pub const fn scheme(
        key: &'static str,
        other: &'static str,
        values: &'static [&'static str],
    ) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Scheme {
                key: Cow::Borrowed(other),
                values,
            },
        }
    }

    /// A section with the keys of each profile, such as `environments.production.server`. The keys
    /// of the profile of the service override those of the same file.
    #[must_use]
    pub const fn profiles(key: &'static str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Profiles,
        }
    }

    /// A key with the profile of the service, which a file cannot change: the loader has selected
    /// the files by it. Another profile fails the load.
    #[must_use]
    pub const fn profile(key: &'static str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::SetsProfile,
        }
    }

    /// A key for a behavior that is not configurable. Its values describe what the service does.
    /// Any other value fails the load with the advice.
    #[must_use]
    pub const fn accepts(
        key: &'static str,
        values: &'static [&'static str],
        advice: &'static str,
    ) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Accepts { values, advice },
        }
    }

    /// A key that fails the load. The advice names its replacement.
    #[must_use]
    pub const fn rejected(key: &'static str, advice: &'static str) -> Self {
        Self {
            key: Cow::Borrowed(key),
            effect: Effect::Rejected { advice },
        }
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the key that it sets or requires, if any.
    pub(crate) fn replacement(&self) -> Option<Key> {
        self.effect.key().map(Key::from_dotted)
    }

    pub(crate) fn resolve(&self) -> MovedKey {
        MovedKey {
            from: Key::from_dotted(&self.key),
            effect: self.effect.resolve(Key::from_dotted),
        }
    }
}

/// Moves the values of legacy keys of a file to the keys of the schema. A legacy key may set
/// several keys.
pub(crate) fn move_keys(
    tree: &mut Node,
    schema: &Schema,
    profile: Profile,
    requirements: &mut Vec<Requirement>,
    errors: &mut Vec<ConfigError>,
) {
    for moved in schema.legacy_keys() {
        if moved.effect == Effect::Profiles
            && let Some(entry) = take(tree, schema, &moved.from)
        {
            add_profile(tree, schema, profile, &moved.from, entry.node, errors);
        }
    }
    let mut taken: BTreeMap<&Key, Entry> = BTreeMap::new();
    for moved in schema.legacy_keys() {
        if let Some(entry) = take(tree, schema, &moved.from) {
            taken.insert(&moved.from, entry);
        }
        let Some(entry) = taken.get(&moved.from) else {
            continue;
        };
        let (origin, node) = (&entry.origin, entry.node.clone());
        let name = moved.from.to_string();
        let applied = match (&moved.effect, node.text()) {
            (_, _) if node.is_null() => Ok(()),
            (Effect::SetsProfile, text) => check_profile(&text.unwrap_or_default(), profile),
            (
                effect @ (Effect::Enables { .. } | Effect::Switches { .. } | Effect::Scheme { .. }),
                text,
            ) => {
                let text = text.unwrap_or_default();
                let required = Requirement::new(origin, &name, effect, &text);
                required.map(|required| requirements.extend(required))
            }
            (effect, _) => apply(tree, schema, effect, node),
        };
        if let Err(problem) = applied {
            errors.push(ConfigError::new(origin.clone(), name, problem));
        }
    }
}

/// Merges the keys of the profile into a file.
fn add_profile(
    tree: &mut Node,
    schema: &Schema,
    profile: Profile,
    from: &Key,
    section: Node,
    errors: &mut Vec<ConfigError>,
) {
    let Value::Mapping(profiles) = section.value else {
        let problem = "must be a mapping of profiles and their keys";
        errors.push(ConfigError::new(section.origin, from.to_string(), problem));
        return;
    };
    for (name, entry) in profiles {
        match parse_profile(&name) {
            Ok(named) if named == profile => {
                let lower = std::mem::replace(tree, Node::empty(entry.origin));
                let root = schema.shape_at(&Key::default());
                *tree = merge(root, lower, entry.node);
            }
            Ok(_) => {}
            Err(problem) => {
                let key = from.child(&name).to_string();
                errors.push(ConfigError::new(entry.origin, key, problem));
            }
        }
    }
}

/// Compares the profile of a file with that of the service.
fn check_profile(text: &str, profile: Profile) -> Result<(), String> {
    if parse_profile(text)? == profile {
        return Ok(());
    }
    Err(format!(
        "the profile of the service is {profile}, and a file cannot change it: set it in the environment"
    ))
}

fn apply(
    tree: &mut Node,
    schema: &Schema,
    effect: &Effect<Key>,
    mut node: Node,
) -> Result<(), String> {
    let unsupported = |advice: &str| Err(format!("the key is not supported: {advice}"));
    match effect {
        Effect::SetsProfile
        | Effect::Profiles
        | Effect::Enables { .. }
        | Effect::Switches { .. }
        | Effect::Scheme { .. }
        // The other effects exist only for variables.
        | Effect::ChangesUrl { .. }
        | Effect::ChangesUrls { .. }
        | Effect::MailHost { .. }
        | Effect::PartOf { .. }
        | Effect::Ignored { .. } => Ok(()),
        Effect::Maps { key, values } => {
            if let Some(replacement) = mapped(values, &node.text().unwrap_or_default())? {
                node.value = Value::Scalar(Scalar::Literal(replacement.to_owned()));
                put(tree, key, node);
            }
            Ok(())
        }
        Effect::Rejected { advice } => unsupported(advice),
        Effect::Accepts { values, advice } => match node.text() {
            Some(text) if values.contains(&text.as_str()) => Ok(()),
            _ => unsupported(advice),
        },
        Effect::Sets { key, conversion } => {
            if tree.at(key).is_some() {
                return Err(format!("{key} sets the same setting: remove one of them"));
            }
            if let Some(text) = node.text() {
                if let Some(conversion) = conversion {
                    node.value = Value::Scalar(Scalar::Literal(conversion.apply(&text)?));
                }
                let shape = schema.shape_at(key);
                if shape.is_some_and(|shape| matches!(shape.form, Form::List(_))) {
                    node = list_of_literals(&node.origin, &text);
                }
            }
            put(tree, key, node);
            Ok(())
        }
    }
}

/// Removes a value, and the sections around it that are empty then and are not in the schema.
fn take(tree: &mut Node, schema: &Schema, key: &Key) -> Option<Entry> {
    let entry = remove(tree, key)?;
    let mut above = key.parent();
    while !above.is_root() && schema.shape_at(&above).is_none() {
        let is_empty = matches!(
            tree.at(&above).map(|node| &node.value),
            Some(Value::Mapping(entries)) if entries.is_empty()
        );
        if !is_empty {
            break;
        }
        remove(tree, &above);
        above = above.parent();
    }
    Some(entry)
}

pub(crate) fn remove(tree: &mut Node, key: &Key) -> Option<Entry> {
    let (last, sections) = key.segments().split_last()?;
    let mut place = tree;
    for segment in sections {
        place = &mut member(place, segment)?.node;
    }
    match (&mut place.value, last) {
        (Value::Mapping(entries), Segment::Name(name)) => entries.remove(name),
        _ => None,
    }
}

fn member<'a>(node: &'a mut Node, segment: &Segment) -> Option<&'a mut Entry> {
    match (&mut node.value, segment) {
        (Value::Mapping(entries), Segment::Name(name)) => entries.get_mut(name),
        _ => None,
    }
}

/// Sets a value. Creates missing sections.
fn put(tree: &mut Node, key: &Key, node: Node) {
    let Some((Segment::Name(last), sections)) = key.segments().split_last() else {
        return;
    };
    let origin = node.origin.clone();
    let mut place = tree;
    for segment in sections {
        let Segment::Name(name) = segment else {
            return;
        };
        let Value::Mapping(entries) = &mut place.value else {
            return;
        };
        let entry = entries.entry(name.clone()).or_insert_with(|| Entry {
            origin: origin.clone(),
            node: Node::empty(origin.clone()),
        });
        if entry.node.is_null() {
            entry.node = Node::empty(origin.clone());
        }
        place = &mut entry.node;
    }
    if let Value::Mapping(entries) = &mut place.value {
        entries.insert(last.clone(), Entry { origin, node });
    }
}
