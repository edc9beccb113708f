//! Conversion to sRGB, so that the output needs no color profile.

use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Maximum size of a color profile, in bytes. Profiles of cameras have some kilobytes.
const MAX_PROFILE_SIZE: usize = 1024 * 1024;

/// The color profile of a picture.
pub(crate) struct Profile(ColorProfile);

impl Profile {
    /// Returns the profile, if it is one for RGB and can be used. Otherwise the pixels count as
    /// sRGB.
    pub(crate) fn parse(icc: Option<Vec<u8>>) -> Option<Self> {
        let icc = icc.filter(|icc| icc.len() <= MAX_PROFILE_SIZE)?;
        let profile = ColorProfile::new_from_slice(&icc).ok()?;
        (profile.color_space == DataColorSpace::Rgb).then_some(Self(profile))
    }

    /// Converts a picture. A profile that cannot be applied changes nothing.
    pub(crate) fn apply(&self, picture: RgbImage) -> RgbImage {
        let transform = self.0.create_transform_8bit(
            Layout::Rgb,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        );
        let Ok(transform) = transform else {
            return picture;
        };
        let mut converted = RgbImage::new(picture.width(), picture.height());
        match transform.transform(picture.as_raw(), &mut converted) {
            Ok(()) => converted,
            Err(_) => picture,
        }
    }
}
