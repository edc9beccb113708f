//! The layer of the command line: `--set server.http.addr=127.0.0.1:8000`.

use crate::{
    ConfigError, Origin,
    check::unknown_key,
    key::{Key, Segment},
    schema::Schema,
    tree::{Node, insert},
};

/// The flag in messages.
const FLAG: &str = "--set";

/// Returns the layer of arguments of the form `key=value`. A later one overrides an earlier one.
pub(crate) fn layer(overrides: &[String], schema: &Schema, errors: &mut Vec<ConfigError>) -> Node {
    let mut tree = Node::empty(Origin::Default);
    for text in overrides {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), value),
            None => {
                let origin = Origin::CommandLine {
                    argument: FLAG.into(),
                };
                errors.push(ConfigError::new(
                    origin,
                    "",
                    "expected KEY=VALUE, found no `=`",
                ));
                continue;
            }
        };
        let origin = Origin::CommandLine {
            argument: format!("{FLAG} {name}").into(),
        };
        let key = Key::from_dotted(name);
        match unknown(schema, &key) {
            Some((at, problem)) => errors.push(ConfigError::new(origin, at.to_string(), problem)),
            None => insert(
                &mut tree,
                schema.shape_at(&key),
                &key,
                &origin,
                value,
                errors,
            ),
        }
    }
    tree
}

/// Returns the first unknown part of a key with the error text.
fn unknown(schema: &Schema, key: &Key) -> Option<(Key, String)> {
    let mut at = Key::default();
    for segment in key.segments() {
        let Segment::Name(name) = segment else {
            return None;
        };
        let shape = schema.shape_at(&at)?;
        at = at.child(name);
        if schema.shape_at(&at).is_none() {
            return Some((at, unknown_key(name, shape)));
        }
    }
    None
}
