//! The shapes of letters and digits, as polylines on a grid of 5 × 7 points.

/// A point of the grid: x of 0–4, y of 0–6, downwards.
pub(super) type Point = (f32, f32);

/// The width of a shape in units of the grid.
pub(super) const WIDTH: f32 = 4.0;
/// The height of a shape in units of the grid.
pub(super) const HEIGHT: f32 = 6.0;

/// Returns the polylines of a character. Each point has two digits, `;` separates polylines.
const fn text(character: char) -> &'static str {
    match character {
        '2' => "01 10 30 41 42 06 46",
        '3' => "01 10 30 41 42 33 13;33 44 45 36 16 05",
        '4' => "36 30 04 44",
        '5' => "40 00 02 32 43 45 36 06",
        '6' => "40 20 02 05 16 36 45 44 33 03",
        '7' => "00 40 16",
        '8' => "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
        '9' => "43 13 02 01 10 30 41 44 26 06",
        'a' => "06 20 46;14 34",
        'b' => "06 00 30 41 42 33 03;33 44 45 36 06",
        'c' => "41 30 10 01 05 16 36 45",
        'd' => "06 00 20 42 44 26 06",
        'e' => "40 00 06 46;03 33",
        'f' => "40 00 06;03 33",
        'g' => "41 30 10 01 05 16 36 45 43 23",
        'h' => "00 06;40 46;03 43",
        'j' => "40 45 36 16 05",
        'k' => "00 06;40 03 46",
        'm' => "06 00 23 40 46",
        'n' => "06 00 46 40",
        'p' => "06 00 30 41 42 33 03",
        'q' => "10 30 41 45 36 16 05 01 10;34 46",
        'r' => "06 00 30 41 42 33 03;23 46",
        's' => "41 30 10 01 02 13 33 44 45 36 16 05",
        't' => "00 40;20 26",
        'u' => "00 05 16 36 45 40",
        'v' => "00 26 40",
        'w' => "00 16 23 36 40",
        'x' => "00 46;40 06",
        'y' => "00 23 40;23 26",
        'z' => "00 40 06 46",
        _ => "",
    }
}

/// Returns the polylines of a character. Empty for a character without a shape.
pub(super) fn polylines(character: char) -> Vec<Vec<Point>> {
    text(character)
        .split(';')
        .map(|line| line.split(' ').filter_map(point).collect())
        .filter(|line: &Vec<Point>| !line.is_empty())
        .collect()
}

fn point(text: &str) -> Option<Point> {
    let mut digits = text
        .bytes()
        .map(|digit| f32::from(digit.wrapping_sub(b'0')));
    Some((digits.next()?, digits.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_of_codes_has_its_own_shape_auth_2() {
        let shapes: Vec<_> = "23456789abcdefghjkmnpqrstuvwxyz"
            .chars()
            .map(polylines)
            .collect();
        for (index, shape) in shapes.iter().enumerate() {
            assert!(!shape.is_empty());
            assert!(shape.iter().all(|line| line.len() > 1), "{shape:?}");
            assert!(!shapes[index + 1..].contains(shape), "{shape:?}");
            let mut points = shape.iter().flatten();
            assert!(
                points.all(|(x, y)| *x <= WIDTH && *y <= HEIGHT),
                "{shape:?}"
            );
        }
        assert!(polylines('0').is_empty());
    }
}
