/// The format of a picture, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// JPEG.
    Jpeg,
    /// PNG. Of an animation only the default picture.
    Png,
    /// GIF. Of an animation only the first frame.
    Gif,
    /// WebP. Of an animation only the first frame.
    Webp,
}

impl ImageFormat {
    /// All formats.
    pub const ALL: &'static [Self] = &[Self::Jpeg, Self::Png, Self::Gif, Self::Webp];

    /// Returns the format of a file, or `None` if it is none of these. SVG is not supported,
    /// because it can contain scripts.
    ///
    /// ```
    /// use seaworthy_images::ImageFormat;
    ///
    /// assert_eq!(ImageFormat::detect(b"\xff\xd8\xff\xe0"), Some(ImageFormat::Jpeg));
    /// assert_eq!(ImageFormat::detect(b"<svg xmlns="), None);
    /// ```
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Returns the media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
        }
    }

    pub(crate) fn codec(self) -> image::ImageFormat {
        match self {
            Self::Jpeg => image::ImageFormat::Jpeg,
            Self::Png => image::ImageFormat::Png,
            Self::Gif => image::ImageFormat::Gif,
            Self::Webp => image::ImageFormat::WebP,
        }
    }
}

/// Returns a list of formats for messages, such as `JPEG, PNG or WebP`.
pub(crate) fn list(formats: &[ImageFormat]) -> String {
    let mut names = formats.iter().map(|format| format.name());
    let last = names.next_back().unwrap_or_default();
    let others: Vec<_> = names.collect();
    match others.is_empty() {
        true => last.to_owned(),
        false => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_formats_are_readable_file_1() {
        assert_eq!(list(ImageFormat::ALL), "JPEG, PNG, GIF or WebP");
        assert_eq!(list(&[ImageFormat::Png]), "PNG");
        assert_eq!(list(&[]), "");
    }
}
