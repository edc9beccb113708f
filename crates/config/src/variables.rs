//! The layer of environment variables: `HELLO__SERVER__HTTP__ADDR` sets the key `server.http.addr`
//! of the service `hello`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    ConfigError, Environment, IgnoredVariable, Origin,
    check::unknown_key,
    effect::{Effect, mapped},
    key::Key,
    legacy_variable::Variable,
    requirement::Requirement,
    schema::Schema,
    shape::{Form, Shape},
    tree::{Node, Value, insert},
};

/// The port of mail servers for implicit TLS (RFC 8314).
const PORT_OF_TLS: &str = "465";
/// Separates the names of a key. A single underscore is part of a name.
const SEPARATOR: &str = "__";

/// Returns the prefix of all variables of a service.
pub(crate) fn prefix(service: &str) -> String {
    format!("{}{SEPARATOR}", name_of(service))
}

/// Returns a name in the notation of a variable.
fn name_of(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
            _ => '_',
        })
        .collect()
}

/// Returns the variable that sets a key.
pub(crate) fn variable(service: &str, key: &Key) -> String {
    let names: Vec<String> = key.to_string().split('.').map(name_of).collect();
    format!("{}{}", prefix(service), names.join(SEPARATOR))
}

/// Returns the variable that sets the profile, which is not a setting.
pub(crate) fn profile_variable(service: &str) -> String {
    format!("{}PROFILE", prefix(service))
}

/// Returns the layer of the variables of a service. `lower` has the names of map entries in files.
pub(crate) fn layer(
    service: &str,
    environment: &Environment,
    schema: &Schema,
    lower: &Node,
    errors: &mut Vec<ConfigError>,
) -> Node {
    let prefix = prefix(service);
    let profile = profile_variable(service);
    let mut tree = Node::empty(Origin::Default);
    let mut set_by: BTreeMap<String, &str> = BTreeMap::new();
    for (variable, value) in environment.with_prefix(&prefix) {
        if variable == profile {
            continue;
        }
        let origin = Origin::Environment {
            name: variable.into(),
        };
        let path = variable.strip_prefix(&prefix).unwrap_or_default();
        let resolved = resolve(schema, lower, path);
        if let Ok(key) = &resolved
            && let Some(other) = set_by.insert(key.to_string(), variable)
        {
            let problem = format!("{other} sets the same key: remove one of them");
            errors.push(ConfigError::new(origin, key.to_string(), problem));
            continue;
        }
        match (resolved, value) {
            (Err((key, problem)), _) => {
                errors.push(ConfigError::new(origin, key.to_string(), problem))
            }
            (Ok(key), Err(_)) => errors.push(ConfigError::new(
                origin,
                key.to_string(),
                "the variable is not UTF-8",
            )),
            (Ok(key), Ok(text)) => insert(
                &mut tree,
                schema.shape_at(&key),
                &key,
                &origin,
                text,
                errors,
            ),
        }
    }
    tree
}

/// The effects of variables and legacy keys beyond their values.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) ignored: Vec<IgnoredVariable>,
}

impl Effects {
    fn ignore(&mut self, name: &str, advice: impl Into<Cow<'static, str>>) {
        let (name, advice) = (name.to_owned(), advice.into());
        self.ignored.push(IgnoredVariable { name, advice });
    }
}

