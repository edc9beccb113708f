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

/// Replaces the value at a key. Sections on the way that are not there, such as an optional one or the entry of a map, are there from then on; what is no section stays as it is.
pub(crate) fn set(document: &mut Json, key: &Key, value: Json) {
    if let Some(place) = key.segments().iter().try_fold(document, place) {
        *place = value;
    }
}

/// The place of a member, which a section, or nothing that becomes one, has from then on. Lists do not grow.
fn place<'a>(document: &'a mut Json, segment: &Segment) -> Option<&'a mut Json> {
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

/// Takes the value at a key away, or, where it is an item of a list, the list, because the other items would move. Returns whether there was one.
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
    fn a_default_within_an_optional_section_makes_the_section_conf_1() {
        let mut document = json!({ "server": { "grpc": null, "http": { "addr": "a" } } });
        set(
            &mut document,
            &Key::of_dotted("server.grpc.addr"),
            json!("b"),
        );
        set(
            &mut document,
            &Key::of_dotted("server.http.addr"),
            json!("c"),
        );
        let expected = json!({ "server": { "grpc": { "addr": "b" }, "http": { "addr": "c" } } });
        assert_eq!(document, expected);
    }

    #[test]
    fn a_default_within_an_entry_that_is_not_there_makes_the_entry_conf_1() {
        let mut document = json!({ "clients": {}, "name": "a", "list": [1] });
        for (key, value) in [
            ("clients.auth.url", json!("b")),
            (
                "clients.auth.policies.bulkhead.max_concurrent_calls",
                json!(7),
            ),
            ("clients.feed.url", json!("c")),
            // A value is no section, and a default does not make it one.
            ("name.of", json!("d")),
            ("list.of", json!("e")),
        ] {
            set(&mut document, &Key::of_dotted(key), value);
        }
        set(&mut document, &Key::of_dotted("list").item(0), json!(2));
        set(&mut document, &Key::of_dotted("list").item(1), json!(3));
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
