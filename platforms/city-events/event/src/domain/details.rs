use std::collections::BTreeSet;

use city_events_contract::Moment;

use super::EventError;

const LONGEST_TITLE: usize = 120;
const LONGEST_DESCRIPTION: usize = 4_000;
const LONGEST_CITY: usize = 80;
const LONGEST_CATEGORY: usize = 80;
const MOST_COVERS: usize = 2;
/// What an id of a picture may have; others are no longer than a UUID.
const LONGEST_COVER: usize = 255;

/// What an event is about, within the contract's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) city: String,
    pub(crate) category: String,
    pub(crate) start_time: Moment,
    pub(crate) end_time: Moment,
    /// 0 for as many as want.
    pub(crate) capacity: i32,
    pub(crate) covers: Vec<String>,
}

/// What is to be changed; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) start_time: Option<Moment>,
    pub(crate) end_time: Option<Moment>,
    pub(crate) capacity: Option<i32>,
    pub(crate) covers: Option<Vec<String>>,
}

impl Details {
    /// The same, trimmed, if all of it is within the limits.
    ///
    /// # Errors
    /// The first thing that is not.
    pub(crate) fn checked(self) -> Result<Self, EventError> {
        let checked = Self {
            title: text("title", &self.title, LONGEST_TITLE)?,
            description: text("description", &self.description, LONGEST_DESCRIPTION)?,
            city: text("city", &self.city, LONGEST_CITY)?,
            category: text("category", &self.category, LONGEST_CATEGORY)?,
            ..self
        };
        if checked.end_time <= checked.start_time {
            return Err(EventError::invalid(
                "end_time",
                "end_time must be after start_time",
            ));
        }
        if checked.capacity < 0 {
            return Err(EventError::invalid("capacity", "capacity must be >= 0"));
        }
        if checked.covers.len() > MOST_COVERS {
            let message = "at most 2 cover images";
            return Err(EventError::invalid("cover_image_ids", message));
        }
        let mut seen = BTreeSet::new();
        for cover in &checked.covers {
            if cover.chars().count() > LONGEST_COVER || cover.contains('\0') || !seen.insert(cover)
            {
                let message = "a cover image has no valid id, or stands there twice";
                return Err(EventError::invalid("cover_image_ids", message));
            }
        }
        Ok(checked)
    }

    /// The same with what is to be changed.
    ///
    /// # Errors
    /// What comes of it is beyond a limit.
    pub(crate) fn patched(&self, patch: Patch) -> Result<Self, EventError> {
        let old = self.clone();
        Self {
            title: patch.title.unwrap_or(old.title),
            description: patch.description.unwrap_or(old.description),
            city: patch.city.unwrap_or(old.city),
            category: patch.category.unwrap_or(old.category),
            start_time: patch.start_time.unwrap_or(old.start_time),
            end_time: patch.end_time.unwrap_or(old.end_time),
            capacity: patch.capacity.unwrap_or(old.capacity),
            covers: patch.covers.unwrap_or(old.covers),
        }
        .checked()
    }

    /// The city as it is looked for.
    pub(crate) fn city_norm(&self) -> String {
        self.city.trim().to_lowercase()
    }
}

/// Characters are counted, not bytes: a title in Greek is no longer than one in English.
fn text(field: &'static str, text: &str, longest: usize) -> Result<String, EventError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > longest || text.contains('\0') {
        let message = format!("{field} must have 1 to {longest} characters");
        return Err(EventError::Invalid {
            field,
            message: message.into(),
        });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Details {
        Details {
            title: " Rust in the harbour ".to_owned(),
            description: "Bring a boat".to_owned(),
            city: "Hamburg".to_owned(),
            category: "tech".to_owned(),
            start_time: "2026-03-01T18:00:00Z".parse().unwrap(),
            end_time: "2026-03-01T20:00:00Z".parse().unwrap(),
            capacity: 0,
            covers: vec![],
        }
    }

    fn refused(change: impl FnOnce(&mut Details)) -> Option<&'static str> {
        let mut changed = details();
        change(&mut changed);
        match changed.checked() {
            Ok(_) => None,
            Err(EventError::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn limits_count_characters_after_trimming() {
        assert_eq!(details().checked().unwrap().title, "Rust in the harbour");
        assert_eq!(refused(|d| d.title = "é".repeat(120)), None);
        assert_eq!(refused(|d| d.title = "é".repeat(121)), Some("title"));
        assert_eq!(refused(|d| d.title = "  ".to_owned()), Some("title"));
        assert_eq!(refused(|d| d.description = "x".repeat(4_000)), None);
        assert_eq!(
            refused(|d| d.description = "x".repeat(4_001)),
            Some("description")
        );
        assert_eq!(refused(|d| d.city = "x".repeat(81)), Some("city"));
        assert_eq!(refused(|d| d.category = String::new()), Some("category"));
    }

    #[test]
    fn an_end_comes_after_a_start_and_a_capacity_is_not_negative() {
        assert_eq!(refused(|d| d.end_time = d.start_time), Some("end_time"));
        assert_eq!(refused(|d| d.capacity = -1), Some("capacity"));
        let covers = |number: usize| (0..number).map(|id| id.to_string()).collect();
        assert_eq!(refused(|d| d.covers = covers(2)), None);
        assert_eq!(refused(|d| d.covers = covers(3)), Some("cover_image_ids"));
    }

    #[test]
    fn a_patch_changes_what_it_gives_and_what_comes_of_it_is_checked() {
        let patch = Patch {
            end_time: Some("2026-03-01T17:00:00Z".parse().unwrap()),
            ..Patch::default()
        };
        assert!(details().patched(patch.clone()).is_err());
        let earlier = Patch {
            start_time: Some("2026-03-01T16:00:00Z".parse().unwrap()),
            ..patch
        };
        let patched = details().patched(earlier).unwrap();
        assert_eq!(patched.city, "Hamburg");
        assert_eq!(patched.end_time.to_string(), "2026-03-01T17:00:00Z");
    }
}
