//! The keys of the objects of an upload.

use seaworthy_storage::{InvalidKey, ObjectKey};
use uuid::Uuid;

/// The prefix of all objects that clients send.
pub(crate) const PREFIX: &str = "raw/";

/// Returns the key of the content.
pub(crate) fn content(id: Uuid) -> Result<ObjectKey, InvalidKey> {
    ObjectKey::new(format!("{PREFIX}{id}.bin"))
}

/// Returns the key of the tail: the end of a resumable upload, smaller than a part. There are two
/// tails, and the row names the current one, so a crash never damages it.
pub(crate) fn tail(id: Uuid, is_second: bool) -> Result<ObjectKey, InvalidKey> {
    let name = if is_second { "b" } else { "a" };
    ObjectKey::new(format!("{PREFIX}{id}.tail-{name}"))
}
