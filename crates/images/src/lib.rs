//! Pictures of users, decoded within limits, resized and encoded again (FILE-1).
//!
//! [`Images::render`] takes the bytes of an upload and returns JPEG pictures. Each call passes
//! these steps:
//!
//! 1. The first bytes decide the format: JPEG, PNG, GIF (first frame) or WebP. The name and the media
//!    type of the upload have no influence. [`Images::with_formats`] accepts fewer formats.
//! 2. The header decides whether the picture fits the limits. No pixel is decoded before that.
//! 3. The call waits for memory. All calls together use at most [`ImagesConfig::max_memory`].
//! 4. A thread of the blocking pool decodes, applies the EXIF orientation, converts to sRGB, crops, resizes and
//!    encodes.
//!
//! The output contains pixels only. EXIF, XMP, color profiles, comments and data after the end of
//! the picture are not copied. So the output contains nothing of a file that is also a script or an
//! archive.
//!
//! ```
//! use seaworthy_images::{Images, ImagesConfig, Rendition};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! # let mut upload = std::io::Cursor::new(Vec::new());
//! # image::RgbImage::new(640, 480).write_to(&mut upload, image::ImageFormat::Png).unwrap();
//! # let upload = upload.into_inner();
//! let images = Images::new(&ImagesConfig::default());
//! let pictures = images.render(upload, &[Rendition::square(256), Rendition::width(800)]).await?;
//! assert_eq!((pictures[0].width, pictures[0].height), (256, 256));
//! // A picture is never enlarged.
//! assert_eq!((pictures[1].width, pictures[1].height), (640, 480));
//! # Ok::<_, seaworthy_images::ImageError>(())
//! # }).unwrap();
//! ```

mod color;
mod config;
mod error;
mod format;
mod header;
mod pool;
mod render;
mod rendition;

pub use config::ImagesConfig;
pub use error::ImageError;
pub use format::ImageFormat;
pub use pool::Images;
pub use rendition::{Crop, Focus, Picture, Rendition};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
