//! Rules without I/O.

mod contact_data;
mod cursor;
mod doubt;
mod media;
mod message;

pub(crate) use contact_data::contact_data;
pub(crate) use cursor::Cursor;
pub(crate) use doubt::{DoubtKind, DoubtRequest, DoubtStatus, checked_reply};
pub(crate) use media::{MediaKind, is_media_type};
pub(crate) use message::{AttachmentRequest, MessageKind, MessageRequest, Participant};
