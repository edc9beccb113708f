//! The keys of the objects of an upload.

use seaworthy_storage::{InvalidKey, ObjectKey};
use uuid::Uuid;

/// The prefix of all objects that clients send.
const PREFIX: &str = "raw/";

/// Returns the key of the content, as text.
pub(crate) fn content_text(id: Uuid) -> String {
    format!("{PREFIX}{id}.bin")
}

/// Returns the key of the content.
pub(crate) fn content(id: Uuid) -> Result<ObjectKey, InvalidKey> {
    ObjectKey::new(content_text(id))
}

/// Returns the key of a piece of the tail, the end of a resumable upload.
pub(crate) fn piece(id: Uuid, number: u16) -> Result<ObjectKey, InvalidKey> {
    ObjectKey::new(format!("{}{number}", pieces(id)))
}

/// Returns the prefix of all pieces.
pub(crate) fn pieces(id: Uuid) -> String {
    format!("{PREFIX}{id}.tail-")
}
