use std::num::{NonZeroU8, NonZeroU32};

use schemars::JsonSchema;
use seaworthy_core::ByteSize;
use serde::{Deserialize, Serialize};

/// The default of `max_input_size`: larger than the photos of phones.
const DEFAULT_MAX_INPUT_SIZE: ByteSize = ByteSize::mebibytes(20);
/// The default of `max_side`, in pixels: the side of a square of 64 megapixels.
const DEFAULT_MAX_SIDE: NonZeroU32 = NonZeroU32::new(8_000).unwrap();
/// The default of `max_pixels`: photos of phones have 12 to 50 megapixels.
const DEFAULT_MAX_PIXELS: NonZeroU32 = NonZeroU32::new(50_000_000).unwrap();
/// The default of `max_memory`: a picture of 50 megapixels in RGB, and its compressed input.
const DEFAULT_MAX_MEMORY: ByteSize = ByteSize::mebibytes(256);
/// The default of `quality`. A higher quality makes files larger without a visible
/// difference.
const DEFAULT_QUALITY: NonZeroU8 = NonZeroU8::new(85).unwrap();

/// Limits of pictures.
///
/// ```
/// use seaworthy_core::ByteSize;
/// use seaworthy_images::ImagesConfig;
///
/// let config = ImagesConfig { max_memory: ByteSize::mebibytes(128), ..ImagesConfig::default() };
/// # drop(config);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImagesConfig {
    /// Maximum size of a file.
    pub max_input_size: ByteSize,
    /// Maximum width and maximum height, in pixels.
    pub max_side: NonZeroU32,
    /// Maximum number of pixels: width times height.
    pub max_pixels: NonZeroU32,
    /// Maximum memory of all pictures that are decoded at the same time. A picture that needs more
    /// alone is rejected.
    pub max_memory: ByteSize,
    /// Number of pictures that are decoded at the same time. By default one per core.
    pub max_concurrency: Option<NonZeroU32>,
    /// Quality of JPEG files, from 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub quality: NonZeroU8,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self {
            max_input_size: DEFAULT_MAX_INPUT_SIZE,
            max_side: DEFAULT_MAX_SIDE,
            max_pixels: DEFAULT_MAX_PIXELS,
            max_memory: DEFAULT_MAX_MEMORY,
            max_concurrency: None,
            quality: DEFAULT_QUALITY,
        }
    }
}
