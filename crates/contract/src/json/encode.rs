use thiserror::Error;

use super::{JsonMessage, Kind};

/// The error for a message that contains a value without a JSON form.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the response has no JSON form: {0}")]
pub struct EncodeError(String);

/// Writes compact JSON.
#[derive(Debug, Default)]
pub struct Encoder {
    buffer: Vec<u8>,
    fault: Option<String>,
}

/// Returns the JSON form of a message.
///
/// # Errors
/// A value has no JSON form, such as a timestamp outside the years 1 to 9999.
pub fn to_vec<M: JsonMessage>(message: &M) -> Result<Vec<u8>, EncodeError> {
    write_with(|encoder| encoder.message(message))
}

/// Returns the output of a closure.
///
/// # Errors
/// A value has no JSON form.
pub fn write_with(write: impl FnOnce(&mut Encoder)) -> Result<Vec<u8>, EncodeError> {
    // The initial capacity, in bytes. Most responses fit, and larger ones grow in few steps.
    const FIRST_CAPACITY: usize = 256;
    let mut encoder = Encoder {
        buffer: Vec::with_capacity(FIRST_CAPACITY),
        fault: None,
    };
    write(&mut encoder);
    match encoder.fault {
        None => Ok(encoder.buffer),
        Some(fault) => Err(EncodeError(fault)),
    }
}

impl Encoder {
    /// Writes a message as an object.
    pub fn message<M: JsonMessage>(&mut self, message: &M) {
        self.buffer.push(b'{');
        message.encode(self);
        self.buffer.push(b'}');
    }

    /// Writes a value.
    pub fn value<K: Kind>(&mut self, value: &K::Value) {
        K::encode(value, self);
    }

    /// Writes a value, or `null` if it is absent.
    pub fn value_or_null<K: Kind>(&mut self, value: Option<&K::Value>) {
        match value {
            Some(value) => K::encode(value, self),
            None => self.raw(b"null"),
        }
    }

    /// Writes a list.
    pub fn list<K: Kind>(&mut self, values: &[K::Value]) {
        self.buffer.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            K::encode(value, self);
        }
        self.buffer.push(b']');
    }

    /// Writes a map as an object.
    pub fn object<'a, K: Kind, V: Kind>(
        &mut self,
        entries: impl IntoIterator<Item = (&'a K::Value, &'a V::Value)>,
    ) where
        K::Value: 'a,
        V::Value: 'a,
    {
        self.buffer.push(b'{');
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            let start = self.buffer.len();
            K::encode(key, self);
            if self.buffer.get(start) != Some(&b'"') {
                self.buffer.insert(start, b'"');
                self.buffer.push(b'"');
            }
            self.buffer.push(b':');
            V::encode(value, self);
        }
        self.buffer.push(b'}');
    }

    /// Writes the name of a member of the current object. `name` must need no escapes. Names of
    /// fields never do.
    pub fn name(&mut self, name: &str) {
        if self.buffer.last() != Some(&b'{') {
            self.buffer.push(b',');
        }
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b"\":");
    }

    /// Writes a member, even with the default value.
    pub fn always<K: Kind>(&mut self, name: &str, value: &K::Value) {
        self.name(name);
        K::encode(value, self);
    }

    /// Writes a member unless it has the default value.
    pub fn unless_default<K: Kind>(&mut self, name: &str, value: &K::Value) {
        if !K::is_default(value) {
            self.always::<K>(name, value);
        }
    }

    /// Writes a member if it is present.
    pub fn optional<K: Kind>(&mut self, name: &str, value: &Option<K::Value>) {
        if let Some(value) = value {
            self.always::<K>(name, value);
        }
    }

    /// Writes a list, even if it is empty.
    pub fn list_always<K: Kind>(&mut self, name: &str, values: &[K::Value]) {
        self.name(name);
        self.list::<K>(values);
    }

    /// Writes a list unless it is empty.
    pub fn list_unless_empty<K: Kind>(&mut self, name: &str, values: &[K::Value]) {
        if !values.is_empty() {
            self.list_always::<K>(name, values);
        }
    }

    /// Writes bytes that are already JSON.
    pub(super) fn raw(&mut self, json: &[u8]) {
        self.buffer.extend_from_slice(json);
    }

    /// Writes a string with its escapes.
    pub(super) fn text(&mut self, text: &str) {
        // Writing to a vector cannot fail. If it did, the partial response must not be sent.
        if let Err(error) = serde_json::to_writer(&mut self.buffer, text) {
            self.fail(error.to_string());
        }
    }

    /// Returns the output, for kinds that append bytes themselves.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Records that a value has no JSON form.
    pub(super) fn fail(&mut self, fault: impl Into<String>) {
        self.buffer.extend_from_slice(b"null");
        self.fault.get_or_insert_with(|| fault.into());
    }
}
