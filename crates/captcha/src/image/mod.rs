//! Draws a distorted image. Each character is rotated, sheared, scaled and moved at random. Waves
//! bend the whole image, and lines cross it.

mod png;
mod strokes;

use std::{f32::consts::TAU, io};

use rand::{Rng, RngExt as _};

use strokes::{HEIGHT as SHAPE_HEIGHT, Point, WIDTH as SHAPE_WIDTH, polylines};

const WIDTH: u16 = 240;
const HEIGHT: u16 = 60;
/// The margin for the waves at both ends, in pixels.
const MARGIN: f32 = 15.0;
/// Number of lines across the image.
const LINES: usize = 4;
/// The pixels between two points of such a line.
const LINE_STEP: u16 = 30;
/// The gray of the background, bright enough for dark strokes. White is 255.
const PAPER: f32 = 235.0;
/// The share of pixels with a random gray.
const NOISE: f64 = 0.04;

/// A line with a thickness, in pixels of the image before the waves.
struct Stroke {
    from: Point,
    to: Point,
    radius: f32,
    gray: f32,
}

/// Two waves that bend the image: amplitude, frequency and phase. The wave `x` moves points
/// horizontally by their y, and the wave `y` moves them vertically by their x.
struct Waves {
    x: (f32, f32, f32),
    y: (f32, f32, f32),
}

/// Draws a code as a PNG image of 240 × 60 pixels.
///
/// # Errors
/// The image cannot be encoded.
pub(crate) fn png(code: &str) -> io::Result<Vec<u8>> {
    let pixels = draw(code, &mut rand::rng());
    png::encode(WIDTH.into(), HEIGHT.into(), &pixels)
}

fn draw(code: &str, random: &mut impl Rng) -> Vec<u8> {
    let mut strokes = Vec::new();
    let count = u8::try_from(code.len()).unwrap_or(u8::MAX).max(1);
    let step = (f32::from(WIDTH) - 2.0 * MARGIN) / f32::from(count);
    let mut middle = MARGIN + step / 2.0;
    for character in code.chars() {
        strokes.extend(letter(character, middle, random));
        middle += step;
    }
    for _ in 0..LINES {
        strokes.extend(line(random));
    }
    let waves = Waves::random(random);
    let mut pixels = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let point = waves.source((f32::from(x), f32::from(y)));
            let gray = if random.random_bool(NOISE) {
                random.random_range(60.0..PAPER)
            } else {
                shade(&strokes, point) + random.random_range(-12.0..12.0)
            };
            // A conversion of floats to integers saturates.
            pixels.push(gray as u8);
        }
    }
    pixels
}

/// Returns the strokes of one character around its middle.
fn letter(character: char, middle: f32, random: &mut impl Rng) -> Vec<Stroke> {
    let angle: f32 = random.random_range(-0.35..0.35);
    let shear: f32 = random.random_range(-0.3..0.3);
    let scale: (f32, f32) = (random.random_range(4.6..6.4), random.random_range(5.0..6.6));
    let centre = (
        middle + random.random_range(-3.0..3.0),
        f32::from(HEIGHT) / 2.0 + random.random_range(-4.0..4.0),
    );
    let radius = random.random_range(1.0..1.9);
    let gray = random.random_range(20.0..90.0);
    let place = |(x, y): Point| {
        let y = (y - SHAPE_HEIGHT / 2.0) * scale.1;
        let x = (x - SHAPE_WIDTH / 2.0) * scale.0 + shear * y;
        let (sin, cos) = angle.sin_cos();
        (centre.0 + x * cos - y * sin, centre.1 + x * sin + y * cos)
    };
    let lines = polylines(character).into_iter();
    lines
        .flat_map(|line| {
            let line: Vec<Point> = line.into_iter().map(place).collect();
            strokes(&line, radius, gray)
        })
        .collect()
}

/// Returns a line across the image.
fn line(random: &mut impl Rng) -> Vec<Stroke> {
    let gray = random.random_range(60.0..150.0);
    let radius = random.random_range(0.5..1.1);
    let height = f32::from(HEIGHT);
    let mut y: f32 = random.random_range(8.0..height - 8.0);
    let points: Vec<Point> = (0..=WIDTH)
        .step_by(LINE_STEP.into())
        .map(|x| {
            y = (y + random.random_range(-9.0..9.0)).clamp(2.0, height - 2.0);
            (f32::from(x), y)
        })
        .collect();
    strokes(&points, radius, gray)
}