/// Returns the layer of variables with other names. If two of them set a key, the later one takes
/// precedence. `files` has the keys of files.
pub(crate) fn other_names(
    environment: &Environment,
    schema: &Schema,
    files: &Node,
    effects: &mut Effects,
    errors: &mut Vec<ConfigError>,
) -> Node {
    let mut tree = Node::empty(Origin::Default);
    // A name may have several effects.
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    let prefixed = with_legacy_prefix(environment, schema, errors);
    for variable in prefixed.iter().chain(schema.variables()) {
        if let (Some(prefix), Effect::Ignored { advice }) =
            (variable.name.strip_suffix('*'), &variable.effect)
        {
            let set = environment.with_prefix(prefix);
            let set = set.filter(|(_, value)| *value != Ok(""));
            set.for_each(|(name, _)| effects.ignore(name, *advice));
            continue;
        }
        let Some(value) = environment.get(&variable.name) else {
            continue;
        };
        let origin = Origin::Environment {
            name: variable.name.as_str().into(),
        };
        let key = match &variable.effect {
            Effect::Sets { key, .. } | Effect::Maps { key, .. } => key.to_string(),
            _ => String::new(),
        };
        if value != Ok("")
            && let Some(advice) = reason_to_ignore(variable, environment, files)
        {
            effects.ignore(&variable.name, advice);
            continue;
        }
        let problem = match (value, &variable.effect) {
            (Err(problem), _) => problem.to_string(),
            // Legacy files have lines without a value.
            (Ok(""), Effect::Sets { key, conversion })
                if conversion.is_some() || variable.is_conditional() || tree.at(key).is_some() =>
            {
                continue;
            }
            (Ok(text), Effect::Sets { key, conversion }) => {
                applied.insert(&variable.name);
                let converted = match conversion {
                    Some(conversion) => conversion.apply(text),
                    None => Ok(text.to_owned()),
                };
                match converted {
                    Ok(text) => {
                        let shape = schema.shape_at(key);
                        insert(&mut tree, shape, key, &origin, &text, errors);
                        continue;
                    }
                    Err(problem) => problem.to_owned(),
                }
            }
            // The loader reads it.
            (Ok(_), Effect::SetsProfile | Effect::Profiles) | (Ok(""), _) => continue,
            (Ok(_), Effect::Ignored { advice }) => {
                effects.ignore(&variable.name, *advice);
                continue;
            }
            (Ok(_), Effect::PartOf { variable: whole }) => match environment.get(whole) {
                None | Some(Ok("")) => format!("set {whole} too, or remove it"),
                Some(Ok(host)) if host.contains("://") => {
                    format!("{whole} is a whole URL: move the value into it, or remove it")
                }
                Some(_) => continue,
            },
            (Ok(host), Effect::MailHost { key, port, user }) => {
                let of = |name| environment.get(name).and_then(Result::ok);
                let text = mail_url(host, of(port), of(user));
                let shape = schema.shape_at(key);
                insert(&mut tree, shape, key, &origin, &text, errors);
                continue;
            }
            (
                Ok(text),
                Effect::Enables { .. }
                | Effect::Switches { .. }
                | Effect::Scheme { .. }
                | Effect::ChangesUrl { .. }
                | Effect::ChangesUrls { .. },
            ) => match Requirement::new(&origin, "", &variable.effect, text) {
                Ok(required) => {
                    effects.requirements.extend(required);
                    continue;
                }
                Err(problem) => problem,
            },
            (Ok(text), Effect::Maps { key, values }) => match mapped(values, text) {
                Ok(Some(text)) => {
                    let shape = schema.shape_at(key);
                    insert(&mut tree, shape, key, &origin, text, errors);
                    continue;
                }
                Ok(None) => continue,
                Err(problem) => problem,
            },
            (Ok(text), Effect::Accepts { values, .. }) if values.contains(&text) => continue,
            (Ok(_), Effect::Accepts { advice, .. } | Effect::Rejected { advice }) => {
                format!("the variable is not supported: {advice}")
            }
        };
        errors.push(ConfigError::new(origin, key, problem));
    }
    let ignored = &mut effects.ignored;
    ignored.retain(|one| !applied.contains(&*one.name));
    tree
}

/// Returns the advice for a variable whose condition is not met.
fn reason_to_ignore(
    variable: &Variable,
    environment: &Environment,
    files: &Node,
) -> Option<String> {
    if let Some(other) = variable.together_with
        && !is_set(environment, other)
    {
        return Some(format!("set {other} too, or remove it"));
    }
    let key = variable.yields_to()?;
    let is_set = files.at(key).is_some_and(|node| !node.is_null());
    is_set.then(|| format!("a settings file sets {key}: remove one of them"))
}

fn is_set(environment: &Environment, name: &str) -> bool {
    environment.get(name).is_some_and(|value| value != Ok(""))
}

/// Returns the URL of a mail server. A host may be a whole URL.
fn mail_url(host: &str, port: Option<&str>, user: Option<&str>) -> String {
    if host.contains("://") {
        return host.to_owned();
    }
    let port = port.filter(|port| !port.is_empty());
    let scheme = if port == Some(PORT_OF_TLS) {
        "smtps"
    } else {
        "smtp"
    };
    let user = user.filter(|user| !user.is_empty()).map(encoded);
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{user}{host}{port}")
}

