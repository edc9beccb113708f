//! Compose files, which tests compare with the services that the files start.

mod promises;

use std::{fs, path::Path};

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};

/// The YAML merge key: a mapping gets the entries of other mappings, unless it has its own.
const MERGE: &str = "<<";

/// A compose file, with its anchors and merges resolved.
#[derive(Debug)]
pub struct Compose(Value);

impl Compose {
    /// Reads a file.
    ///
    /// # Panics
    /// The file is missing or is not valid YAML.
    #[must_use]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
        let [document] = documents.as_slice() else {
            return Err("it is not one document".to_owned());
        };
        json(document).map(Self)
    }

    /// Returns the whole file.
    #[must_use]
    pub fn root(&self) -> &Value {
        &self.0
    }

    /// Returns the services by name.
    #[must_use]
    pub fn services(&self) -> Map<String, Value> {
        let services = self.0.get("services").and_then(Value::as_object);
        services.cloned().unwrap_or_default()
    }

    /// Returns the environment variables of a service. The file declares them as a mapping.
    ///
    /// # Panics
    /// The service does not exist.
    #[must_use]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn environment(&self, service: &str) -> Vec<(String, String)> {
        let services = self.services();
        let Some(service) = services.get(service) else {
            panic!("the file has no service {service:?}");
        };
        let variables = service.get("environment").and_then(Value::as_object);
        let variables = variables.into_iter().flatten();
        variables
            .map(|(name, value)| {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            })
            .collect()
    }
}

fn json(yaml: &Yaml<'_>) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(text)) => text.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(json).collect::<Result<_, _>>()?,
        Yaml::Mapping(entries) => {
            let mut merged = Map::new();
            let mut own = Map::new();
            for (name, value) in entries {
                let name = name.as_str().ok_or("a name is not a text")?;
                match (name, json(value)?) {
                    (MERGE, Value::Object(others)) => merged.extend(others),
                    (MERGE, Value::Array(lists)) => {
                        // The first mapping takes precedence.
                        let lists = lists.into_iter().rev().filter_map(|list| match list {
                            Value::Object(others) => Some(others),
                            _ => None,
                        });
                        merged.extend(lists.flatten());
                    }
                    (name, value) => {
                        own.insert(name.to_owned(), value);
                    }
                }
            }
            merged.extend(own);
            Value::Object(merged)
        }
        _ => return Err(format!("{yaml:?} is nothing that a compose file needs")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn explicit_keys_override_merged_keys() {
        let text = "
x-hard: &hard { read_only: true, user: a }
x-more: &more { user: b, tty: false }
services:
  one:
    <<: [*hard, *more]
    user: c
    environment: { PORT: 80, NAME: one }
  two:
    <<: *hard
";
        let compose = Compose::parse(text).unwrap();
        let services = Value::Object(compose.services());
        let environment = json!({ "PORT": 80, "NAME": "one" });
        let one =
            json!({ "read_only": true, "user": "c", "tty": false, "environment": environment });
        assert_eq!(
            services,
            json!({ "one": one, "two": { "read_only": true, "user": "a" } })
        );
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut environment = compose.environment("one");
        environment.sort_unstable();
        assert_eq!(
            environment,
            [variable("NAME", "one"), variable("PORT", "80")]
        );
    }
}
