use bytes::Bytes;

/// A picture to create from an upload. It is never larger than the upload.
///
/// ```
/// use seaworthy_images::{Crop, Rendition};
///
/// let avatar = Rendition::square(256).crop(Crop { x: 0.1, y: 0.0, width: 0.5, height: 0.9 });
/// let cover = Rendition::width(1600);
/// # drop((avatar, cover));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Rendition {
    pub(crate) shape: Shape,
    pub(crate) crop: Option<Crop>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Square(u32),
    Width(u32),
}

/// A rectangle of a picture after its rotation, in fractions of width and height from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
}

impl Rendition {
    /// A square of at most `side` pixels from the center of the picture.
    pub fn square(side: u32) -> Self {
        Self {
            shape: Shape::Square(side),
            crop: None,
        }
    }

    /// A picture of at most `width` pixels with the same ratio.
    pub fn width(width: u32) -> Self {
        Self {
            shape: Shape::Width(width),
            crop: None,
        }
    }

    /// Uses a part of the picture.
    pub fn crop(mut self, crop: Crop) -> Self {
        self.crop = Some(crop);
        self
    }
}

/// A rendered picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The JPEG file.
    pub jpeg: Bytes,
    /// The width, in pixels.
    pub width: u32,
    /// The height, in pixels.
    pub height: u32,
}

/// A rectangle in pixels, and the size of the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) output: (u32, u32),
}

impl Rendition {
    /// Returns the part of a picture of this size and the size of the output. `None` if the crop is
    /// empty.
    pub(crate) fn plan(&self, width: u32, height: u32) -> Option<Plan> {
        let (whole_width, whole_height) = (f64::from(width), f64::from(height));
        let (mut left, mut top, mut right, mut bottom) = (0.0, 0.0, whole_width, whole_height);
        if let Some(crop) = self.crop {
            let all = [crop.x, crop.y, crop.width, crop.height];
            if !all.iter().all(|number| number.is_finite()) {
                return None;
            }
            left = (crop.x * whole_width).clamp(0.0, whole_width);
            top = (crop.y * whole_height).clamp(0.0, whole_height);
            right = ((crop.x + crop.width) * whole_width).clamp(left, whole_width);
            bottom = ((crop.y + crop.height) * whole_height).clamp(top, whole_height);
        }
        let (mut part_width, mut part_height) = (right - left, bottom - top);
        if part_width < 1.0 || part_height < 1.0 {
            return None;
        }
        let output = match self.shape {
            Shape::Square(side) => {
                let part = part_width.min(part_height);
                left += (part_width - part) / 2.0;
                top += (part_height - part) / 2.0;
                (part_width, part_height) = (part, part);
                let side = pixels(part).min(side.max(1));
                (side, side)
            }
            Shape::Width(width) => {
                let width = pixels(part_width).min(width.max(1));
                let height = part_height * f64::from(width) / part_width;
                (width, pixels(height))
            }
        };
        Some(Plan {
            left,
            top,
            width: part_width,
            height: part_height,
            output,
        })
    }
}

/// Rounds to at least one pixel.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is between 1 and the side of a picture"
)]
fn pixels(length: f64) -> u32 {
    length.round().clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn square_is_the_center_and_never_enlarged_file_1() {
        let plan = Rendition::square(512).plan(4000, 3000).unwrap();
        assert_eq!((plan.left, plan.top), (500.0, 0.0));
        assert_eq!((plan.width, plan.height), (3000.0, 3000.0));
        assert_eq!(plan.output, (512, 512));
        assert_eq!(
            Rendition::square(512).plan(40, 30).unwrap().output,
            (30, 30)
        );
        assert_eq!(Rendition::width(800).plan(400, 1).unwrap().output, (400, 1));
        assert_eq!(Rendition::width(10).plan(8000, 2).unwrap().output, (10, 1));
    }

    proptest! {
        #[test]
        fn every_crop_stays_inside_of_the_picture_file_1(
            crop in proptest::array::uniform4(-2.0_f64..3.0),
            width in 1_u32..9_000, height in 1_u32..9_000, side in 0_u32..2_000, is_square: bool,
        ) {
            let [x, y, w, h] = crop;
            let rendition = if is_square { Rendition::square(side) } else { Rendition::width(side) };
            let rendition = rendition.crop(Crop { x, y, width: w, height: h });
            if let Some(plan) = rendition.plan(width, height) {
                prop_assert!(plan.left >= 0.0 && plan.top >= 0.0);
                prop_assert!(plan.left + plan.width <= f64::from(width) + 1e-6);
                prop_assert!(plan.top + plan.height <= f64::from(height) + 1e-6);
                prop_assert!(plan.output.0 >= 1 && plan.output.1 >= 1);
                prop_assert!(plan.output.0 <= width && plan.output.1 <= height.max(1));
            }
        }
    }
}
