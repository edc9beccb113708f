use bytes::Bytes;
use serde_json::Value;

/// The arguments of a Socket.IO event, or of its acknowledgement.
///
/// ```
/// use seaworthy_realtime::Message;
/// use serde_json::json;
///
/// let message = Message::from(json!({ "ok": true }));
/// assert_eq!(message.arguments, [json!({ "ok": true })]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The arguments. An argument `{"_placeholder": true, "num": n}` is replaced by the attachment
    /// `n`, counted from zero.
    pub arguments: Vec<Value>,
    /// Binary data.
    pub attachments: Vec<Bytes>,
}

impl From<Value> for Message {
    fn from(argument: Value) -> Self {
        Self {
            arguments: vec![argument],
            attachments: Vec::new(),
        }
    }
}

impl From<()> for Message {
    fn from((): ()) -> Self {
        Self::default()
    }
}
