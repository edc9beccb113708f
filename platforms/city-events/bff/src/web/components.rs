//! Parts that several pages use.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use url::Url;

use super::address::Address;
use crate::timestamp;

/// Categories that pages suggest. Events may have others.
pub(super) const CATEGORIES: [&str; 8] = [
    "Music",
    "Tech",
    "Food",
    "Sports",
    "Art",
    "Outdoors",
    "Community",
    "Learning",
];

/// The media types of pictures that users may upload.
pub(super) const PICTURE_TYPES: &str = "image/jpeg,image/png,image/webp";
/// The limits of pictures, for users.
pub(super) const PICTURE_HINT: &str = "JPEG, PNG or WebP, at most 10 MB.";

/// Returns a time in UTC. The script converts it to the user's time zone.
pub(super) fn time(time: Option<DateTime<Utc>>, style: &str) -> Markup {
    let Some(time) = time else {
        return html! { span { "Time to be announced" } };
    };
    let shown = time.format("%a %-d %b %Y, %H:%M UTC").to_string();
    html! { time datetime=(timestamp::to_text(time)) data-local=(style) { (shown) } }
}

/// Returns a field that uploads a cropped picture. Its hidden input has the ID of the upload.
pub(super) fn picture_field(
    purpose: &str,
    label: &str,
    shown: Option<&Url>,
    id: Option<&str>,
) -> Markup {
    let name = match purpose {
        "avatar" => "avatar_url",
        _ => "cover_image_ids",
    };
    html! {
        fieldset.picture data-picture=(purpose) {
            legend { (label) }
            input type="hidden" name=(name) value=(id.unwrap_or_default());
            @if let Some(shown) = shown { img.picture-shown alt="" src=(shown); }
            @else { img.picture-shown alt="" hidden; }
            canvas.picture-crop hidden tabindex="0" aria-label="Drag, or use the arrow keys, to choose the part" {}
            label.picture-zoom hidden { span { "Zoom" } input type="range" min="1" max="4" step="0.01" value="1" data-zoom; }
            label { span { "File" } input type="file" accept=(PICTURE_TYPES) data-file; }
            small { (PICTURE_HINT) }
            p.hint role="status" data-progress {}
            @if id.is_some() { button.button.quiet.small type="button" data-remove-picture { "Remove the picture" } }
        }
    }
}

/// Returns a label with the number of participants or free seats.
pub(super) fn seats_label(active: i32, capacity: i32) -> String {
    match capacity {
        ..=-1 => "Closed".to_owned(),
        0 if active == 1 => "1 going".to_owned(),
        0 => format!("{active} going"),
        _ if active >= capacity => "Full · waitlist open".to_owned(),
        _ if capacity - active == 1 => "1 seat left".to_owned(),
        _ if capacity - active <= 5 => format!("{} seats left", capacity - active),
        _ => format!("{active} of {capacity} going"),
    }
}

/// Returns a highlighted message. `kind` is `calm` or `warn`.
pub(super) fn notice(kind: &str, title: &str, text: &str) -> Markup {
    html! {
        div.notice data-kind=(kind) role="status" {
            strong { (title) }
            p { (text) }
        }
    }
}

/// Returns the login page, which opens a page of this site after the login.
pub(super) fn login_then(next: &'static str) -> Address {
    Address::new("/login").query(&[("next", next)])
}

/// Returns a message in place of missing content, with an optional link.
pub(super) fn empty_state(title: &str, text: &str, link: Option<(Address, &str)>) -> Markup {
    html! {
        div.empty {
            div.empty-mark aria-hidden="true" {}
            h2 { (title) }
            p { (text) }
            @if let Some((address, label)) = link {
                a.button href=(address) { (label) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_participants_and_free_places() {
        for (active, capacity, label) in [
            (1, 0, "1 going"),
            (7, 0, "7 going"),
            (3, 20, "3 of 20 going"),
            (18, 20, "2 seats left"),
            (19, 20, "1 seat left"),
            (20, 20, "Full · waitlist open"),
            (0, -1, "Closed"),
        ] {
            assert_eq!(seats_label(active, capacity), label);
        }
    }
}