/// Encodes the user of a URL. Users are often addresses.
fn encoded(user: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let encode = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    user.bytes().map(encode).collect()
}

/// Returns the variables that name keys after the prefix of a legacy deployment, such as
/// `APP_SERVER_HTTP_ADDR` for `server.http.addr`. They name keys of files, also legacy ones.
fn with_legacy_prefix(
    environment: &Environment,
    schema: &Schema,
    errors: &mut Vec<ConfigError>,
) -> Vec<Variable> {
    let Some(prefix) = schema.legacy_prefix() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (variable, _) in environment.with_prefix(prefix) {
        let path = variable.strip_prefix(prefix).unwrap_or_default();
        let named = |effect| Variable::new(variable.to_owned(), effect);
        let legacy = schema.legacy_keys().iter();
        let of_key = |key: &Key| name_of(&key.to_string()) == path.to_ascii_uppercase();
        let known = found.len();
        found.extend(
            legacy
                .filter(|moved| moved.effect != Effect::Profiles && of_key(&moved.from))
                .map(|moved| named(moved.effect.clone())),
        );
        if found.len() > known {
            continue;
        }
        let root = schema.shape_at(&Key::default());
        match root.and_then(|root| key_below(root, &Key::default(), path)) {
            Some(key) => found.push(named(Effect::Sets {
                key,
                conversion: None,
            })),
            None => {
                let origin = Origin::Environment {
                    name: variable.into(),
                };
                let problem = format!("unknown key: remove the variable {variable}");
                errors.push(ConfigError::new(origin, "", problem));
            }
        }
    }
    found
}

/// Returns the key whose names, joined by underscores, are `path`.
fn key_below(shape: &Shape, key: &Key, path: &str) -> Option<Key> {
    shape.names().into_iter().find_map(|name| {
        let rest = path.strip_prefix(&name_of(name))?;
        let (key, inner) = (key.child(name), shape.member(name)?);
        match rest.strip_prefix('_') {
            _ if rest.is_empty() => Some(key),
            Some(rest) => key_below(inner, &key, rest),
            None => None,
        }
    })
}

/// Returns the key of a variable, without the prefix.
fn resolve(schema: &Schema, lower: &Node, path: &str) -> Result<Key, (Key, String)> {
    let mut key = Key::default();
    for name in path.split(SEPARATOR) {
        let shape = schema.shape_at(&key);
        let known = match shape {
            Some(shape) => known_name(shape, lower.at(&key), name),
            None => None,
        };
        let Some(known) = known else {
            let at = key.child(&name.to_ascii_lowercase());
            let problem = match shape {
                Some(shape) if shape.is_mapping() => unknown_key(&name.to_ascii_lowercase(), shape),
                Some(shape) if matches!(shape.form, Form::List(_)) => {
                    "a variable sets a whole list, such as `a,b` or `[\"a\", \"b\"]`".to_owned()
                }
                _ => "unknown key: this section has no keys".to_owned(),
            };
            return Err((at, problem));
        };
        key = key.child(&known);
    }
    Ok(key)
}

/// Returns the name in the schema, or in a map of a file, that a part of a variable names.
fn known_name(shape: &Shape, lower: Option<&Node>, part: &str) -> Option<String> {
    let matches = |name: &&str| name_of(name) == part.to_ascii_uppercase();
    if let Some(name) = shape.names().into_iter().find(|name| matches(name)) {
        return Some(name.to_owned());
    }
    let chosen_by_user = match &shape.form {
        Form::Map { .. } | Form::Anything => true,
        Form::Choice(variants) => variants
            .iter()
            .any(|variant| matches!(variant.form, Form::Map { .. })),
        _ => false,
    };
    if !chosen_by_user || part.is_empty() {
        return None;
    }
    let written = match lower.map(|node| &node.value) {
        Some(Value::Mapping(entries)) => entries.keys().map(String::as_str).find(matches),
        _ => None,
    };
    Some(written.map_or_else(|| part.to_ascii_lowercase(), str::to_owned))
}
