use maud::{Markup, html};

use super::{
    Pages,
    address::{Address, stored_id},
    components, drawing,
};
use crate::responses::Card;

/// Returns the picture of an event, or a drawing if it has none.
pub(super) fn picture(
    pages: &Pages,
    id: &str,
    category: &str,
    cover: Option<&str>,
    size: u16,
) -> Markup {
    match cover.and_then(|cover| pages.pictures.cover(cover, size)) {
        Some(address) => html! { img.art loading="lazy" alt="" src=(address); },
        None => drawing::drawing(id, category),
    }
}

/// Returns a grid of event cards.
pub(super) fn grid(pages: &Pages, cards: &[Card]) -> Markup {
    html! {
        ul.cards role="list" {
            @for event in cards { li { (card(pages, event)) } }
        }
    }
}

/// The title of an event, as a link if its ID is a UUID.
pub(super) fn event_link(id: &str, title: &str) -> Markup {
    html! {
        @match stored_id(id) {
            Some(id) => a href=(Address::event(id)) { (title) },
            None => (title),
        }
    }
}

fn card(pages: &Pages, event: &Card) -> Markup {
    let seats = components::seats_label(event.active_participants, event.capacity);
    let is_full = event.capacity > 0 && event.active_participants >= event.capacity;
    let is_almost_full =
        pages
            .features
            .marks_almost_full(&event.id, event.active_participants, event.capacity);
    html! {
        article.card {
            div.card-art {
                (picture(pages, &event.id, &event.category, event.cover_image.as_deref(), 800))
                span.chip { (event.category) }
                @match event.participation {
                    Some("active") => span.chip.state data-state="in" { "You're in" },
                    Some("waitlisted") => span.chip.state data-state="wait" { "Waitlisted" },
                    Some("canceled") => span.chip.state { "You left" },
                    Some("rejected") => span.chip.state { "Removed" },
                    Some("expired") => span.chip.state { "Canceled" },
                    _ if event.status == "draft" => span.chip.state { "Draft" },
                    _ if event.status == "canceled" => span.chip.state data-state="off" { "Canceled" },
                    _ if is_almost_full => span.chip.state data-state="wait" { "Almost full" },
                    _ => {},
                }
            }
            div.card-body {
                p.when { (components::time(event.starts_at, "card")) }
                h3 { (event_link(&event.id, &event.title)) }
                p.where {
                    span { (event.city) }
                    span.places data-full[is_full] { (seats) }
                }
            }
        }
    }
}