fn strokes(points: &[Point], radius: f32, gray: f32) -> Vec<Stroke> {
    let pairs = points.iter().zip(points.iter().skip(1));
    pairs
        .map(|(from, to)| Stroke {
            from: *from,
            to: *to,
            radius,
            gray,
        })
        .collect()
}

/// Returns the gray at a point: that of the darkest stroke over it, with a soft edge.
fn shade(strokes: &[Stroke], point: Point) -> f32 {
    strokes.iter().fold(PAPER, |gray, stroke| {
        let cover = (stroke.radius + 0.5 - stroke.distance(point)).clamp(0.0, 1.0);
        gray.min(PAPER + (stroke.gray - PAPER) * cover)
    })
}

impl Stroke {
    /// Returns the distance of a point from the line.
    fn distance(&self, (x, y): Point) -> f32 {
        let ((x0, y0), (x1, y1)) = (self.from, self.to);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = (dx * dx + dy * dy).max(f32::EPSILON);
        let along = (((x - x0) * dx + (y - y0) * dy) / length).clamp(0.0, 1.0);
        (x - x0 - along * dx).hypot(y - y0 - along * dy)
    }
}

impl Waves {
    fn random(random: &mut impl Rng) -> Self {
        let mut wave = |amplitude: (f32, f32), length: (f32, f32)| {
            (
                random.random_range(amplitude.0..amplitude.1),
                TAU / random.random_range(length.0..length.1),
                random.random_range(0.0..TAU),
            )
        };
        Self {
            x: wave((2.0, 4.0), (35.0, 60.0)),
            y: wave((3.0, 5.5), (70.0, 120.0)),
        }
    }

    /// Returns the point that is shown at a pixel.
    fn source(&self, (x, y): Point) -> Point {
        let bend = |(amplitude, frequency, phase): (f32, f32, f32), at: f32| {
            amplitude * (at * frequency + phase).sin()
        };
        (x + bend(self.x, y), y + bend(self.y, x))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;

    use super::*;

    #[test]
    fn image_is_a_png_of_the_documented_size_auth_2() {
        let image = png("a7k3xz").unwrap();
        assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
        let size = [240_u32.to_be_bytes(), 60_u32.to_be_bytes()].concat();
        assert_eq!(&image[16..24], size);
        let length = u32::from_be_bytes(image[33..37].try_into().unwrap()) as usize;
        assert_eq!(&image[37..41], b"IDAT");
        let mut rows = Vec::new();
        ZlibDecoder::new(&image[41..41 + length])
            .read_to_end(&mut rows)
            .unwrap();
        assert_eq!(rows.len(), 241 * 60);
        assert!(image.ends_with(b"IEND\xae\x42\x60\x82"));
    }

    #[test]
    fn two_images_of_one_code_differ_widely_auth_2() {
        let mut random = rand::rng();
        let (first, second) = (draw("h7kx3p", &mut random), draw("h7kx3p", &mut random));
        let dark = |pixels: &[u8]| pixels.iter().map(|gray| *gray < 120).collect::<Vec<_>>();
        let (first, second) = (dark(&first), dark(&second));
        let inked = first.iter().filter(|dark| **dark).count();
        let moved = first.iter().zip(&second).filter(|(a, b)| a != b).count();
        assert!((500..5_000).contains(&inked), "{inked}");
        // Without distortion the dark pixels would be the same ones.
        assert!(moved > inked / 2, "{moved} of {inked}");
    }

    #[test]
    fn each_letter_is_placed_anew_auth_2() {
        let mut random = rand::rng();
        let mut ends = |_| {
            let strokes = letter('h', 50.0, &mut random);
            strokes.iter().map(|stroke| stroke.to).collect::<Vec<_>>()
        };
        let drawn: Vec<_> = (0..20).map(&mut ends).collect();
        let moved = drawn.windows(2).filter(|pair| {
            let points = pair[0].iter().zip(&pair[1]);
            points
                .into_iter()
                .any(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1) > 1.0)
        });
        // Two letters are equal by chance once in thousands of pairs.
        assert!(moved.count() >= 17);
    }

    #[test]
    fn waves_bend_the_whole_image_auth_2() {
        let waves = Waves::random(&mut rand::rng());
        let columns = (0..WIDTH).step_by(usize::from(LINE_STEP));
        let shifts: Vec<f32> = columns
            .map(|x| {
                let shown = (f32::from(x), f32::from(HEIGHT) / 2.0);
                waves.source(shown).1 - shown.1
            })
            .collect();
        let (low, high) = shifts
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), shift| {
                (low.min(*shift), high.max(*shift))
            });
        // The wave is at least three pixels high, and 240 pixels are at least two waves.
        assert!(high - low > 3.0, "{shifts:?}");
    }
}
