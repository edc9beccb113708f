use std::collections::BTreeSet;

use seaworthy::{core::new_id, prelude::*};
use tutoring_contract::Role;
use tutoring_identity::Checks;

use super::MediaKind;

/// Maximum length of a text, in characters. Send a longer text as a file.
const MAX_CONTENT: usize = 5_000;
/// Maximum number of attachments.
const MAX_ATTACHMENTS: usize = 10;
/// Maximum number of recipients of a message.
const MAX_RECIPIENTS: usize = 5;
const MAX_CLIENT_ID: usize = 100;

named! {
    #[derive(Default)]
    pub(crate) enum MessageKind {
        #[default]
        Text = "text",
        /// Only administrators send it.
        System = "system",
        Image = "image",
        Video = "video",
        Audio = "audio",
        File = "file",
    }
}

/// The caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Participant {
    pub(crate) id: Uuid,
    pub(crate) role: Role,
}

/// A message to send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MessageRequest {
    pub(crate) conversation_id: Option<Uuid>,
    pub(crate) recipient_ids: BTreeSet<Uuid>,
    pub(crate) content: Option<String>,
    pub(crate) r#type: MessageKind,
    pub(crate) attachments: Vec<AttachmentRequest>,
    /// The ID by which the client repeats a request. Legacy clients do not send one.
    pub(crate) client_message_id: Option<String>,
}

/// An attachment of a message.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachmentRequest {
    /// The URL that the service returned with the signed upload.
    pub(crate) url: String,
    pub(crate) r#type: MediaKind,
    /// The size, in bytes.
    pub(crate) size: u64,
    pub(crate) mime_type: String,
}

impl MessageRequest {
    /// Checks the fields, and trims the text.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with every invalid field.
    pub(crate) fn checked(mut self, sender: Participant) -> Result<Self, Error> {
        let mut checks = Checks::new();
        self.recipient_ids.remove(&sender.id);
        let content = self.content.take().map(|text| text.trim().to_owned());
        self.content = content.filter(|text| !text.is_empty());
        checks.require(
            "recipientIds",
            self.conversation_id.is_some()
                || (1..=MAX_RECIPIENTS).contains(&self.recipient_ids.len()),
            format!("must have 1 to {MAX_RECIPIENTS} users other than you"),
        );
        match &self.content {
            Some(text) => checks.length("content", text, 0, MAX_CONTENT),
            None => checks.require(
                "content",
                !self.attachments.is_empty(),
                "must not be empty if there is no attachment",
            ),
        }
        let is_short = self.attachments.len() <= MAX_ATTACHMENTS;
        let problem = format!("must be at most {MAX_ATTACHMENTS}");
        checks.require("attachments", is_short, problem);
        let is_media = !matches!(self.r#type, MessageKind::Text | MessageKind::System);
        let problem = "must not be empty for this type";
        let has_media = !is_media || !self.attachments.is_empty();
        checks.require("attachments", has_media, problem);
        let may_send = self.r#type != MessageKind::System || sender.role == Role::Admin;
        let problem = "must be text, image, video, audio or file";
        checks.require("type", may_send, problem);
        let id = self.client_message_id;
        let id = id.unwrap_or_else(|| new_id().to_string());
        let is_visible = id.bytes().all(|byte| byte.is_ascii_graphic());
        checks.require(
            "clientMessageId",
            (1..=MAX_CLIENT_ID).contains(&id.len()) && is_visible,
            format!("must have 1 to {MAX_CLIENT_ID} visible ASCII characters"),
        );
        self.client_message_id = Some(id);
        checks.finish()?;
        Ok(self)
    }
}
