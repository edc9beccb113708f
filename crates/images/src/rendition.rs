use bytes::Bytes;

/// A picture to create from an upload. It is never larger than the upload.
///
/// ```
/// use seaworthy_images::{Crop, Focus, Rendition};
///
/// let avatar = Rendition::square(256).crop(Crop { x: 0.1, y: 0.0, width: 0.5, height: 0.9 });
/// let cover = Rendition::width(1600);
/// let banner = Rendition::fill(1600, 800).focus(Focus { x: 0.5, y: 0.0, zoom: 1.5 });
/// # drop((avatar, cover, banner));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Rendition {
    pub(crate) shape: Shape,
    pub(crate) crop: Option<Crop>,
    focus: Focus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Fill(u32, u32),
    Width(u32),
}

/// The part of a picture that [`Rendition::fill`] and [`Rendition::square`] show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focus {
    /// The center from left to right, from 0 to 1. At an edge, the part begins at the edge.
    pub x: f64,
    /// The center from top to bottom, from 0 to 1.
    pub y: f64,
    /// The magnification of the part, at least 1. With 1 the part is as large as possible.
    pub zoom: f64,
}

impl Default for Focus {
    /// The center of the picture without magnification.
    fn default() -> Self {
        Self {
            x: 0.5,
            y: 0.5,
            zoom: 1.0,
        }
    }
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
        Self::fill(side, side)
    }

    /// A picture of at most `width` by `height` pixels with this ratio, from the center of the
    /// picture. The parts outside this ratio are cut off.
    pub fn fill(width: u32, height: u32) -> Self {
        Self::of(Shape::Fill(width.max(1), height.max(1)))
    }

    /// A picture of at most `width` pixels with the same ratio.
    pub fn width(width: u32) -> Self {
        Self::of(Shape::Width(width))
    }

    fn of(shape: Shape) -> Self {
        Self {
            shape,
            crop: None,
            focus: Focus::default(),
        }
    }

    /// Selects the part that [`fill`](Self::fill) and [`square`](Self::square) show.
    pub fn focus(mut self, focus: Focus) -> Self {
        self.focus = focus;
        self
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
    /// Returns the part of a picture of this size and the size of the output. `None` if the part
    /// has no whole pixel.
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
            Shape::Fill(width, height) => {
                let Focus { x, y, zoom } = self.focus;
                if !(x.is_finite() && y.is_finite() && zoom.is_finite()) {
                    return None;
                }
                let (width, height) = (f64::from(width), f64::from(height));
                let shown_width = part_width.min(part_height * width / height) / zoom.max(1.0);
                let shown_height = (shown_width * height / width).min(part_height);
                if shown_width < 1.0 || shown_height < 1.0 {
                    return None;
                }
                left += ((x * part_width) - shown_width / 2.0).clamp(0.0, part_width - shown_width);
                top +=
                    ((y * part_height) - shown_height / 2.0).clamp(0.0, part_height - shown_height);
                (part_width, part_height) = (shown_width, shown_height);
                // Rounding each side alone keeps a square a square.
                let shrink = (width / shown_width).min(1.0);
                (pixels(shown_width * shrink), pixels(shown_height * shrink))
            }
            Shape::Width(width) => {
                let width = pixels(part_width).min(width.max(1));
                let height = part_height * f64::from(width) / part_width;
                // A width that is rounded up must not enlarge the height.
                (width, pixels(height).min(pixels(part_height)))
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
        let part = Crop {
            x: 0.0,
            y: 0.0,
            width: 0.8152,
            height: 1.0,
        };
        let rounded = Rendition::width(100).crop(part).plan(100, 87).unwrap();
        assert_eq!(rounded.output, (82, 87));
    }

    #[test]
    fn focus_selects_the_part_with_the_ratio_file_1() {
        let part = |x, y, zoom| {
            let focus = Focus { x, y, zoom };
            let plan = Rendition::fill(1600, 800).focus(focus).plan(3200, 2400)?;
            Some((plan.left, plan.top, plan.width, plan.height, plan.output))
        };
        let whole = (0.0, 400.0, 3200.0, 1600.0, (1600, 800));
        assert_eq!(part(0.5, 0.5, 1.0), Some(whole));
        // Less than 1 would show more than the picture.
        assert_eq!(part(0.5, 0.5, 0.1), Some(whole));
        assert_eq!(
            part(0.0, 1.0, 4.0),
            Some((0.0, 2000.0, 800.0, 400.0, (800, 400)))
        );
        assert_eq!(part(0.5, 0.5, 1e9), None);
        assert_eq!(part(f64::NAN, 0.5, 1.0), None);
    }

    proptest! {
        #[test]
        fn every_crop_stays_inside_of_the_picture_file_1(
            crop in proptest::array::uniform4(-2.0_f64..3.0),
            focus in proptest::array::uniform3(-1.0_f64..4.0),
            width in 1_u32..9_000, height in 1_u32..9_000, side in 0_u32..2_000, is_filled: bool,
        ) {
            let [x, y, w, h] = crop;
            let rendition = if is_filled { Rendition::fill(side, side / 2) } else { Rendition::width(side) };
            let rendition = rendition.focus(Focus { x: focus[0], y: focus[1], zoom: focus[2] });
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
