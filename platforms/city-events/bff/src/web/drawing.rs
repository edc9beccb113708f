//! SVG drawings for events without pictures. The event ID determines the drawing.

use maud::{Markup, PreEscaped, html};

/// Gradients (start, end, highlight) with enough contrast for white lines.
const GRADIENTS: [(&str, &str, &str); 10] = [
    ("#5b3df5", "#b14bf4", "#ff7eb6"),
    ("#0b7fab", "#22c1a4", "#b6f09c"),
    ("#e2366f", "#ff7a45", "#ffd166"),
    ("#1d3fbb", "#3f8efc", "#8be9fd"),
    ("#0f6b4f", "#2fae66", "#d3f36b"),
    ("#7a1fa2", "#e0457b", "#ffb26b"),
    ("#b23a0e", "#ef8b2c", "#ffe08a"),
    ("#12355b", "#4a5fc1", "#d39bff"),
    ("#a3123f", "#d6336c", "#ffa8a8"),
    ("#115e67", "#3b8ea5", "#f5ee9e"),
];

/// Returns the SVG path of a category, in a square of 24 units.
fn glyph(category: &str) -> &'static str {
    match category.to_ascii_lowercase().as_str() {
        "music" => {
            "M9 18V5l11-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0Zm11-2a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z"
        }
        "tech" => "M8 7 3 12l5 5M16 7l5 5-5 5M14 4l-4 16",
        "food" => "M5 3v7a2 2 0 0 0 4 0V3M7 12v9M17 3c-2 1-3 4-3 7 0 2 1 3 3 3V3Zm0 10v8",
        "sports" => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-6.5 3c4 3 4 9 0 12m13-12c-4 3-4 9 0 12",
        "art" => {
            "M12 3a9 9 0 1 0 1 18c2 0 1-2 1-3 0-2 2-2 3-2h2c1 0 2-1 2-3 0-6-4-10-9-10ZM8 11h.01M11 7h.01M16 8h.01"
        }
        "outdoors" => "M3 20 9 7l4 8 2-4 6 9H3Zm14-14h.01",
        "community" => {
            "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm8 0a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 19c0-3 3-5 6-5s6 2 6 5M15 14c4 0 7 2 7 5"
        }
        "learning" => "M3 8l9-4 9 4-9 4-9-4Zm4 2v5c3 3 7 3 10 0v-5M21 8v6",
        _ => "M12 3l2.6 5.6 6.1.7-4.5 4.2 1.2 6.1L12 16.5 6.6 19.6l1.2-6.1L3.3 9.3l6.1-.7L12 3Z",
    }
}

/// Returns the drawing of an event.
pub(super) fn drawing(id: &str, category: &str) -> Markup {
    let seed = id.bytes().fold(17_u32, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    });
    let pick = |rotation: u32, bound: u32| seed.rotate_left(rotation) % bound;
    let index = usize::try_from(pick(3, 10)).unwrap_or_default();
    let (from, to, light) = GRADIENTS
        .get(index)
        .copied()
        .unwrap_or(("#5b3df5", "#b14bf4", "#ff7eb6"));
    let name = format!("g{seed:x}");
    let path = glyph(category);
    let circles: String = (0..3)
        .map(|circle| {
            let (x, y) = (pick(circle * 5 + 1, 640), pick(circle * 7 + 2, 360));
            let radius = 70 + pick(circle * 3 + 4, 150);
            format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{light}\" opacity=\"0.{}\"/>",
                16 + circle * 7
            )
        })
        .collect();
    // This text has only numbers and constants, and no text of users.
    let inner = format!(
        "<defs><linearGradient id=\"{name}\" x1=\"0\" y1=\"0\" x2=\"1\" y2=\"1\"><stop offset=\"0\" stop-color=\"{from}\"/><stop offset=\"1\" stop-color=\"{to}\"/></linearGradient></defs>\
         <rect width=\"640\" height=\"360\" fill=\"url(#{name})\"/>{circles}\
         <g transform=\"translate({} {}) scale({})\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.35\" stroke-linecap=\"round\" stroke-linejoin=\"round\" opacity=\"0.92\"><path d=\"{path}\"/></g>",
        236, 96, 7
    );
    html! {
        svg.art viewBox="0 0 640 360" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false" { (PreEscaped(inner)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_depends_on_id_and_has_no_user_text_sec_4() {
        let first = drawing("a-1", "<script>").into_string();
        assert_eq!(first, drawing("a-1", "<script>").into_string());
        assert_ne!(first, drawing("a-2", "<script>").into_string());
        assert!(!first.contains("script"));
    }
}
