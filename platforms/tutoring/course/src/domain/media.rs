use seaworthy::prelude::*;

named! {
    /// The kind of an uploaded file.
    pub(crate) enum MediaKind {
        Video = "video",
        Document = "document",
        Image = "image",
    }
}

/// The media types of each kind, with the bytes of their files at an offset.
const FORMATS: [(MediaKind, &str, usize, &[u8]); 5] = [
    (MediaKind::Video, "video/mp4", 4, b"ftyp"),
    (MediaKind::Video, "video/webm", 0, &[0x1a, 0x45, 0xdf, 0xa3]),
    (MediaKind::Document, "application/pdf", 0, b"%PDF-"),
    (MediaKind::Image, "image/jpeg", 0, &[0xff, 0xd8, 0xff]),
    (MediaKind::Image, "image/png", 0, b"\x89PNG\r\n\x1a\n"),
];

/// The number of bytes that [`MediaKind::is_content`] needs.
pub(crate) const HEAD_SIZE: u64 = 8;

impl MediaKind {
    /// Returns the maximum size of a file: an hour of video, a scan of many pages, and a photograph
    /// of a telephone.
    pub(crate) const fn max_size(self) -> ByteSize {
        match self {
            Self::Video => ByteSize::mebibytes(1024),
            Self::Document => ByteSize::mebibytes(20),
            Self::Image => ByteSize::mebibytes(10),
        }
    }

    /// Returns the start of the keys of uploads of this kind.
    pub(crate) fn folder(self) -> String {
        format!("uploads/{}/", self.as_str())
    }

    /// Returns the kind of a picture or a document by its key.
    pub(crate) fn of_key(key: &str) -> Self {
        match key.starts_with(&Self::Image.folder()) {
            true => Self::Image,
            false => Self::Document,
        }
    }

    /// Whether files of this kind may have a media type.
    pub(crate) fn is_type(self, media_type: &str) -> bool {
        let mut formats = FORMATS.iter();
        formats.any(|(kind, known, ..)| *kind == self && *known == media_type)
    }

    /// Whether a file begins like one of its media type.
    pub(crate) fn is_content(self, media_type: &str, head: &[u8]) -> bool {
        FORMATS.iter().any(|(kind, known, offset, start)| {
            let found = head.get(*offset..).unwrap_or_default();
            *kind == self && *known == media_type && found.starts_with(start)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_must_have_its_media_type_file_1() {
        let video = b"\0\0\0\x18ftypmp42";
        assert!(MediaKind::Video.is_content("video/mp4", video));
        assert!(!MediaKind::Video.is_content("video/webm", video));
        assert!(!MediaKind::Document.is_content("video/mp4", video));
        assert!(!MediaKind::Document.is_content("application/pdf", b"<html>"));
        assert!(!MediaKind::Video.is_content("video/mp4", b"a"));
        assert!(MediaKind::Image.is_type("image/png") && !MediaKind::Image.is_type("text/html"));
    }
}
