use seaworthy::prelude::*;

/// The kind of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Image,
    Video,
    Audio,
    File,
}

impl MediaKind {
    /// Returns the name in the interface.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::File => "file",
        }
    }
}

/// Whether attachments of a kind may have this media type. Browsers run none of them as a script.
pub(crate) fn is_media_type(kind: MediaKind, media_type: &str) -> bool {
    let known: &[&str] = match kind {
        MediaKind::Image => &["image/gif", "image/jpeg", "image/png", "image/webp"],
        MediaKind::Video => &["video/mp4", "video/quicktime", "video/webm"],
        MediaKind::Audio => &[
            "audio/aac",
            "audio/mp4",
            "audio/mpeg",
            "audio/ogg",
            "audio/webm",
        ],
        MediaKind::File => &["application/pdf"],
    };
    known.contains(&media_type)
}
