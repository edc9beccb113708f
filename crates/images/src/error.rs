use seaworthy_core::ByteSize;

/// Errors of rendering a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The first bytes are not those of an accepted format.
    #[error("the format of the file is not accepted: use {accepted}")]
    UnknownFormat {
        /// The accepted formats, such as `JPEG, PNG or WebP`.
        accepted: String,
    },
    /// The file is larger than `max_input_size`.
    #[error("the file is larger than {0}")]
    TooLarge(ByteSize),
    /// The header declares too many pixels.
    #[error(
        "the picture has {width} × {height} pixels: the limits are {max_side} per side and {max_pixels} in total"
    )]
    TooManyPixels {
        /// The declared width.
        width: u32,
        /// The declared height.
        height: u32,
        /// The limit of each side.
        max_side: u32,
        /// The limit of width times height.
        max_pixels: u32,
    },
    /// The picture needs more memory than `max_memory`.
    #[error("the picture needs more memory than the limit of {0}: use a smaller picture")]
    TooMuchMemory(ByteSize),
    /// The crop has no pixel inside of the picture.
    #[error("the crop is empty or outside of the picture")]
    EmptyCrop,
    /// The file is damaged.
    #[error("the picture is damaged and cannot be decoded")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Encoding failed, or the process stops.
    #[error("the picture cannot be encoded")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ImageError {
    /// Returns the reason, for metrics and clients.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnknownFormat { .. } => "UNKNOWN_FORMAT",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::TooManyPixels { .. } => "TOO_MANY_PIXELS",
            Self::TooMuchMemory(_) => "TOO_MUCH_MEMORY",
            Self::EmptyCrop => "EMPTY_CROP",
            Self::Damaged(_) => "DAMAGED",
            Self::Failed(_) => "FAILED",
        }
    }

    /// Returns whether the same file may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    pub(crate) fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Damaged(error.into())
    }

    pub(crate) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}
