use std::fmt;

use uuid::Uuid;

/// An address on this site: constant segments, UUIDs and an encoded query.
///
/// No text from a request or a database becomes part of the path, so an address always names the
/// route that its constants name. A browser resolves `..` segments and backslashes, and a UUID has
/// neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(String);

impl Address {
    /// Creates an address from a constant path, such as `/events`.
    pub(super) fn new(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// Returns the page of an event.
    pub(super) fn event(id: Uuid) -> Self {
        Self::new("/events").id(id)
    }

    /// Returns an API route of an event, such as `/api/events/{id}/join`.
    pub(super) fn event_api(id: Uuid, action: &'static str) -> Self {
        Self::new("/api/events").id(id).segment(action)
    }

    /// Appends an ID as a segment.
    pub(super) fn id(self, id: Uuid) -> Self {
        Self(format!("{}/{id}", self.0))
    }

    /// Appends a constant segment.
    pub(super) fn segment(self, segment: &'static str) -> Self {
        Self(format!("{}/{segment}", self.0))
    }

    /// Sets the query. Pairs with an empty value are omitted.
    pub(super) fn query(self, pairs: &[(&str, &str)]) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        match query.finish() {
            query if query.is_empty() => self,
            query => Self(format!("{}?{query}", self.0)),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Parses an ID of a stored row. A page prints no address for an ID that is not a UUID.
pub(super) fn stored_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_query_values_and_prints_only_uuids_sec_4() {
        let id = Uuid::from_u128(7);
        let people = Address::event(id)
            .segment("people")
            .query(&[("list", "waitlist"), ("cursor", "a&b=\"../")]);
        assert_eq!(
            people.to_string(),
            format!("/events/{id}/people?list=waitlist&cursor=a%26b%3D%22..%2F")
        );
        let bare = Address::new("/me/events").query(&[("status", "")]);
        assert_eq!(bare.to_string(), "/me/events");
        for hostile in ["../../api/events", "", "..", "x?y", "%2e%2e"] {
            assert_eq!(stored_id(hostile), None, "{hostile}");
        }
    }
}
