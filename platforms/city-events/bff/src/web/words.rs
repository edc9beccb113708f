//! Words of pages.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::address::Address;
use crate::moment;

/// Kinds of events that pages offer. Others may be written; these are found by one touch.
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

/// A moment, for people and for scripts, which put it into the reader's own time.
pub(super) fn time(moment: Option<DateTime<Utc>>, style: &str) -> Markup {
    let Some(moment) = moment else {
        return html! { span { "at a time to be told" } };
    };
    let shown = moment.format("%a %-d %b %Y, %H:%M UTC").to_string();
    html! { time datetime=(moment::text(moment)) data-local=(style) { (shown) } }
}

/// How many take part.
pub(super) fn places(active: i32, capacity: i32) -> String {
    match capacity {
        ..=-1 => "Closed".to_owned(),
        0 if active == 1 => "1 going".to_owned(),
        0 => format!("{active} going"),
        _ if active >= capacity => "Full · waitlist open".to_owned(),
        _ if capacity - active == 1 => "1 place left".to_owned(),
        _ if capacity - active <= 5 => format!("{} places left", capacity - active),
        _ => format!("{active} of {capacity} going"),
    }
}

/// A paragraph of the page that says how things are.
pub(super) fn notice(kind: &str, title: &str, text: &str) -> Markup {
    html! {
        div.notice data-kind=(kind) role="status" {
            strong { (title) }
            p { (text) }
        }
    }
}

/// Returns the login page, which leads to a page of this site after the login.
pub(super) fn login_then(next: &'static str) -> Address {
    Address::new("/login").query(&[("next", next)])
}

/// What stands where there is nothing.
pub(super) fn nothing(title: &str, text: &str, link: Option<(Address, &str)>) -> Markup {
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
    fn places_are_told_as_people_would() {
        for (active, capacity, said) in [
            (1, 0, "1 going"),
            (7, 0, "7 going"),
            (3, 20, "3 of 20 going"),
            (18, 20, "2 places left"),
            (19, 20, "1 place left"),
            (20, 20, "Full · waitlist open"),
            (0, -1, "Closed"),
        ] {
            assert_eq!(places(active, capacity), said);
        }
    }
}
