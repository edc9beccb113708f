//! Response bodies and snapshots.

use serde_json::{Value, json};

use crate::store::Trainer;

/// The fields of the profile or the application that not everyone may read.
const MEMBERS: [&str; 7] = [
    "fullName",
    "bio",
    "yearsOfExperience",
    "languages",
    "certifications",
    "courses",
    "approvalStatus",
];

/// Returns the fields that everyone may read.
pub(super) fn card(trainer: &Trainer) -> Value {
    json!({
        "id": trainer.id,
        "name": trainer.member("fullName"),
        "photo": trainer.member("photoUrl"),
        "rating": trainer.rating,
        "specialties": trainer.member("specialties"),
        "city": trainer.member("city"),
    })
}

/// Returns the fields that the trainer and admins may read.
pub(super) fn profile(trainer: &Trainer) -> Value {
    let mut profile = card(trainer);
    let members = MEMBERS.map(|name| (name, json!(trainer.member(name))));
    let derived = [
        ("ratingCount", json!(trainer.rating_count)),
        ("availability", availability(trainer)),
        ("location", location(trainer)),
    ];
    if let Some(profile) = profile.as_object_mut() {
        let more = members.into_iter().chain(derived);
        profile.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    profile
}

pub(super) fn availability(trainer: &Trainer) -> Value {
    json!({
        "slots": trainer.slots,
        "availableDays": trainer.days,
        "acceptsOnline": trainer.accepts_online,
        "maxPerDay": trainer.max_per_day,
    })
}

/// Returns the place: the confirmed one, or that of the application.
pub(super) fn location(trainer: &Trainer) -> Value {
    if let Some((latitude, longitude)) = trainer.confirmed {
        return json!({
            "locationStatus": "confirmed",
            "latitude": latitude,
            "longitude": longitude,
            "accuracy": trainer.accuracy,
            "confirmedAt": trainer.confirmed_at,
        });
    }
    let stated = trainer
        .account
        .get("location")
        .filter(|place| place.is_object());
    json!({
        "locationStatus": if stated.is_some() { "known" } else { "missing" },
        "latitude": stated.and_then(|place| place.get("latitude")),
        "longitude": stated.and_then(|place| place.get("longitude")),
    })
}

/// Returns the fields of the message about a changed trainer. It has none of the account.
pub(crate) fn snapshot(trainer: &Trainer) -> Value {
    json!({
        "fullName": trainer.member("fullName"),
        "photoUrl": trainer.member("photoUrl"),
        "specialties": trainer.member("specialties"),
        "yearsOfExperience": trainer.member("yearsOfExperience"),
        "rating": trainer.rating,
        "weekly": availability(trainer),
        "baseLocation": location(trainer),
    })
}
