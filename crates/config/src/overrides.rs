//! The command line's layer: `--set server.http.addr=127.0.0.1:8000`.

use crate::{
    ConfigError, Origin,
    check::unknown_key,
    key::{Key, Segment},
    schema::Schema,
    tree::{Node, insert},
};

/// The flag, as messages print it.
const FLAG: &str = "--set";

/// The layer that `key=value` texts make; a later one wins over an earlier one.
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
        let key = Key::of_dotted(name);
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

/// The first name of a key that the schema does not know, and what to say about it.
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
