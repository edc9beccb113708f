use seaworthy::named;

named! {
    /// The kind of an attachment.
    pub(crate) enum MediaKind {
        Image = "image",
        Video = "video",
        Audio = "audio",
        File = "file",
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
