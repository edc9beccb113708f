//! Edits of a typed document by key.

use serde_json::{Map, Value as Json};

use crate::key::{Key, Segment};

fn child<'a>(document: &'a mut Json, segment: &Segment) -> Option<&'a mut Json> {
    match segment {
        Segment::Name(name) => document.get_mut(name),
        Segment::Index(index) => document.get_mut(*index),
    }
}

pub(crate) fn get<'a>(document: &'a Json, key: &Key) -> Option<&'a Json> {
    key.segments()
        .iter()
        .try_fold(document, |document, segment| match segment {
            Segment::Name(name) => document.get(name),
            Segment::Index(index) => document.get(*index),
        })
}

fn get_mut<'a>(document: &'a mut Json, key: &Key) -> Option<&'a mut Json> {
    key.segments().iter().try_fold(document, child)
}

/// Sets the value at a key. Creates missing sections on the path, such as an optional section or an
/// entry of a map. Does nothing if a part of the path is not a section.
pub(crate) fn set(document: &mut Json, key: &Key, value: Json) {
    if let Some(place) = key.segments().iter().try_fold(document, member_mut) {
        *place = value;
    }
}

/// Returns a member of a section, created if it is missing, or an existing item of a list.
fn member_mut<'a>(document: &'a mut Json, segment: &Segment) -> Option<&'a mut Json> {
    if document.is_null() && matches!(segment, Segment::Name(_)) {
        *document = Json::Object(Map::new());
    }
    match (segment, document) {
        (Segment::Name(name), Json::Object(members)) => {
            Some(members.entry(name).or_insert(Json::Null))
        }
        (Segment::Index(index), Json::Array(items)) => items.get_mut(*index),
        _ => None,
    }
}

/// Removes the value at a key. Removes the whole list if it is an item of a list, because the
/// indexes of the others would change. Returns whether there was a value.
pub(crate) fn remove(document: &mut Json, key: &Key) -> bool {
    match (key.segments().last(), get_mut(document, &key.parent())) {
        (Some(Segment::Name(name)), Some(Json::Object(members))) => members.remove(name).is_some(),
        (Some(_), _) => remove(document, &key.parent()),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn creates_optional_sections_of_defaults_conf_1() {
        let mut document = json!({ "server": { "grpc": null, "http": { "addr": "a" } } });
        set(
            &mut document,
            &Key::from_dotted("server.grpc.addr"),
            json!("b"),
        );
        set(
            &mut document,
            &Key::from_dotted("server.http.addr"),
            json!("c"),
        );
        let expected = json!({ "server": { "grpc": { "addr": "b" }, "http": { "addr": "c" } } });
        assert_eq!(document, expected);
    }

    #[test]
    fn creates_map_entries_of_defaults_conf_1() {
        let mut document = json!({ "clients": {}, "name": "a", "list": [1] });
        for (key, value) in [
            ("clients.auth.url", json!("b")),
            (
                "clients.auth.policies.bulkhead.max_concurrent_calls",
                json!(7),
            ),
            ("clients.feed.url", json!("c")),
            // A scalar does not become a section.
            ("name.of", json!("d")),
            ("list.of", json!("e")),
        ] {
            set(&mut document, &Key::from_dotted(key), value);
        }
        set(&mut document, &Key::from_dotted("list").item(0), json!(2));
        set(&mut document, &Key::from_dotted("list").item(1), json!(3));
        let expected = json!({
            "clients": {
                "auth": { "url": "b", "policies": { "bulkhead": { "max_concurrent_calls": 7 } } },
                "feed": { "url": "c" },
            },
            "name": "a",
            "list": [2],
        });
        assert_eq!(document, expected);
    }
}
